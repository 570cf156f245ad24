"""Questions to the outbox."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, text

from campaign.counts.queries import all_numbers, numbers
from campaign.db import count_of, db
from campaign.outbox.kinds import Kind
from campaign.outbox.mailboxes import mailbox_hash
from campaign.outbox.models import (
    NOT_SENT,
    OF_BATCH,
    SINGLE,
    TO_TAKE,
    Batch,
    Message,
    State,
    Text,
    address_hash,
)
from campaign.tables import contains_word, found, found_by, pointing_to


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
    sending = select(Message.id).where(_IS_SENDING, *where)
    found[State.SENDING] = min(count_of(sending), found[State.WAITING])
    found[State.WAITING] -= found[State.SENDING]
    return dict(found)


# Written out, as in the index: by a parameter no planner would know it. And with its column, for
# else SQLite goes through a larger one.
_IS_SENDING = and_(
    Message.state == literal_column(f"'{State.SENDING.value}'"), Message.claimed_by >= ""
)


def search(
    words: str = "",
    *,
    state: str = "",
    kind: str = "",
    batch_id: int | None = None,
    everywhere: bool = False,
) -> Select[Message]:
    """Find messages, newest first, by address or subject, state, kind and batch.

    Of many the newest are looked through for words and kinds, or all `everywhere`; by the
    beginning of a person's address, a whole address or the kind of a batch all are found.
    """
    rows, where = select(Message).order_by(Message.id.desc()), []
    if batch_id is not None:
        is_of_it = Message.batch_id == batch_id
        own = and_(is_of_it, Message.state == state) if state else is_of_it
        # A batch may be as large as the table, and is in no order that any index has.
        where.append(own if everywhere else found_by(Message.id, select(Message.id).where(own)))
    elif state:
        where.append(Message.state == state if everywhere else _is_in_state(state))
    query, is_of_kind = rows.where(*where), Message.kind == kind
    if words:
        titled = select(Text.id).where(Text.batch_id.is_(None), contains_word(words, Text.subject))
        said = or_(contains_word(words, Message.to_address), Message.text_id.in_(titled))
        if kind:
            said, where = and_(said, is_of_kind), [*where, is_of_kind]
        by = _to(words)
        return found(rows, said, where=where, by=by, newest=query, everywhere=everywhere)
    if kind:
        batches = select(Batch.id).where(Batch.kind == kind).order_by(Batch.id.desc())
        by = [pointing_to(batches, Message.batch_id)]
        return found(rows, is_of_kind, where=where, by=by, everywhere=everywhere)
    return query


def _is_in_state(state: str) -> ColumnElement[bool]:
    """Tell whether a message is in a state, so that few among a million are found by an index."""
    is_so = Message.state == state
    ids = select(Message.id).where(is_so)
    match state:
        case State.WAITING | State.RETRY:
            single = ids.where(Message.batch_id.is_(None), text(TO_TAKE))
            open_batches = select(Batch.id).where(Batch.finished_at.is_(None))
            newest = open_batches.order_by(Batch.id.desc())
            of_batches = pointing_to(newest, Message.batch_id).where(is_so)
            return found_by(Message.id, single, of_batches)
        case State.SENDING:
            return found_by(Message.id, select(Message.id).where(_IS_SENDING))
        case State.SENT:
            # Most are.
            return is_so
    return and_(is_so, text(NOT_SENT))


_people: list[Callable[[str], Select[int]]] = []


def find_people_by(find: Callable[[str], Select[int]]) -> Callable[[str], Select[int]]:
    """Register how the ids of people are found whose address begins with words."""
    _people.append(find)
    return find


def _to(words: str) -> list[Select[int]]:
    ids = select(Message.id)
    whole = ids.where(
        Message.address_hash == address_hash(words.strip()), Message.batch_id.is_(None)
    )
    theirs = (pointing_to(find(words), Message.person_id) for find in _people)
    return [whole, *theirs]


def oldest_waiting(*, now: datetime) -> timedelta:
    """Tell how long the longest-waiting due message has waited."""
    first = select(func.min(Message.due_at))
    of_a_batch = first.where(Message.batch_id == Batch.id, text(TO_TAKE)).scalar_subquery()
    # Each by an index: of a million that wait, and of a million that were sent.
    ways = (
        first.where(Message.batch_id.is_(None), text(TO_TAKE)),
        first.where(_IS_SENDING),
        select(func.min(of_a_batch)).where(Batch.finished_at.is_(None)),
    )
    longest = [due_at for way in ways if (due_at := db.session.scalar(way)) is not None]
    return max(now - min(longest, default=now), timedelta(0))
