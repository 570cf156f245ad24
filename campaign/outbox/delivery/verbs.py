"""Deeds of delivery: claim messages, settle what became of them, give back what was left."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import aliased

from campaign.db import db, insert_missing, lock
from campaign.outbox.delivery.relay import Outcome, Reply
from campaign.outbox.mail import Leaving
from campaign.outbox.models import BULK, OPEN, URGENT, Batch, Lane, Message, State, Suppression
from campaign.outbox.verbs import suppress

LEASE = timedelta(minutes=5)
# RFC 5321 section 4.5.4.1 asks for at least half an hour between late tries and days of trying.
BACK_OFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]
GIVE_UP = timedelta(hours=72)
RELAY = "relay"
# So many refusals in a row are about the issue, not about its readers.
REFUSALS_THAT_PAUSE = 10


def claim(worker: str, *, limit: int, rate: float, now: datetime) -> list[Leaving]:
    """Take messages that are due, the urgent before the bulk, under a lease in `worker`'s name.

    Any number of workers may claim at once. Messages to suppressed addresses are withheld here.
    Older messages of the same thread go first. Keeps to `rate` (messages a second, 0 = no limit).
    """
    allowed = _take_tokens(limit, rate=rate, now=now)
    if not allowed:
        return []
    taken: list[Message] = []
    # However many in a row must not be written to, they hold up nobody behind them.
    while not taken and (rows := _first_due(allowed, now=now)):
        taken = _withhold_suppressed(rows, now=now)
        for row in taken:
            row.state = State.LEAVING
            row.claimed_by = worker
            row.leased_until = now + LEASE
            row.tries += 1
        db.session.flush()
    return _leaving(taken)


def _first_due(most: int, *, now: datetime) -> list[Message]:
    rows: list[Message] = []
    for priority in (URGENT, BULK):
        for state in (State.WAITING, State.RETRY):
            if len(rows) < most:
                asked = {"in_state": state, "of": priority, "at": now, "most": most - len(rows)}
                rows += db.session.scalars(_DUE, asked)
    return rows


def _withhold_suppressed(rows: list[Message], *, now: datetime) -> list[Message]:
    """Keep back what goes to addresses that must not be written to; give what may leave."""
    suppressed = set(
        db.session.scalars(
            select(Suppression.address_hash).where(
                Suppression.address_hash.in_({row.address_hash for row in rows})
            )
        )
    )
    fit = []
    for row in rows:
        if row.address_hash in suppressed and not row.is_own_act:
            row.state = State.WITHHELD
            row.settled_at = now
            row.last_reply = "not sent: this address must not be written to"
        else:
            fit.append(row)
    return fit


def _due() -> Select[Message]:
    older = aliased(Message)
    first_of_thread = or_(
        Message.thread.is_(None),
        ~exists().where(
            older.thread == Message.thread, older.state.in_(OPEN), older.id < Message.id
        ),
    )
    paused = select(Batch.id).where(Batch.paused_at.is_not(None))
    return (
        select(Message)
        .where(
            Message.state == bindparam("in_state"),
            Message.priority == bindparam("of"),
            Message.due_at <= bindparam("at"),
            first_of_thread,
            or_(Message.batch_id.is_(None), Message.batch_id.not_in(paused)),
        )
        # As the index lies: with more to sort by, each claim would read all that waits.
        .order_by(Message.due_at)
        .limit(bindparam("most", type_=Integer))
        # PostgreSQL's workers pass by what another is taking; SQLite has one writer at a time.
        .with_for_update(skip_locked=True)
    )


# Built once: the building cost more than the asking.
_DUE = _due()


def _leaving(rows: list[Message]) -> list[Leaving]:
    ids = {row.batch_id for row in rows if row.batch_id}
    batches = {one.id: one for one in db.session.scalars(select(Batch).where(Batch.id.in_(ids)))}
    return [_one_leaving(row, batches.get(row.batch_id or 0)) for row in rows]


def _one_leaving(row: Message, batch: Batch | None) -> Leaving:
    text = batch or row
    return Leaving(
        id=row.id,
        token=row.token,
        kind=row.kind,
        to=row.to_address,
        to_name=row.to_name,
        sender_name=row.sender_name,
        reply_to=row.reply_to,
        subject=text.subject,
        text=text.text,
        html=text.html,
        calendar=row.calendar,
        calendar_method=row.calendar_method,
        headers=text.headers,
        posted_at=row.posted_at,
        tries=row.tries,
        batch_id=row.batch_id,
        fields=row.fields,
    )


def settle(replies: Iterable[tuple[Leaving, Reply]], *, worker: str, now: datetime) -> None:
    """Remember what became of messages this worker holds. Others' claims are left alone."""
    judged = list(replies)
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for mail, reply in judged:
        values = _verdict(mail, reply, now)
        told = {"last_reply": reply.words[:500], "claimed_by": "", "leased_until": None, **values}
        alike.setdefault(tuple(told), []).append({"held": mail.id, "holder": worker, **told})
    for rows in alike.values():
        # The names of a row's values are the columns it sets.
        db.session.connection().execute(_SETTLE, rows)
    # In one order everywhere, so that two workers never wait for each other.
    for mail, reply in sorted(judged, key=lambda one: one[0].to):
        if reply.outcome is Outcome.NO_SUCH_ADDRESS:
            suppress(mail.to, reason="bounce", evidence=reply.words, now=now)
    _pause_refused_batches(judged, now)
    _note_lane(judged, now)


# One statement with many rows, apart from the session: of a mail's price it was a third.
_MESSAGES: Any = Message.__table__
_SETTLE = update(_MESSAGES).where(
    _MESSAGES.c.id == bindparam("held"),
    _MESSAGES.c.state == State.LEAVING,
    _MESSAGES.c.claimed_by == bindparam("holder"),
)


def _verdict(mail: Leaving, reply: Reply, now: datetime) -> dict[str, Any]:
    match reply.outcome:
        case Outcome.LEFT:
            return {"state": State.LEFT, "settled_at": now}
        case Outcome.NO_SUCH_ADDRESS:
            return {"state": State.BOUNCED, "settled_at": now}
        case Outcome.REFUSED:
            return {"state": State.FAILED, "settled_at": now}
        case Outcome.LANE:
            return _lane_verdict(mail, reply, now)
    return _later(mail, now)


def _lane_verdict(mail: Leaving, reply: Reply, now: datetime) -> dict[str, Any]:
    """Judge a message on whose way the relay was lost.

    Where the relay had begun with it, the trouble may be its own: it goes behind the others, so
    that one message on which a relay always hangs up stops no other. Where it had not, it waits
    as it was, and the try does not count.
    """
    if reply.was_begun:
        values = _later(mail, now)
    elif now - mail.posted_at > GIVE_UP:
        values = {"state": State.FAILED, "settled_at": now}
    else:
        values = {"state": State.WAITING, "tries": mail.tries - 1}
    return {**values, "is_uncertain": True} if reply.is_uncertain else values


def _later(mail: Leaving, now: datetime) -> dict[str, Any]:
    if now - mail.posted_at > GIVE_UP:
        return {"state": State.FAILED, "settled_at": now}
    return {"state": State.RETRY, "due_at": now + _back_off(mail.tries)}


def _back_off(tries: int) -> timedelta:
    step = BACK_OFF[min(max(tries, 1), len(BACK_OFF)) - 1]
    return step * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret


def _pause_refused_batches(judged: list[tuple[Leaving, Reply]], now: datetime) -> None:
    """Stop an issue that the relay refuses as such, and say why; it is never called finished."""
    refused: Counter[int] = Counter()
    sound: set[int] = set()
    for mail, reply in judged:
        if mail.batch_id and reply.outcome is Outcome.REFUSED:
            refused[mail.batch_id] += 1
        elif mail.batch_id:
            sound.add(mail.batch_id)
    for batch_id, number in refused.items():
        if number >= REFUSALS_THAT_PAUSE and batch_id not in sound:
            batch = db.session.get_one(Batch, batch_id)
            batch.paused_at = batch.paused_at or now
            batch.paused_because = next(
                reply.words for mail, reply in judged if mail.batch_id == batch_id
            )


def give_back(mails: Iterable[Leaving], *, worker: str) -> None:
    """Put back what was claimed and never tried."""
    for mail in mails:
        db.session.execute(
            update(Message)
            .where(
                Message.id == mail.id,
                Message.state == State.LEAVING,
                Message.claimed_by == worker,
            )
            .values(state=State.WAITING, claimed_by="", leased_until=None, tries=Message.tries - 1)
        )


def recover(*, dead: Iterable[str], now: datetime) -> None:
    """Take back what dead workers held: those named, and those whose lease has ended.

    The relay may have had any of it: it goes out with the same Message-ID, marked uncertain.
    """
    db.session.execute(
        update(Message)
        .where(
            Message.state == State.LEAVING,
            or_(Message.leased_until < now, Message.claimed_by.in_(list(dead))),
        )
        .values(state=State.WAITING, claimed_by="", leased_until=None, is_uncertain=True)
    )


def claimants() -> list[str]:
    """Name the workers that hold messages now."""
    return list(
        db.session.scalars(
            select(Message.claimed_by).where(Message.state == State.LEAVING).distinct()
        )
    )


def is_anything_due(*, now: datetime) -> bool:
    """Tell whether a message could leave now, were the rate no matter."""
    return bool(_first_due(1, now=now))


def _lane(now: datetime) -> Lane:
    insert_missing(
        Lane, {"name": RELAY, "tokens": 1.0, "filled_at": now, "failures": 0}, unique=["name"]
    )
    lane: Lane = db.session.scalars(lock(select(Lane).where(Lane.name == RELAY))).one()
    return lane


def _take_tokens(limit: int, *, rate: float, now: datetime) -> int:
    """Tell how many messages may leave now, and take them from the bucket that all share.

    The bucket holds one second's worth, so that after an outage nothing leaves in a burst.
    """
    if rate <= 0:
        lane = db.session.get(Lane, RELAY)
        closed = lane is not None and lane.paused_until is not None and lane.paused_until > now
        return 0 if closed else limit
    lane = _lane(now)
    if lane.paused_until is not None and lane.paused_until > now:
        return 0
    gained = max((now - lane.filled_at).total_seconds(), 0) * rate
    lane.tokens = min(lane.tokens + gained, max(rate, 1.0))
    lane.filled_at = now
    taken = min(int(lane.tokens), limit)
    lane.tokens -= taken
    return taken


def _note_lane(judged: list[tuple[Leaving, Reply]], now: datetime) -> None:
    """Close the lane for a while after trouble on the way; open it after the first success."""
    troubles = [reply for _, reply in judged if reply.outcome is Outcome.LANE]
    if troubles:
        lane = _lane(now)
        lane.failures += 1
        lane.last_trouble = troubles[-1].words[:500]
        lane.paused_until = now + min(
            timedelta(seconds=5) * 2 ** min(lane.failures - 1, 10), timedelta(minutes=15)
        )
        return
    lane_now = db.session.get(Lane, RELAY)
    if lane_now is not None and lane_now.failures and judged:
        db.session.execute(
            update(Lane)
            .where(and_(Lane.name == RELAY, Lane.failures > 0))
            .values(failures=0, paused_until=None, last_trouble="")
        )
