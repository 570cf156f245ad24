"""Deeds of the outbox: post, claim, settle, retry, suppress."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, select, update

from campaign import jobs, tokens
from campaign.db import db, insert_missing
from campaign.languages import lazy_gettext as _l
from campaign.outbox.mail import AUTOMATIC, Mail, one_address, safe_header
from campaign.outbox.models import (
    BULK,
    Batch,
    ClientCount,
    Message,
    State,
    Suppression,
    address_hash,
)
from campaign.refusals import Refusal


def post(mail: Mail, *, now: datetime) -> Message:
    """Put a mail into the outbox, in the transaction of the deed that caused it.

    A worker is woken once that deed is saved. Raises `UnsafeHeader` for a line end in a header or
    a recipient that is not exactly one address.
    """
    one_address(mail.to)
    safe_header(mail.subject)
    message = Message(
        token=tokens.random_token(),
        kind=mail.kind,
        thread=mail.thread,
        person_id=mail.person_id,
        to_address=mail.to,
        to_name=mail.to_name,
        address_hash=address_hash(mail.to),
        is_own_act=mail.is_own_act,
        sender_name=mail.sender_name,
        reply_to=mail.reply_to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        calendar=mail.calendar,
        calendar_method=mail.calendar_method,
        headers={**(AUTOMATIC if mail.is_automatic else {}), **mail.headers},
        fields={},
        posted_at=now,
        due_at=mail.due_at or now,
    )
    db.session.add(message)
    jobs.wake_after_commit("outbox.send")
    return message


def post_batch(
    recipients: Iterable[Mapping[str, Any]],
    *,
    kind: str,
    subject: str,
    text: str,
    html: str,
    headers: dict[str, str],
    now: datetime,
) -> Batch:
    """Put one text for many into the outbox: a row for each recipient, before anything is sent.

    Each recipient is a mapping of `person_id`, `to`, `to_name` and `fields`; the texts and the
    headers name their fields as `{{field}}`. Returns the batch; its messages are bulk.
    """
    batch = Batch(
        subject=safe_header(subject),
        text=text,
        html=html,
        headers={**AUTOMATIC, **headers},
        queued_at=now,
    )
    db.session.add(batch)
    db.session.flush()
    rows = (
        {
            "token": tokens.random_token(),
            "kind": kind,
            "priority": BULK,
            "person_id": one["person_id"],
            "batch_id": batch.id,
            "to_address": one["to"],
            "to_name": one["to_name"],
            "address_hash": address_hash(one["to"]),
            "headers": {},
            "fields": one["fields"],
            "posted_at": now,
            "due_at": now,
        }
        for one in recipients
    )
    # In pieces, past the session: a large list fits into a small memory.
    while some := list(islice(rows, 1000)):
        db.session.execute(insert(Message), some)
    jobs.wake_after_commit("outbox.send")
    return batch


def suppress(address: str, *, reason: str, evidence: str = "", now: datetime) -> None:
    """Never write to an address again; what waits for it is withheld when its turn comes."""
    suppress_hash(address_hash(address), reason=reason, evidence=evidence, now=now)


def suppress_hash(hashed: str, *, reason: str, evidence: str = "", now: datetime) -> None:
    """Never write again to an address known by its hash alone, when the rest is erased."""
    insert_missing(
        Suppression,
        {
            "address_hash": hashed,
            "reason": reason,
            "evidence": evidence[:500],
            "since": now,
        },
        unique=["address_hash"],
    )


def lift(address: str) -> None:
    """Write to a suppressed address again."""
    db.session.execute(delete(Suppression).where(Suppression.address_hash == address_hash(address)))


class TooManyFromHere(Refusal):
    status = 429
    sentence = _l(
        "Many forms came from your connection within an hour. Please wait a little, then send "
        "this again. What you typed is still here."
    )


def count_client(client: str, *, most: int, now: datetime) -> None:
    """Count a mail that a stranger is about to cause from a connection (an IP address).

    The address is not kept: only a keyed hash of it and the hour, worthless once the hour is over.
    One IPv6 subscriber has a /64 (RFC 6177). Raises `TooManyFromHere` past `most` an hour; 0 is no
    limit.
    """
    if not most or _is_this_machine(client):
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    known = tokens.keyed_hash(f"client:{hour.isoformat()}", _network(client))
    insert_missing(
        ClientCount, {"client_hash": known, "hour": hour, "number": 0}, unique=["client_hash"]
    )
    count = update(ClientCount).where(ClientCount.client_hash == known)
    number = db.session.scalar(
        count.values(number=ClientCount.number + 1).returning(ClientCount.number)
    )
    if number is None or number > most:
        raise TooManyFromHere


def _is_this_machine(client: str) -> bool:
    # A program of our own, or a proxy whose word is not trusted yet: not one stranger.
    try:
        return ip_address(client).is_loopback
    except ValueError:
        return False


def _network(client: str) -> str:
    try:
        address = ip_address(client)
    except ValueError:
        return ""
    width = 64 if address.version == 6 else 32
    return str(ip_network(f"{address}/{width}", strict=False))


class NotToBeRetried(Refusal):
    sentence = _l("Only a message that failed can be tried again.")


class Overtaken(Refusal):
    sentence = _l("A later mail about the same thing has left already: this one would mislead.")


def retry(message: Message, *, now: datetime) -> None:
    """Let a failed message try again. Raises `NotToBeRetried`, `Overtaken`."""
    if message.state != State.FAILED:
        raise NotToBeRetried
    if _is_overtaken(message):
        raise Overtaken
    message.state = State.WAITING
    message.tries = 0
    message.due_at = now
    message.settled_at = None
    jobs.wake_after_commit("outbox.send")


def _is_overtaken(message: Message) -> bool:
    """Tell whether a later message of its thread has left, such as the CANCEL of its REQUEST."""
    later = select(Message.id).where(
        Message.thread == message.thread, Message.id > message.id, Message.state == State.LEFT
    )
    return message.thread is not None and db.session.scalar(later.limit(1)) is not None


def retry_all(*, now: datetime) -> int:
    """Let every failed message try again that no later one has overtaken. Returns how many."""
    failed = db.session.scalars(select(Message).where(Message.state == State.FAILED)).all()
    fit = [message for message in failed if not _is_overtaken(message)]
    for message in fit:
        retry(message, now=now)
    return len(fit)


def resume(batch: Batch) -> None:
    """Let an issue that the relay refused go on, once the cause is mended."""
    batch.paused_at = None
    batch.paused_because = ""
    jobs.wake_after_commit("outbox.send")


def drop_waiting(*, thread: str, kind: str, now: datetime) -> None:
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


FINISHED_KEPT = timedelta(days=30)


def tidy(*, now: datetime) -> None:
    """Erase what was written to people once it is of no more use (30 days after it left)."""
    db.session.execute(delete(ClientCount).where(ClientCount.hour < now - timedelta(hours=2)))
    db.session.execute(
        delete(Message).where(
            Message.batch_id.is_(None),
            Message.settled_at < now - FINISHED_KEPT,
        )
    )
