"""Deeds of delivery: claim messages, settle what became of them, give back what was left."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
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
from campaign.delivery.journal import Memory
from campaign.delivery.replies import Outcome, Reply
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import OPEN, TO_TAKE, Batch, Message, State, address_hash
from campaign.outbox.suppressions import queries as tried
from campaign.outbox.suppressions.bursts import LAST_LEAST, LAST_SHARE
from campaign.outbox.suppressions.verbs import (
    Gone,
    Status,
    hold_back_at_end,
    hold_back_run,
    report,
)
from campaign.outbox.throttles import queries as throttle_queries
from campaign.outbox.throttles import verbs as throttles
from campaign.outbox.throttles.queries import DOMAIN, RELAY
from campaign.outbox.throttles.verbs import domain_of
from campaign.outbox.verbs import pause

LEASE = timedelta(minutes=3)
# RFC 5321 section 4.5.4.1 asks for at least half an hour between late tries and days of trying.
BACK_OFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]
GIVE_UP = timedelta(hours=72)
# What is limited by the hour is tried again after it, and given up much later than what fails:
# limits of a provider may let an issue through in portions only.
LIMIT = timedelta(hours=1)
LIMITED_GIVE_UP = timedelta(days=7)
# So many refusals in a row are about the issue, not about its readers, and so many "gone" are
# rather about us; so many "later" in a row are about the relay.
REFUSALS_THAT_PAUSE = 10
# What other senders were refused so shortly before a pause was refused for the same cause.
REFUSED_WITH_IT = timedelta(seconds=60)

_MESSAGES: Any = Message.__table__
_COLUMNS = (
    "id", "kind", "to_address", "to_name", "person_id", "batch_id", "variant", "country", "city_id",
    "queued_at", "tries", "is_own_act",
)  # fmt: skip


class Claimed(list[ClaimedMessage]):
    """What a sender holds; `is_more` where it must ask again though it may hold nothing."""

    is_more = False


# So many pieces that may not leave are put aside in one transaction: others must write, too.
MOST_ROUNDS = 10


def claim(
    worker: str, *, limit: int, rate: float, domain_rate: float = 0.0, now: datetime
) -> Claimed:
    """Take messages that are due, the urgent before the bulk, under a lease in `worker`'s name.

    Any number of workers may claim at once. Messages to suppressed addresses are withheld here.
    Older messages of the same thread go first. Keeps to `rate` and, for each recipient's domain,
    `domain_rate` (messages a second, 0 = no limit).
    """
    allowed = throttles.take_tokens(RELAY, limit, rate=rate, now=now)
    taken: list[Any] = []
    held = Claimed()
    # However many in a row must not be written to, they hold up nobody behind them.
    for _ in range(MOST_ROUNDS if allowed else 0):
        rows = _take(_URGENT, allowed, worker=worker, now=now)
        if len(rows) < allowed:
            rows += _take_bulk(allowed - len(rows), worker=worker, now=now)
        if not rows:
            held.is_more = False
            break
        taken = _withhold_suppressed(rows, now=now)
        taken = _hold_back_by_domain(taken, rate=domain_rate, now=now)
        held.is_more = not taken
        if taken:
            break
    if rate > 0 and len(taken) < allowed:
        throttles.give_back_tokens(RELAY, allowed - len(taken))
    taken.sort(key=lambda row: (row.batch_id is not None, row.id))
    held.extend(ClaimedMessage(*row[:11]) for row in taken)
    return held


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
            claimed_by=bindparam("holder"),
            leased_until=bindparam("until"),
            tries=_MESSAGES.c.tries + 1,
        )
        .returning(*(_MESSAGES.c[name] for name in _COLUMNS), _IS_SUPPRESSED)
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
            older.c.id < _MESSAGES.c.id,
        ),
    )


# Built once: the building cost more than the asking.
_URGENT = _taking(and_(_MESSAGES.c.batch_id.is_(None), _first_of_thread()))
_BULK = _taking(
    # Said twice, so that the planner sees that the partial index will do.
    and_(_MESSAGES.c.batch_id == bindparam("batch"), _MESSAGES.c.batch_id.is_not(None))
)


def _take(statement: Any, most: int, *, worker: str, now: datetime, **asked: Any) -> list[Any]:
    given = {"at": now, "most": most, "holder": worker, "until": now + LEASE, **asked}
    return list(db.session.connection().execute(statement, given))


def _take_bulk(most: int, *, worker: str, now: datetime) -> list[Any]:
    """Take from the batches that run, the oldest first; one that is done is marked so."""
    rows: list[Any] = []
    for batch_id, rate in queries.running():
        wanted = most - len(rows)
        if not wanted:
            break
        allowed = throttles.take_tokens(f"batch:{batch_id}", wanted, rate=rate, now=now)
        if not allowed:
            continue
        some = _take(_BULK, allowed, worker=worker, now=now, batch=batch_id)
        if rate > 0 and len(some) < allowed:
            throttles.give_back_tokens(f"batch:{batch_id}", allowed - len(some))
        if not some and not queries.is_open(batch_id):
            _finish(batch_id, now=now)
        rows += some
    return rows


def _finish(batch_id: int, *, now: datetime) -> None:
    """Mark an issue finished, unless so little of it arrived that a person must look first."""
    if hold_back_at_end(batch_id, now=now):
        return
    failed = tried.number_tried(batch_id, State.FAILED)
    if failed >= LAST_LEAST and failed >= LAST_SHARE * tried.number_tried(batch_id):
        words = queries.last_refusal(batch_id)
        pause(db.session.get_one(Batch, batch_id), because=words, now=now)
        _wait_with_batch(Message.batch_id == batch_id)
        return
    db.session.execute(update(Batch).where(Batch.id == batch_id).values(finished_at=now))


def _withhold_suppressed(rows: list[Any], *, now: datetime) -> list[Any]:
    """Keep back what goes to addresses that must not be written to; give what may leave."""
    kept = [row.id for row in rows if row.is_suppressed and not row.is_own_act]
    if kept:
        _set(
            kept,
            state=State.WITHHELD,
            settled_at=now,
            last_reply="not sent: this address must not be written to",
            claimed_by="",
            leased_until=None,
        )
    held = set(kept)
    return [row for row in rows if row.id not in held]


def _set(ids: Sequence[int], **values: Any) -> None:
    db.session.connection().execute(
        update(_MESSAGES).where(_MESSAGES.c.id.in_(ids)).values(**values)
    )


def _hold_back_by_domain(rows: list[Any], *, rate: float, now: datetime) -> list[Any]:
    """Let to each domain no more leave than it takes; the rest waits, each for its own moment."""
    resting = throttle_queries.domains_backing_off(now=now)
    if rate <= 0 and not resting:
        return rows
    by_domain: dict[str, list[Any]] = {}
    for row in rows:
        by_domain.setdefault(domain_of(row.to_address), []).append(row)
    fit: list[Any] = []
    later: list[dict[str, Any]] = []
    for domain, theirs in sorted(by_domain.items()):
        until = resting.get(domain)
        allowed = 0
        if until is None:
            name = DOMAIN + domain
            allowed = throttles.take_tokens(name, len(theirs), rate=rate, now=now)
        fit += theirs[:allowed]
        moments = throttles.reserve_slots(
            domain, len(theirs) - allowed, rate=rate, after=until or now
        )
        later += [
            {"held": row.id, "due": at} for row, at in zip(theirs[allowed:], moments, strict=True)
        ]
    if later:
        db.session.connection().execute(_WAIT, later)
    return fit


_WAIT = (
    update(_MESSAGES)
    .where(_MESSAGES.c.id == bindparam("held"))
    .values(
        state=State.WAITING,
        due_at=bindparam("due"),
        tries=_MESSAGES.c.tries - 1,
        claimed_by="",
        leased_until=None,
    )
)


def settle(
    replies: Iterable[tuple[ClaimedMessage, Reply]],
    *,
    worker: str,
    run: Sequence[tuple[ClaimedMessage, Reply]] | None = None,
    now: datetime,
) -> None:
    """Remember what became of messages this worker holds. Others' claims are left alone.

    `run` is the last of them in a row that did not leave, where it began before these.
    """
    judged = list(replies)
    last = judged if run is None else list(run)
    if not judged:
        return
    left = [(mail.id, reply.words[:500]) for mail, reply in judged if reply.outcome is Outcome.SENT]
    _settle_left(left, worker=worker, now=now)
    others = [(mail, reply) for mail, reply in judged if reply.outcome is not Outcome.SENT]
    is_gone = _report_gone(others, now)
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for mail, reply in others:
        if mail.id in is_gone:
            values: dict[str, Any] = {"state": State.BOUNCED, "settled_at": now}
        else:
            values = _verdict(mail, reply, now)
        told = {"last_reply": reply.words[:500], "claimed_by": "", "leased_until": None, **values}
        alike.setdefault(tuple(told), []).append({"held": mail.id, "holder": worker, **told})
    for rows in alike.values():
        # The names of a row's values are the columns it sets.
        db.session.connection().execute(_SETTLE, rows)
    if others:
        _hold_back_gone(judged, last, now)
        _pause_refused_batches(others, last, now)
    _back_off_slow_domains(judged, now)
    _record_relay(judged, last, now)


def _report_gone(judged: list[tuple[ClaimedMessage, Reply]], now: datetime) -> set[int]:
    """Report who is said to be gone; give the messages that bounced by that."""
    certain = {Outcome.NO_SUCH_ADDRESS: True, Outcome.MAYBE_GONE: False}
    found = [
        Gone(
            mail.id,
            mail.batch_id,
            address_hash(mail.to),
            domain_of(mail.to),
            reply.words[:500],
            is_certain=certain[reply.outcome],
        )
        for mail, reply in judged
        if reply.outcome in certain
    ]
    statuses = report(found, now=now) if found else {}
    return {number for number, made in statuses.items() if made is not Status.COUNTED}


_SETTLE = update(_MESSAGES).where(
    _MESSAGES.c.id == bindparam("held"),
    _MESSAGES.c.state == State.SENDING,
    _MESSAGES.c.claimed_by == bindparam("holder"),
)

# Most leave, so those are told in one statement, with each one's own reply.
_LEFT = {
    "postgresql": """
        UPDATE outbox_message SET state = 'sent', settled_at = :at, claimed_by = '',
            leased_until = NULL, last_reply = told.value ->> 1
        FROM json_array_elements(CAST(:told AS json)) AS told(value)
        WHERE outbox_message.id = CAST(told.value ->> 0 AS integer)
            AND state = 'sending' AND claimed_by = :holder
        """,
    "sqlite": """
        UPDATE outbox_message SET state = 'sent', settled_at = :at, claimed_by = '',
            leased_until = NULL, last_reply = json_extract(told.value, '$[1]')
        FROM json_each(:told) AS told
        WHERE outbox_message.id = json_extract(told.value, '$[0]')
            -- The plus keeps SQLite from reading all that is held for each of those told.
            AND +state = 'sending' AND +claimed_by = :holder
        """,
}
_LEFT_STATEMENTS = {
    name: sql(words).bindparams(bindparam("at", type_=_MESSAGES.c.settled_at.type))
    for name, words in _LEFT.items()
}


def _settle_left(left: list[tuple[int, str]], *, worker: str, now: datetime) -> None:
    if not left:
        return
    told = json.dumps(left).replace("\\u0000", "")
    db.session.connection().execute(
        _LEFT_STATEMENTS[db.engine.dialect.name], {"at": now, "told": told, "holder": worker}
    )


def _verdict(mail: ClaimedMessage, reply: Reply, now: datetime) -> dict[str, Any]:
    match reply.outcome:
        case Outcome.REFUSED:
            return {"state": State.FAILED, "settled_at": now}
        case Outcome.RELAY:
            return _relay_verdict(mail, reply, now)
        case Outcome.LIMITED if now - mail.queued_at <= LIMITED_GIVE_UP:
            due = now + LIMIT * random.uniform(1.0, 1.2)  # noqa: S311  # jitter, not a secret
            return {"state": State.WAITING, "tries": mail.tries - 1, "due_at": due}
        case Outcome.DOMAIN_LIMITED if now - mail.queued_at <= LIMITED_GIVE_UP:
            return {"state": State.WAITING, "tries": mail.tries - 1}
        case Outcome.SLOW if now - mail.queued_at <= GIVE_UP:
            # It waits with its domain (`_back_off_slow_domains`): it is not the person's fault.
            return {"state": State.WAITING, "tries": mail.tries - 1}
    return _later(mail, now)


def _relay_verdict(mail: ClaimedMessage, reply: Reply, now: datetime) -> dict[str, Any]:
    """Judge a message on whose way the relay was lost.

    Where the relay had begun with it, the trouble may be its own: it goes behind the others, so
    that one message on which a relay always hangs up stops no other. Where it had not, it waits
    as it was, and the try does not count.
    """
    if reply.was_begun:
        values = _later(mail, now)
    elif now - mail.queued_at > GIVE_UP:
        values = {"state": State.FAILED, "settled_at": now}
    else:
        values = {"state": State.WAITING, "tries": mail.tries - 1}
    return {**values, "is_uncertain": True} if reply.is_uncertain else values


def _later(mail: ClaimedMessage, now: datetime) -> dict[str, Any]:
    if now - mail.queued_at > GIVE_UP:
        return {"state": State.FAILED, "settled_at": now}
    return {"state": State.RETRY, "due_at": now + _back_off(mail.tries)}


def _back_off(tries: int) -> timedelta:
    step = BACK_OFF[min(max(tries, 1), len(BACK_OFF)) - 1]
    return step * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret


def is_refusing(judged: Iterable[tuple[ClaimedMessage, Reply]]) -> bool:
    """Tell whether the last replies are a run of refusals, upon which nothing more is tried."""
    last = list(judged)[-REFUSALS_THAT_PAUSE:]
    if len(last) < REFUSALS_THAT_PAUSE:
        return False
    outcomes = {reply.outcome for _, reply in last}
    if outcomes <= _PUT_OFF:
        return True
    batches = {mail.batch_id for mail, _ in last}
    return len(batches) == 1 and None not in batches and outcomes <= _TURNED_DOWN


# Where all are put off, or asked to wait for an hour, it is about the relay.
_PUT_OFF = {Outcome.LATER, Outcome.LIMITED, Outcome.DOMAIN_LIMITED}
_TURNED_DOWN = {Outcome.REFUSED, Outcome.NO_SUCH_ADDRESS}


def _hold_back_gone(
    judged: list[tuple[ClaimedMessage, Reply]],
    last: list[tuple[ClaimedMessage, Reply]],
    now: datetime,
) -> None:
    """Hold back what a run of "gone" would suppress: that is rather about us, or their server."""
    for run in (last, *_runs_of_domains(judged)):
        end = run[-REFUSALS_THAT_PAUSE:]
        is_gone = {reply.outcome for _, reply in end} == {Outcome.NO_SUCH_ADDRESS}
        if is_gone and len(end) == REFUSALS_THAT_PAUSE:
            hold_back_run([(mail.batch_id, domain_of(mail.to)) for mail, _ in end], now=now)


def _runs_of_domains(
    judged: list[tuple[ClaimedMessage, Reply]],
) -> list[list[tuple[ClaimedMessage, Reply]]]:
    """Give what was said last of each domain of which many were said to be gone."""
    gone = Counter(
        domain_of(mail.to) for mail, reply in judged if reply.outcome is Outcome.NO_SUCH_ADDRESS
    )
    runs: dict[str, list[tuple[ClaimedMessage, Reply]]] = {
        domain: [] for domain, number in gone.items() if number >= REFUSALS_THAT_PAUSE
    }
    for mail, reply in judged if runs else ():
        runs.get(domain_of(mail.to), []).append((mail, reply))
    return list(runs.values())


def _pause_refused_batches(
    judged: list[tuple[ClaimedMessage, Reply]],
    last: list[tuple[ClaimedMessage, Reply]],
    now: datetime,
) -> None:
    """Stop an issue that the relay refuses as such, and say why; it is never called finished.

    What was refused so waits with the rest: once the cause is mended it leaves.
    """
    runs: dict[int, list[int]] = {}
    for mail, reply in last:
        if mail.batch_id is None:
            continue
        run = runs.setdefault(mail.batch_id, [])
        if reply.outcome not in _TURNED_DOWN:
            run.clear()
        elif reply.outcome is Outcome.REFUSED:
            run.append(mail.id)
        if len(run) == REFUSALS_THAT_PAUSE:
            pause_refused(mail.batch_id, because=reply.words, now=now)
    refused = {
        mail.id: mail.batch_id
        for mail, reply in judged
        if reply.outcome is Outcome.REFUSED and mail.batch_id is not None
    }
    for batch_id in sorted({*refused.values(), *(number for number, run in runs.items() if run)}):
        # Whoever paused it: what others had in hand meanwhile was refused with it.
        if queries.is_refused(batch_id):
            theirs = [number for number, batch in refused.items() if batch == batch_id]
            _wait_with_batch(Message.id.in_([*theirs, *runs.get(batch_id, [])]))


def pause_refused(batch_id: int, *, because: str, now: datetime) -> None:
    """Let an issue that is refused stand still, and what was refused just before wait with it."""
    pause(db.session.get_one(Batch, batch_id), because=because, now=now)
    _wait_with_batch(
        Message.batch_id == batch_id,
        Message.settled_at >= now - REFUSED_WITH_IT,
        # Once only: what is refused for its own sake must come to an end.
        Message.tries < 2,
    )


def _wait_with_batch(*where: ColumnElement[bool]) -> None:
    db.session.connection().execute(
        update(_MESSAGES)
        .where(_MESSAGES.c.state == State.FAILED, *where)
        .values(state=State.WAITING, settled_at=None)
    )


def _back_off_slow_domains(judged: list[tuple[ClaimedMessage, Reply]], now: datetime) -> None:
    """Let a domain that throttles rest for a while, longer each time; heed its first success."""
    resting = {Outcome.SLOW: None, Outcome.DOMAIN_LIMITED: LIMIT}
    slow = {domain_of(mail.to): reply for mail, reply in judged if reply.outcome in resting}
    for domain in sorted(slow):
        reply = slow[domain]
        throttles.back_off(
            DOMAIN + domain, because=reply.words, least=resting[reply.outcome], now=now
        )
    if slow:
        return
    troubled = throttle_queries.troubled_domains()
    for domain in sorted(
        {domain_of(mail.to) for mail, reply in judged if reply.outcome is Outcome.SENT} & troubled
        if troubled
        else ()
    ):
        throttles.reset(DOMAIN + domain)


def give_back(mails: Iterable[ClaimedMessage], *, worker: str) -> None:
    """Put back what was claimed and never tried."""
    ids = [mail.id for mail in mails]
    if ids:
        db.session.connection().execute(
            update(_MESSAGES)
            .where(
                _MESSAGES.c.id.in_(ids),
                _MESSAGES.c.state == State.SENDING,
                _MESSAGES.c.claimed_by == worker,
            )
            .values(**_AS_BEFORE)
        )


_AS_BEFORE = {
    "state": State.WAITING,
    "claimed_by": "",
    "leased_until": None,
    "tries": _MESSAGES.c.tries - 1,
}


def recover(claimant: str, memory: Memory | None, *, is_dead: bool, now: datetime) -> None:
    """Take back what a sender held that is dead or whose lease has ended.

    With its journal, what ended is settled as it ended, and only what it had begun is uncertain:
    that goes out again with the same Message-ID. Without one, the relay may have had any of it; and
    one that may wake up yet (a machine that slept) may yet send what it has in hand.
    """
    theirs = and_(_MESSAGES.c.state == State.SENDING, _MESSAGES.c.claimed_by == claimant)
    back = {**_AS_BEFORE, "tries": _MESSAGES.c.tries}
    if memory is None:
        db.session.connection().execute(
            update(_MESSAGES).where(theirs).values(**back, is_uncertain=True)
        )
        return
    held = db.session.connection().execute(
        select(*(_MESSAGES.c[name] for name in _COLUMNS[:11])).where(theirs)
    )
    mails = [ClaimedMessage(*row) for row in held]
    settle(
        [(mail, memory.ended[mail.id]) for mail in mails if mail.id in memory.ended],
        worker=claimant,
        now=now,
    )
    begun = [
        mail.id
        for mail in mails
        if mail.id in memory.begun or (not is_dead and mail.id not in memory.ended)
    ]
    if begun:
        db.session.connection().execute(
            update(_MESSAGES)
            .where(theirs, _MESSAGES.c.id.in_(begun))
            .values(**back, is_uncertain=True)
        )
    give_back([mail for mail in mails if mail.id not in memory.ended], worker=claimant)


def _record_relay(
    judged: list[tuple[ClaimedMessage, Reply]],
    last: list[tuple[ClaimedMessage, Reply]],
    now: datetime,
) -> None:
    """Close the throttle for a while after trouble on the way; open it after the first success."""
    troubles = [reply for _, reply in judged if reply.outcome is Outcome.RELAY]
    if not troubles and is_refusing(last) and last[-1][1].outcome in _PUT_OFF:
        # It puts everybody off: that is about the relay, and asking faster helps nobody.
        troubles = [last[-1][1]]
    if troubles:
        throttles.back_off(RELAY, because=troubles[-1].words, now=now)
    elif throttle_queries.is_troubled(RELAY) and any(r.outcome not in _PUT_OFF for _, r in judged):
        throttles.reset(RELAY)
