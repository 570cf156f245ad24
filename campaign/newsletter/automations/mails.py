"""What automations look like: to many, to one who has just confirmed, to one who has not."""

from datetime import datetime
from functools import lru_cache

from campaign.languages import _, force_locale, own_languages
from campaign.languages import lazy_gettext as _l
from campaign.mailings.fields import GREETING
from campaign.mailings.rendering import (
    as_placeholders,
    kept_whole,
    write,
)
from campaign.newsletter.automations.catalogue import REMINDER, WELCOME, words_in
from campaign.newsletter.automations.models import Automation
from campaign.newsletter.mails import CHOICES, WAY_OUT, list_headers
from campaign.newsletter.policy import BEGINNING_SHOWN
from campaign.outbox.fields import Recipient
from campaign.outbox.filling import fill, filled
from campaign.outbox.kinds import kind
from campaign.outbox.mail import Content, Mail, literally
from campaign.outbox.models import Text
from campaign.outbox.placeholders import Placeholders
from campaign.people import mail_links
from campaign.people.mails import Words, confirmation_reminder, language_of
from campaign.people.models import Person, Purpose
from campaign.templating import absolute, our_campaign, render_mail

WELCOMED = kind("welcome", _l("welcome to the newsletter"))
TEST = kind("automation-test", _l("test of an automation"))


def variants(automation: Automation) -> list[Text]:
    """Write a mail for all its readers at once: a variant for each language, which is its key."""
    return [variant(automation, language) for language in own_languages()]


def variant(automation: Automation, language: str) -> Text:
    """Write a mail in one language, with a merge field where readers differ."""
    words = words_in(automation, language)
    body = write(words.source, absolute=absolute)
    with force_locale(language):
        text, html = render_mail(
            "newsletter/mail/automation",
            subject=kept_whole(words.subject),
            opening=_opening(body.text),
            body_text=kept_whole(body.text),
            body_html=body.html,
            greeting=GREETING,
            has_just_confirmed=automation.key == WELCOME,
            preferences_url=mail_links.preferences_url(CHOICES),
            unsubscribe_url=mail_links.unsubscribe_url(WAY_OUT),
        )
    return Text(
        key=language,
        language=language,
        subject=as_placeholders(words.subject, is_html=False),
        text=as_placeholders(text, is_html=False),
        html=as_placeholders(html, is_html=True),
    )


def _opening(text: str) -> str:
    """Give what a list of mails shows beneath the subject: how the text begins."""
    words = " ".join(text.partition("\n\n")[0].split())
    return "" if "{{" in words else words[:BEGINNING_SHOWN]


def headers(automation: Automation) -> dict[str, str]:
    """Give the headers of a mail to many, with a merge field for each reader's way out."""
    domain = our_campaign().mail_domain
    return {**list_headers(WAY_OUT), "Feedback-ID": f"{automation.key}:newsletter:{domain}"}


def seen_by(automation: Automation, reader: Recipient, *, now: datetime) -> Text:
    """Write a mail as one reader gets it, all fields filled in."""
    if automation.key == REMINDER:
        return _reminder_seen(automation, reader.language, now=now)
    open_ = variant(automation, reader.language)
    with force_locale(reader.language):
        return Text(
            key=open_.key,
            language=open_.language,
            subject=" ".join(fill(open_.subject, reader, now=now).split())[:255],
            text=fill(open_.text, reader, now=now),
            html=fill(open_.html, reader, is_html=True, now=now),
        )


def _reminder_seen(automation: Automation, language: str, *, now: datetime) -> Text:
    # Nobody: the links open pages that say they are of no use any more.
    nobody = Person(id=0, email="nobody@example.org", language=language)
    mail = reminder(nobody, automation)
    placeholders = Placeholders()
    content = placeholders.close(mail.write(placeholders))
    reader = Recipient(0, "", language, "", None, email=nobody.email, fields=mail.fields)
    shown = filled(content, reader, now=now)
    return Text(
        key=language,
        language=language,
        subject=shown.subject,
        text=shown.text,
        html=shown.html,
    )


def welcome(person: Person, automation: Automation) -> Mail:
    """Greet a new subscriber: what comes, how often, and how to leave."""
    language = language_of(person)

    def render(field: Placeholders) -> Content:
        text = variant(automation, language)
        return Content(
            subject=field.keep(text.subject),
            text=field.keep(text.text),
            html=field.keep(text.html),
            headers={name: field.keep(value) for name, value in list_headers(WAY_OUT).items()},
            language=language,
        )

    return Mail(
        kind=WELCOMED,
        to=person.email,
        to_name=person.name,
        person_id=person.id,
        country=person.country,
        city_id=person.city_id,
        key=(language, words_in(automation, language)),
        write=render,
        is_own_act=True,
    )


def reminder(person: Person, automation: Automation) -> Mail:
    """Ask once more whether somebody wants the newsletter, for the last time."""
    words = words_in(automation, language_of(person))
    return confirmation_reminder(
        person,
        Purpose.NEWSLETTER,
        Words(words.subject, *_body(words.source, our_campaign().base_url)),
    )


@lru_cache(maxsize=50)
def _body(source: str, base: str) -> tuple[str, str]:
    body = write(source, absolute=absolute)
    return body.text, body.html


def test_copy(automation: Automation, *, language: str, to: str, now: datetime) -> Mail:
    """Write a copy for the organiser who asks for one, as a reader without a name would get it."""
    seen = seen_by(automation, Recipient(None, "", language, "", None), now=now)
    with force_locale(language):
        subject = _("Test: %(subject)s", subject=seen.subject)[:255]
    content = Content(subject=subject, text=seen.text, html=seen.html)
    return Mail(kind=TEST, to=to, write=literally(content), is_own_act=True)
