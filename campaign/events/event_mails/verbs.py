"""Verbs of mails to those who come: write, change, delete, test; and note that one goes out."""

from datetime import datetime

from campaign.db import db
from campaign.events.event_mails import mails
from campaign.events.event_mails.models import CONTENT, EventMail
from campaign.events.models import Event
from campaign.languages import lazy_gettext as _l
from campaign.mailings.merge_checks import check_words
from campaign.mailings.verbs import delete_of
from campaign.outbox.verbs import queue
from campaign.refusals import Refusal


def write(
    event: Event, *, subject: str, source: str, language: str, by: int | None, now: datetime
) -> EventMail:
    """Begin a mail to those who come to an event. Raises what `check_words` raises."""
    check_words(title="", subject=subject, preview="", source=source)
    mail = EventMail(
        event=event,
        subject=subject,
        source=source,
        language=language,
        written_by_id=by,
        written_at=now,
    )
    db.session.add(mail)
    db.session.flush()
    return mail


class ChangedMeanwhile(Refusal):
    sentence = _l(
        "Somebody else has changed this mail since you opened it. Read what it says now, then do "
        "this again."
    )


class AlreadySent(Refusal):
    sentence = _l("This mail has been sent. What people have got can no longer be changed.")


def change(
    mail: EventMail,
    *,
    version: int,
    subject: str,
    source: str,
    language: str,
    by: int | None,
    now: datetime,
) -> None:
    """Write a mail anew, on top of the `version` that was read.

    Raises `AlreadySent`, `ChangedMeanwhile`, and what `check_words` raises.
    """
    _lock_draft(mail)
    _check_version(mail, version)
    check_words(title="", subject=subject, preview="", source=source)
    mail.subject, mail.source, mail.language = subject, source, language
    mail.written_by_id, mail.written_at = by, now
    mail.version += 1


def delete(mail: EventMail) -> None:
    """Delete a mail that was never sent, with what was planned for it. Raises `AlreadySent`."""
    _lock_draft(mail)
    delete_of(CONTENT, mail.id)
    db.session.delete(mail)


def _lock_draft(mail: EventMail) -> None:
    db.session.refresh(mail, with_for_update=True)
    if mail.sent_at is not None:
        raise AlreadySent


def _check_version(mail: EventMail, version: int) -> None:
    if mail.version != version:
        raise ChangedMeanwhile


class BracesInEvent(Refusal):
    sentence = _l(
        "Two braces stand in the title or the location of the event, and in a mail they would be "
        "read as a merge field. Write these in another way, then send this."
    )


def check_may_be_sent(mail: EventMail, *, version: int) -> None:
    """Refuse a mail that may not go out as it was seen in a `version`.

    Raises `ChangedMeanwhile`, `BracesInEvent`, and what `check_words` raises.
    """
    _check_version(mail, version)
    # The mail says these too, and what they name is no field, or one nobody meant.
    if "{{" in mail.event.title + mail.event.location:
        raise BracesInEvent
    check_words(title="", subject=mail.subject, preview="", source=mail.source)


def go_out(mail: EventMail, *, now: datetime) -> None:
    """Note that a mail goes to those who come."""
    mail.sent_at = mail.sent_at or now


def send_test(mail: EventMail, *, to: str, now: datetime) -> None:
    """Send a copy to the organiser who writes it, as one who comes would get it."""
    queue(mails.test(mail, to=to, now=now), now=now)
