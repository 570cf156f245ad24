"""What we write to somebody who may be a stranger: confirm, a reminder, "you are in already".

Whoever typed the address may not be its owner. So nothing that was typed stands in these mails,
not even the name, and each has the link "this was not me, never write to me".
"""

from datetime import datetime
from typing import NamedTuple

from campaign.languages import force_locale, own_languages
from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import Recipient, Value, field_of_mails
from campaign.outbox.kinds import Kind, kind
from campaign.outbox.mail import Content, Mail
from campaign.outbox.placeholders import Placeholders
from campaign.people import mail_links
from campaign.people.models import Person, Purpose
from campaign.people.policy import CONFIRM_WITHIN
from campaign.templating import render_mail

CONFIRMATION = kind("confirmation", _l("please confirm: newsletter"), is_caused_by_strangers=True)
REMINDER = kind("confirmation-reminder", _l("reminder: newsletter"), is_caused_by_strangers=True)
ALREADY = kind("already-subscribed", _l("already subscribed"), is_caused_by_strangers=True)


def confirmation(person: Person, purpose: Purpose) -> Mail:
    """Ask the owner of an address whether they want what was asked for in their name."""
    return _mail(person, purpose, CONFIRMATION, "confirmation")


class Words(NamedTuple):
    """What organisers have a mail say: its subject, and what stands first in both halves."""

    subject: str
    text: str
    html: str


def confirmation_reminder(person: Person, purpose: Purpose, words: Words) -> Mail:
    """Ask once more, three days later, for the last time."""
    return _mail(person, purpose, REMINDER, "reminder", words=words)


def already_subscribed(person: Person, purpose: Purpose) -> Mail:
    """Tell a subscriber that there is nothing to do; strangers see the same page as ever."""
    return _mail(person, purpose, ALREADY, "already")


def _mail(
    person: Person, purpose: Purpose, kind: Kind, template: str, *, words: Words | None = None
) -> Mail:
    language = language_of(person)
    return Mail(
        kind=kind,
        to=person.email,
        person_id=person.id,
        key=(language, words),
        write=lambda field: _write(kind, template, language, field, words),
        fields={"purpose": purpose.value},
    )


def _write(
    kind: Kind, template: str, language: str, field: Placeholders, words: Words | None
) -> Content:
    with force_locale(language):
        text, html = render_mail(
            f"people/mail/{template}",
            confirm_url=mail_links.confirm_url(field("confirm")),
            not_me_url=mail_links.not_me_url(field("never")),
            unsubscribe_url=mail_links.unsubscribe_url(field("leave")),
            days=CONFIRM_WITHIN.days,
            **({"words": words} if words else {}),
        )
        subject = words.subject if words else str(_SUBJECTS[kind])
    return Content(subject=subject, text=text, html=html, language=language)


_SUBJECTS = {
    CONFIRMATION: _l("Please confirm your subscription"),
    ALREADY: _l("You are subscribed already"),
}


@field_of_mails("confirm")
def _confirm(reader: Recipient, now: datetime) -> Value:
    purpose = Purpose(reader.fields["purpose"])
    return Value(mail_links.confirm_token(_person_id(reader), purpose))


@field_of_mails("leave")
def _leave(reader: Recipient, now: datetime) -> Value:
    return Value(
        mail_links.unsubscribe_token(_person_id(reader), Purpose(reader.fields["purpose"]))
    )


@field_of_mails("never")
def _never(reader: Recipient, now: datetime) -> Value:
    return Value(mail_links.not_me_token(_person_id(reader), reader.email))


def _person_id(reader: Recipient) -> int:
    # No row has it.
    return reader.person_id or 0


def language_of(person: Person) -> str:
    """Give the language in which to write to a person: theirs, if the campaign speaks it."""
    offered = own_languages()
    tags = {language.replace("_", "-").lower(): language for language in offered}
    theirs = person.language.replace("_", "-").lower()
    while theirs and theirs not in tags:
        # Who reads Austrian German reads German.
        theirs = theirs.rpartition("-")[0]
    return tags.get(theirs, offered[0])
