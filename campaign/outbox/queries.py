"""Questions to the outbox."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select

from campaign.db import db
from campaign.outbox.kinds import Kind
from campaign.outbox.models import (
    OPEN,
    Message,
    State,
    Text,
    mailbox_hash,
)
from campaign.tables import contains_word


def queued_lately(address: str, *, kinds: list[Kind], since: datetime) -> int:
    """Count the mails of some kinds queued to a mailbox since a moment, for a cap."""
    return len(when_queued([address], kinds=kinds, since=since)[address])


def when_queued(
    addresses: Iterable[str], *, kinds: list[Kind], since: datetime
) -> dict[str, list[datetime]]:
    """Tell, for a cap, when mails of some kinds were queued to each address's mailbox of late.

    However it is written: `ada+1@…`, `ada+2@…` are one mailbox, and share one list.
    """
    mailboxes = {address: mailbox_hash(address) for address in addresses}
    queued: dict[str, list[datetime]] = {mailbox: [] for mailbox in mailboxes.values()}
    rows = db.session.execute(
        select(Message.mailbox_hash, Message.queued_at).where(
            Message.mailbox_hash.in_(list(queued)),
            # So the few mails to one mailbox are found by their index.
            Message.batch_id.is_(None),
            Message.kind.in_(kinds),
            Message.queued_at >= since,
        )
    )
    for mailbox, at in rows:
        queued[mailbox].append(at)
    return {address: queued[mailbox] for address, mailbox in mailboxes.items()}


def counts(*, batch_id: int | None = None) -> dict[str, int]:
    """Count messages by state, of all or of one batch; every state is named."""
    query = select(Message.state, func.count()).group_by(Message.state)
    if batch_id is not None:
        query = query.where(Message.batch_id == batch_id)
    found = dict(db.session.execute(query).all())
    return {state.value: found.get(state.value, 0) for state in State}


def search(words: str = "", *, state: str = "", kind: str = "") -> Select[Message]:
    """Find messages, newest first, by address or subject, state and kind."""
    query = select(Message).order_by(Message.id.desc())
    if words:
        titled = select(Text.id).where(Text.batch_id.is_(None), contains_word(words, Text.subject))
        query = query.where(
            or_(contains_word(words, Message.to_address), Message.text_id.in_(titled))
        )
    if state:
        query = query.where(Message.state == state)
    if kind:
        query = query.where(Message.kind == kind)
    return query


def oldest_waiting(*, now: datetime) -> timedelta:
    """Tell how long the longest-waiting due message has waited."""
    first = db.session.scalar(
        select(func.min(Message.due_at)).where(Message.state.in_(OPEN), Message.due_at <= now)
    )
    return now - first if first else timedelta(0)
