"""What we write to somebody who may be a stranger: confirm, a reminder, "you are in already".

Whoever typed the address may not be its owner. So nothing that was typed stands in these mails,
not even the name, and each has the link "this was not me, never write to me".
"""

from typing import Any, NamedTuple

from campaign.languages import _, force_locale, own_languages
from campaign.languages import lazy_gettext as _l
from campaign.outbox.kinds import Kind, kind
from campaign.outbox.mail import Mail
from campaign.people import mail_links
from campaign.people.models import Person, Purpose
from campaign.people.policy import CONFIRM_WITHIN
from campaign.templating import render_mail

CONFIRMATION = kind("confirmation", _l("please confirm: newsletter"), is_caused_by_strangers=True)
REMINDER = kind("confirmation-reminder", _l("reminder: newsletter"), is_caused_by_strangers=True)
ALREADY = kind("already-subscribed", _l("already subscribed"), is_caused_by_strangers=True)


def confirmation(person: Person, purpose: Purpose) -> Mail:
    """Ask the owner of an address whether they want what was asked for in their name."""
    with force_locale(language_of(person)):
        return _mail(
            person, purpose, CONFIRMATION, _("Please confirm your subscription"), "confirmation"
        )


class Words(NamedTuple):
    """What organisers have a mail say: its subject, and what stands first in both halves."""

    subject: str
    text: str
    html: str


def confirmation_reminder(person: Person, purpose: Purpose, words: Words) -> Mail:
    """Ask once more, three days later, for the last time."""
    with force_locale(language_of(person)):
        return _mail(person, purpose, REMINDER, words.subject, "reminder", words=words)


def already_subscribed(person: Person, purpose: Purpose) -> Mail:
    """Tell a subscriber that there is nothing to do; strangers see the same page as ever."""
    with force_locale(language_of(person)):
        return _mail(person, purpose, ALREADY, _("You are subscribed already"), "already")


def _mail(
    person: Person, purpose: Purpose, kind: Kind, subject: str, template: str, **more: Any
) -> Mail:
    token = mail_links.unsubscribe_token(person.id, purpose)
    text, html = render_mail(
        f"people/mail/{template}",
        confirm_url=mail_links.confirm_url(person, purpose),
        not_me_url=mail_links.not_me_url(person),
        unsubscribe_url=mail_links.unsubscribe_url(token),
        days=CONFIRM_WITHIN.days,
        **more,
    )
    return Mail(
        kind=kind, to=person.email, subject=subject, text=text, html=html, person_id=person.id
    )


def language_of(person: Person) -> str:
    """Give the language in which to write to a person: theirs, if the campaign speaks it."""
    offered = own_languages()
    tags = {language.replace("_", "-").lower(): language for language in offered}
    theirs = person.language.replace("_", "-").lower()
    while theirs and theirs not in tags:
        # Who reads Austrian German reads German.
        theirs = theirs.rpartition("-")[0]
    return tags.get(theirs, offered[0])
