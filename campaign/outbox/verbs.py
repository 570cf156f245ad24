"""Verbs of the outbox: queue, pause, resume and stop, retry, withhold, and erase what is old."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, literal, or_, select, update

from campaign import jobs
from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.outbox.kinds import Kind
from campaign.outbox.mail import AUTOMATIC, Mail
from campaign.outbox.mail_headers import one_address, safe_header
from campaign.outbox.mail_texts import verbs as mail_texts_verbs
from campaign.outbox.mailboxes import mailbox_hash
from campaign.outbox.models import (
    Batch,
    Message,
    State,
    Text,
    address_hash,
)
from campaign.outbox.policy import FINISHED_KEPT, SENT_AGAIN_WITHIN
from campaign.refusals import Refusal


def queue(mail: Mail, *, now: datetime) -> Message:
    """Put a mail into the outbox, in the transaction of the deed that caused it.

    A worker is woken once that deed is saved. Raises `UnsafeHeader` for a recipient that is not
    exactly one address, and where its text is new, for a line end in the subject.
    """
    one_address(mail.to)
    message = Message(
        kind=mail.kind,
        thread=mail.thread,
        person_id=mail.person_id,
        text_id=mail_texts_verbs.text_of(mail, now=now),
        fields=mail.fields or None,
        country=mail.country,
        city_id=mail.city_id,
        to_address=mail.to,
        to_name=mail.to_name,
        address_hash=address_hash(mail.to),
        mailbox_hash=mailbox_hash(mail.to),
        is_own_act=mail.is_own_act,
        queued_at=now,
        due_at=mail.due_at or now,
    )
    db.session.add(message)
    jobs.wake_after_commit("outbox.send")
    return message


def queue_all(mails: Sequence[Mail], *, now: datetime) -> None:
    """Put mails into the outbox, in their order, as `queue` does with one.

    Their texts come first, in one order everywhere: two workers that make the same would else wait
    for each other.
    """
    for mail in sorted(mails, key=lambda mail: repr((mail.kind, mail.key))):
        mail_texts_verbs.text_of(mail, now=now)
    for mail in mails:
        queue(mail, now=now)


# What an audience says of each recipient, and what it may leave out.
_SAID = ("person_id", "to_address", "to_name", "address_hash", "country", "city_id", "variant")


def queue_batch(
    audience: Select[Any],
    *,
    kind: Kind,
    variants: Iterable[Text],
    headers: Mapping[str, str],
    rate: float = 0.0,
    now: datetime,
) -> Batch:
    """Put one mail for many into the outbox: a row for each recipient, in one statement.

    `audience` gives the columns `person_id`, `to_address`, `to_name`, `address_hash`, `country`,
    `city_id`, `variant` (the key of one of `variants`), and may give `due_at`. Who is in it at this
    moment gets the mail; who comes later does not. `variants` are texts without a batch; they
    and the headers name fields (`outbox.fields`). `rate` is messages a second, 0 no limit.
    """
    batch = Batch(kind=kind, subject="", rate=rate, queued_at=now)
    db.session.add(batch)
    db.session.flush()
    for variant in variants:
        safe_header(variant.subject)
        variant.batch_id, variant.used_at = batch.id, now
        variant.headers = {**AUTOMATIC, **headers}
        batch.subject = batch.subject or variant.subject
        db.session.add(variant)
    asked = audience.subquery()
    same = {"kind": kind, "batch_id": batch.id, "state": State.WAITING}
    columns: dict[str, Any] = {name: asked.c[name] for name in _SAID}
    columns |= {name: literal(value, _TABLE.c[name].type) for name, value in same.items()}
    given = asked.c.get("due_at")
    # Queued for the reader's own hour, it bears the date of that hour.
    at = literal(now, _TABLE.c.due_at.type) if given is None else given
    columns |= {"due_at": at, "queued_at": at}
    db.session.execute(
        insert(_TABLE).from_select(list(columns), select(*columns.values())),
    )
    jobs.wake_after_commit("outbox.send")
    return batch


_TABLE: Any = Message.__table__


def pause(batch: Batch, *, because: str = "", now: datetime) -> None:
    """Pause a batch: nothing of it leaves until it is resumed."""
    batch.paused_at = batch.paused_at or now
    batch.paused_because = because[:500]


def resume(batch: Batch) -> None:
    """Resume a batch that was paused, or that the relay refused, once the cause is mended."""
    batch.paused_at = None
    batch.paused_because = ""
    jobs.wake_after_commit("outbox.send")


def stop(batch: Batch, *, now: datetime) -> None:
    """End a batch for good: what has not left is withheld."""
    batch.stopped_at = batch.stopped_at or now
    batch.finished_at = batch.finished_at or now
    db.session.execute(
        update(Message)
        .where(
            Message.batch_id == batch.id,
            Message.state.in_([State.WAITING, State.RETRY]),
        )
        .values(state=State.WITHHELD, settled_at=now, last_reply="not sent: it was stopped")
        .execution_options(synchronize_session=False)
    )


def bounced(message: Message, *, status: str, words: str, now: datetime) -> None:
    """Note that a message came back which the relay had taken (RFC 3464 section 2.3).

    `status` is the enhanced code of the report; words name no address. The first report counts.
    """
    if message.state == State.BOUNCED:
        return
    said = words if not status or status in words else f"{status} {words}"
    message.state = State.BOUNCED
    message.last_reply = f"DSN: {said}".strip()[:500]
    message.settled_at = message.settled_at or now
    message.claimed_by = ""
    message.leased_until = None


def complained(message: Message, *, kind: str) -> None:
    """Note that the recipient called a message abuse (RFC 5965): it had arrived."""
    message.last_reply = f"complaint: {kind}"[:500]


class NotToBeRetried(Refusal):
    sentence = _l("Only a message that failed can be tried again.")


class Overtaken(Refusal):
    sentence = _l("A later mail about the same thing has left already: this one would mislead.")


def retry(message: Message, *, now: datetime) -> None:
    """Let a failed message try again. Raises `NotToBeRetried`, `Overtaken`."""
    # Pressed twice, the second waits here and finds that it has left, or is about to.
    db.session.refresh(message, ["state"], with_for_update=True)
    if message.state != State.FAILED or _is_stopped(message):
        raise NotToBeRetried
    if _is_overtaken(message):
        raise Overtaken
    message.state = State.WAITING
    message.tries = 0
    message.due_at = now
    message.settled_at = None
    if message.batch_id is not None:
        db.session.execute(
            update(Batch).where(Batch.id == message.batch_id).values(finished_at=None)
        )
    jobs.wake_after_commit("outbox.send")


def _is_stopped(message: Message) -> bool:
    stopped = select(Batch.stopped_at).where(Batch.id == message.batch_id)
    return message.batch_id is not None and db.session.scalar(stopped) is not None


def _is_overtaken(message: Message) -> bool:
    """Tell whether a later message of its thread has left, such as the CANCEL of its REQUEST."""
    later = select(Message.id).where(
        Message.thread == message.thread, Message.id > message.id, Message.state == State.SENT
    )
    return message.thread is not None and db.session.scalar(later.limit(1)) is not None


def retry_all(*, now: datetime) -> int:
    """Let every failed message try again that no later one has overtaken. Returns how many."""
    number = 0
    for message in db.session.scalars(select(Message).where(Message.state == State.FAILED)).all():
        with contextlib.suppress(NotToBeRetried, Overtaken):
            retry(message, now=now)
            number += 1
    return number


def send_again(ids: Sequence[int], *, now: datetime) -> None:
    """Let messages go once more that came back for no fault of their recipients.

    Of an issue all of them, unless it was stopped; a single mail only while it is news, and where
    no later one of its thread has left.
    """
    for at in range(0, len(ids), _AT_ONCE):
        came_back = (Message.id.in_(ids[at : at + _AT_ONCE]), Message.state == State.BOUNCED)
        singles = db.session.scalars(
            select(Message).where(
                *came_back, Message.batch_id.is_(None), Message.queued_at > now - SENT_AGAIN_WITHIN
            )
        )
        fit = [message.id for message in singles if not _is_overtaken(message)]
        going_on = select(Batch.id).where(Batch.stopped_at.is_(None))
        db.session.execute(
            update(Message)
            .where(
                *came_back,
                # Thirty days after it left, nobody knows to whom it went.
                Message.to_address != "",
                or_(Message.batch_id.in_(going_on), Message.id.in_(fit)),
            )
            .values(state=State.WAITING, tries=0, due_at=now, settled_at=None)
            .execution_options(synchronize_session=False)
        )
        theirs = select(Message.batch_id).where(Message.id.in_(ids[at : at + _AT_ONCE]))
        db.session.execute(
            update(Batch)
            .where(Batch.id.in_(theirs), Batch.stopped_at.is_(None))
            .values(finished_at=None)
            .execution_options(synchronize_session=False)
        )
    jobs.wake_after_commit("outbox.send")


_AT_ONCE = 500


def drop_waiting(*, thread: str, kind: Kind, now: datetime) -> None:
    """Withhold what has become pointless before it left, such as a confirmation taken back."""
    for message in db.session.scalars(
        select(Message).where(
            Message.thread == thread,
            Message.kind == kind,
            Message.state.in_([State.WAITING, State.RETRY]),
        )
    ):
        message.state = State.WITHHELD
        message.last_reply = ""
        message.settled_at = now


def withhold_waiting(
    person_id: int, *, kind: Kind, about_id: int, because: str, now: datetime
) -> None:
    """Withhold what waits for a person of the batches of a kind about one thing."""
    about_it = select(Text.batch_id).where(Text.batch_id.is_not(None), Text.about_id == about_id)
    db.session.execute(
        update(Message)
        .where(
            Message.person_id == person_id,
            Message.kind == kind,
            Message.batch_id.in_(about_it),
            # What failed could be tried again.
            Message.state.in_([State.WAITING, State.RETRY, State.FAILED]),
        )
        .values(state=State.WITHHELD, settled_at=now, last_reply=because)
        .execution_options(synchronize_session=False)
    )


def tidy(*, now: datetime) -> None:
    """Erase what was written to people once it is of no more use (30 days after it left).

    Of an issue the ledger stays: that somebody was sent it, and not under which address.
    """
    old = now - FINISHED_KEPT
    db.session.execute(delete(Message).where(Message.batch_id.is_(None), Message.settled_at < old))
    mail_texts_verbs.tidy(before=old)
    db.session.execute(
        update(Message)
        .where(Message.batch_id.is_not(None), Message.settled_at < old, Message.to_address != "")
        .values(to_address="", to_name="", country="", city_id=None)
        .execution_options(synchronize_session=False)
    )
