"""Questions to the outbox."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from campaign.counts.queries import all_numbers, numbers
from campaign.db import count_of, db
from campaign.outbox.kinds import Kind
from campaign.outbox.models import (
    OF_BATCH,
    OPEN,
    SINGLE,
    Message,
    State,
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


def counts() -> dict[str, int]:
    """Count messages by state; every state is named."""
    found = [*all_numbers(SINGLE).items(), *all_numbers(OF_BATCH).items()]
    return _by_state((key.rpartition(":")[2], number) for key, number in found)


def counts_of_batches(ids: Sequence[int]) -> dict[str, int]:
    """Count the messages of some batches by state; every state is named."""
    keys = [f"{id}:{state}" for id in ids for state in State]
    found = numbers(OF_BATCH, keys).items()
    return _by_state(
        ((key.partition(":")[2], number) for key, number in found), Message.batch_id.in_(ids)
    )


def _by_state(counted: Iterable[tuple[str, int]], *where: ColumnElement[bool]) -> dict[str, int]:
    found: Counter[str] = Counter({state.value: 0 for state in State})
    for state, number in counted:
        found[state] += number
    # Few at any moment, and found by their index.
    sending = select(Message.id).where(Message.state == _SENDING, Message.claimed_by > "", *where)
    found[State.SENDING] = min(count_of(sending), found[State.WAITING])
    found[State.WAITING] -= found[State.SENDING]
    return dict(found)


# Written out, as in the index: by a parameter no planner would know it.
_SENDING: ColumnElement[str] = literal_column(f"'{State.SENDING.value}'")


def search(words: str = "", *, state: str = "", kind: str = "") -> Select[Message]:
    """Find messages, newest first, by address or subject, state and kind."""
    query = select(Message).order_by(Message.id.desc())
    if words:
        query = query.where(contains_word(words, Message.to_address, Message.subject))
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
