"""Claiming: take messages that are due, in a sender's name and for a while."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy import text as sql

from campaign.db import db
from campaign.delivery import queries
from campaign.delivery.policy import LEASE
from campaign.delivery.settling import wait_with_batch
from campaign.outbox.hard_bounces import queries as hard_bounces_queries
from campaign.outbox.hard_bounces.causes.verbs import withhold_at_end
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import OPEN, TO_TAKE, Batch, Message, State
from campaign.outbox.policy import LAST_LEAST, LAST_SHARE
from campaign.outbox.throttles import queries as throttle_queries
from campaign.outbox.throttles import verbs as throttles_verbs
from campaign.outbox.throttles.queries import DOMAIN, RELAY
from campaign.outbox.throttles.verbs import domain_of
from campaign.outbox.verbs import pause

# So many pieces that may not leave are put aside in one transaction: others must write, too.
MOST_ROUNDS = 10

_MESSAGES: Any = Message.__table__
# The columns of a `ClaimedMessage`.
COLUMNS = [
    _MESSAGES.c[name]
    for name in (
        "id", "kind", "to_address", "to_name", "person_id", "batch_id", "variant", "country",
        "city_id", "queued_at", "tries",
    )
]  # fmt: skip


class Claimed(list[ClaimedMessage]):
    """What a sender has claimed; `must_ask_again` where that is nothing, and more is due."""

    must_ask_again = False


def claim(
    sender: str, *, limit: int, rate: float, domain_rate: float = 0.0, now: datetime
) -> Claimed:
    """Take messages that are due, the urgent before the bulk, under a lease in `sender`'s name.

    Any number of senders may claim at once. Messages to suppressed addresses are withheld here.
    Older messages of the same thread go first. Keeps to `rate` and, for each recipient's domain,
    `domain_rate` (messages a second, 0 = no limit).
    """
    allowed = throttles_verbs.take_tokens(RELAY, limit, rate=rate, now=now)
    taken: list[Any] = []
    claimed = Claimed()
    # However many in a row must not be written to, they keep nobody behind them waiting.
    for _ in range(MOST_ROUNDS if allowed else 0):
        rows = _take(_URGENT, allowed, sender=sender, now=now)
        if len(rows) < allowed:
            rows += _take_bulk(allowed - len(rows), sender=sender, now=now)
        if not rows:
            claimed.must_ask_again = False
            break
        taken = _withhold_suppressed(rows, now=now)
        taken = _defer_by_domain(taken, rate=domain_rate, now=now)
        claimed.must_ask_again = not taken
        if taken:
            break
    if rate > 0 and len(taken) < allowed:
        throttles_verbs.give_back_tokens(RELAY, allowed - len(taken))
    taken.sort(key=lambda row: (row.batch_id is not None, row.id))
    claimed.extend(ClaimedMessage(*row[: len(COLUMNS)]) for row in taken)
    return claimed


def _taking(which: ColumnElement[bool]) -> Any:
    due = (
        select(_MESSAGES.c.id)
        .where(which, sql(TO_TAKE), _MESSAGES.c.due_at <= bindparam("at"))
        # As the index lies: with more to sort by, each claim would read all that waits.
        .order_by(_MESSAGES.c.due_at)
        .limit(bindparam("most", type_=Integer))
        # PostgreSQL's workers pass by what another is taking; SQLite has one writer at a time.
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(_MESSAGES)
        .where(_MESSAGES.c.id.in_(select(due.c.id)))
        .values(
            state=State.SENDING,
            claimed_by=bindparam("sender"),
            leased_until=bindparam("until"),
            tries=_MESSAGES.c.tries + 1,
        )
        .returning(*COLUMNS, _MESSAGES.c.is_own_act, _IS_SUPPRESSED)
    )


# In words: after RETURNING, SQLAlchemy leaves the tables' names out for SQLite.
_IS_SUPPRESSED: Any = literal_column(
    "EXISTS (SELECT 1 FROM outbox_suppression AS s "
    "WHERE s.address_hash = outbox_message.address_hash)"
).label("is_suppressed")


def _first_of_thread() -> ColumnElement[bool]:
    older = _MESSAGES.alias("older")
    return or_(
        _MESSAGES.c.thread.is_(None),
        ~exists().where(
            older.c.thread == _MESSAGES.c.thread,
            older.c.state.in_(OPEN),
            # No bare id: SQLite 3.40, once it has statistics, looks for it in the index of threads
            # and finds the message itself (SeekScan, mended in 3.41).
            older.c.id + 0 < _MESSAGES.c.id,
        ),
    )


# Built once: the building cost more than the asking.
_URGENT = _taking(and_(_MESSAGES.c.batch_id.is_(None), _first_of_thread()))
_BULK = _taking(
    # Said twice, so that the planner sees that the partial index will do.
    and_(_MESSAGES.c.batch_id == bindparam("batch"), _MESSAGES.c.batch_id.is_not(None))
)


def _take(statement: Any, most: int, *, sender: str, now: datetime, **asked: Any) -> list[Any]:
    given = {"at": now, "most": most, "sender": sender, "until": now + LEASE, **asked}
    return list(db.session.connection().execute(statement, given))


def _take_bulk(most: int, *, sender: str, now: datetime) -> list[Any]:
    """Take from the batches that run, the oldest first; one that is done is marked so."""
    rows: list[Any] = []
    for batch_id, rate in queries.running():
        wanted = most - len(rows)
        if not wanted:
            break
        allowed = throttles_verbs.take_tokens(f"batch:{batch_id}", wanted, rate=rate, now=now)
        if not allowed:
            continue
        some = _take(_BULK, allowed, sender=sender, now=now, batch=batch_id)
        if rate > 0 and len(some) < allowed:
            throttles_verbs.give_back_tokens(f"batch:{batch_id}", allowed - len(some))
        if not some and not queries.is_open(batch_id):
            _finish(batch_id, now=now)
        rows += some
    return rows


def _finish(batch_id: int, *, now: datetime) -> None:
    """Mark an issue finished, unless so little of it arrived that a person must look first."""
    if withhold_at_end(batch_id, now=now):
        return
    failed = hard_bounces_queries.number_tried(batch_id, State.FAILED)
    if failed >= LAST_LEAST and failed >= LAST_SHARE * hard_bounces_queries.number_tried(batch_id):
        words = queries.last_refusal(batch_id)
        pause(db.session.get_one(Batch, batch_id), because=words, now=now)
        wait_with_batch(Message.batch_id == batch_id)
        return
    db.session.execute(update(Batch).where(Batch.id == batch_id).values(finished_at=now))


def _withhold_suppressed(rows: list[Any], *, now: datetime) -> list[Any]:
    """Withhold what goes to addresses that must not be written to; give what may leave."""
    withheld = {row.id for row in rows if row.is_suppressed and not row.is_own_act}
    if withheld:
        _set(
            withheld,
            state=State.WITHHELD,
            settled_at=now,
            last_reply="not sent: this address must not be written to",
            claimed_by="",
            leased_until=None,
        )
    return [row for row in rows if row.id not in withheld]


def _set(ids: Collection[int], **values: Any) -> None:
    db.session.connection().execute(
        update(_MESSAGES).where(_MESSAGES.c.id.in_(ids)).values(**values)
    )


def _defer_by_domain(rows: list[Any], *, rate: float, now: datetime) -> list[Any]:
    """Let to each domain no more leave than it takes; defer the rest, each to its own moment."""
    backing_off = throttle_queries.domains_backing_off(now=now)
    if rate <= 0 and not backing_off:
        return rows
    by_domain: dict[str, list[Any]] = {}
    for row in rows:
        by_domain.setdefault(domain_of(row.to_address), []).append(row)
    fit: list[Any] = []
    later: list[dict[str, Any]] = []
    for domain, theirs in sorted(by_domain.items()):
        until = backing_off.get(domain)
        allowed = 0
        if until is None:
            name = DOMAIN + domain
            allowed = throttles_verbs.take_tokens(name, len(theirs), rate=rate, now=now)
        fit += theirs[:allowed]
        slots = throttles_verbs.reserve_slots(
            domain, len(theirs) - allowed, rate=rate, after=until or now
        )
        later += [
            {"message": row.id, "due": at} for row, at in zip(theirs[allowed:], slots, strict=True)
        ]
    if later:
        db.session.connection().execute(_DEFER, later)
    return fit


_DEFER = (
    update(_MESSAGES)
    .where(_MESSAGES.c.id == bindparam("message"))
    .values(
        state=State.WAITING,
        due_at=bindparam("due"),
        tries=_MESSAGES.c.tries - 1,
        claimed_by="",
        leased_until=None,
    )
)
