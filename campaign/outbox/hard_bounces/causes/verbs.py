"""Verbs of causes: suppress whom they name, withhold a burst, decide on it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update

from campaign.db import db, insert_missing
from campaign.outbox.hard_bounces import bursts, queries
from campaign.outbox.hard_bounces.models import Bounce, Cause, Decision
from campaign.outbox.models import Batch
from campaign.outbox.policy import BURST_SHARE, BURST_WITHIN, LAST_LEAST, LAST_SHARE, RUN_WITHIN
from campaign.outbox.suppressions.models import BOUNCE, Suppression
from campaign.outbox.throttles import verbs as throttles_verbs
from campaign.outbox.throttles.queries import BOUNCES
from campaign.outbox.verbs import pause, resume, send_again


def suppress_certain(bounces: Iterable[Bounce], *, now: datetime) -> None:
    """Suppress whom certain bounces name, but those whose cause waits for a person."""
    causes = {
        cause.id: cause
        for cause in db.session.scalars(
            select(Cause).where(Cause.id.in_({bounce.cause_id for bounce in bounces}))
        )
    }
    # In one order everywhere, so that two workers never wait for each other.
    for bounce in sorted(bounces, key=lambda bounce: bounce.address_hash):
        if bounce.is_certain and not causes[bounce.cause_id].is_withheld:
            insert_missing(
                Suppression,
                {
                    "address_hash": bounce.address_hash,
                    "reason": BOUNCE,
                    "evidence": bounce.words,
                    "since": now,
                    "cause_id": bounce.cause_id,
                },
                unique=["address_hash"],
            )


def look_for_bursts(new: Sequence[Bounce], *, now: datetime) -> None:
    """Withhold what came of an issue, or of a domain, that is too much to be believed unseen."""
    fresh = [bounce for bounce in new if bounce.is_certain]
    for batch_id in sorted({bounce.batch_id for bounce in fresh if bounce.batch_id is not None}):
        number = queries.number_in_force(Bounce.batch_id == batch_id)
        added = sum(bounce.batch_id == batch_id for bounce in fresh)
        if bursts.is_step(number, added, least=_least(batch_id=batch_id), by=1.25) and (
            number >= BURST_SHARE * queries.number_tried(batch_id)
        ):
            withhold(batch_id=batch_id, now=now)
    since = now - BURST_WITHIN
    for domain in sorted({bounce.domain for bounce in fresh}):
        number = queries.number_in_force(Bounce.domain == domain, Bounce.reported_at >= since)
        added = sum(bounce.domain == domain for bounce in fresh)
        if bursts.is_step(number, added, least=_least(domain=domain), by=2) and (
            number >= BURST_SHARE * queries.number_tried_at(domain, since=since)
        ):
            withhold(domain=domain, since=since, now=now)


def _least(*, batch_id: int | None = None, domain: str = "") -> int:
    return bursts.least(queries.times_found_gone(batch_id=batch_id, domain=domain))


def withhold_run(run: Iterable[tuple[int | None, str]], *, now: datetime) -> None:
    """Withhold a run of "gone", none between that left: what its issue, or its domain, made of it.

    `run` names the issue and the domain of each.
    """
    seen = list(run)
    since = now - RUN_WITHIN
    batches = {batch_id for batch_id, _ in seen if batch_id is not None}
    domains = {domain for _, domain in seen}
    if queries.withheld_for(batches, domains):
        # It was let go on before anybody had decided.
        _pause(batches, now=now)
    if len(batches) == 1:
        [batch_id] = batches
        where = (Bounce.batch_id == batch_id, Bounce.reported_at >= since)
        if _is_burst(where, least=_least(batch_id=batch_id)):
            withhold(batch_id=batch_id, since=since, now=now)
    elif len(domains) == 1:
        [domain] = domains
        where = (Bounce.domain == domain, Bounce.reported_at >= since)
        if _is_burst(where, least=_least(domain=domain)):
            withhold(domain=domain, since=since, now=now)


def _is_burst(where: tuple[ColumnElement[bool], ...], *, least: int) -> bool:
    """Tell whether bounces are too many, with those that wait already, and some suppress yet."""
    return queries.number_undecided(*where) >= least and queries.number_in_force(*where) > 0


def withhold_at_end(batch_id: int, *, now: datetime) -> bool:
    """Withhold what came of an issue that is at its end, where half of it is said to be gone."""
    number = queries.number_in_force(Bounce.batch_id == batch_id)
    if number < LAST_LEAST or number < LAST_SHARE * queries.number_tried(batch_id):
        return False
    withhold(batch_id=batch_id, now=now)
    return True


def withhold(
    *, batch_id: int | None = None, domain: str = "", since: datetime | None = None, now: datetime
) -> Cause:
    """Let all that came of an issue, or of a domain, wait for a person; what runs stands still.

    Whom it had suppressed already is written to again meanwhile.
    """
    throttles_verbs.lock(BOUNCES, now=now)
    about = Bounce.domain == domain if domain else Bounce.batch_id == batch_id
    withheld = queries.withheld_for([batch_id] if batch_id else [], [domain] if domain else [])
    cause = (
        withheld[0]
        if withheld
        else Cause(batch_id=batch_id, domain=domain, began_at=now, withheld_at=now)
    )
    db.session.add(cause)
    db.session.flush()
    where: list[ColumnElement[bool]] = [about, queries.IS_IN_FORCE]
    if since is not None:
        where.append(Bounce.reported_at >= since)
    rows = db.session.execute(select(Bounce.id, Bounce.cause_id).join(Cause).where(*where)).all()
    before = {row.cause_id for row in rows}
    _unsuppress(before, bounces=[row.id for row in rows])
    for ids in _pieces([row.id for row in rows]):
        db.session.execute(update(Bounce).where(Bounce.id.in_(ids)).values(cause_id=cause.id))
    _drop_empty(before)
    cause.began_at = min(
        db.session.scalars(select(Bounce.reported_at).where(Bounce.cause_id == cause.id)),
        default=now,
    )
    _pause([batch_id, *queries.batches_of(cause)], now=now)
    return cause


# As many as one statement names.
_MOST = 500


def _pieces(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[at : at + _MOST] for at in range(0, len(ids), _MOST))


def _unsuppress(causes: Collection[int], *, bounces: Sequence[int]) -> None:
    for ids in _pieces(bounces):
        db.session.execute(
            delete(Suppression)
            .where(
                Suppression.cause_id.in_(causes),
                Suppression.address_hash.in_(select(Bounce.address_hash).where(Bounce.id.in_(ids))),
            )
            .execution_options(synchronize_session=False)
        )


def _drop_empty(causes: Collection[int]) -> None:
    db.session.execute(
        delete(Cause)
        .where(Cause.id.in_(causes), ~exists().where(Bounce.cause_id == Cause.id))
        .execution_options(synchronize_session=False)
    )


def _pause(batch_ids: Iterable[int | None], *, now: datetime) -> None:
    for batch_id in sorted({number for number in batch_ids if number is not None}):
        batch = db.session.get(Batch, batch_id)
        if batch is None or batch.finished_at is not None:
            continue
        # What a person has paused goes on when they say so, and not with a decision on bounces.
        if batch.paused_at is None or batch.paused_because:
            last = select(Bounce.words).where(Bounce.batch_id == batch_id)
            words = db.session.scalar(last.order_by(Bounce.id.desc()).limit(1)) or ""
            pause(batch, because=batch.paused_because or words, now=now)


def _lock(cause: Cause, *, now: datetime) -> None:
    """Look at a cause as it is now, and let nothing be added to it before this is decided."""
    throttles_verbs.lock(BOUNCES, now=now)
    db.session.refresh(cause, ["withheld_at", "decided_at", "decision"])


def find_gone(cause: Cause, *, by: int | None, now: datetime) -> None:
    """Settle a cause: they are gone. Suppresses all of them, and lets its issues go on."""
    _lock(cause, now=now)
    if not cause.is_withheld:
        return
    cause.decided_at, cause.decided_by_id, cause.decision = now, by, Decision.GONE
    db.session.flush()
    suppress_certain(
        db.session.scalars(
            select(Bounce).where(Bounce.cause_id == cause.id, Bounce.is_certain)
        ).all(),
        now=now,
    )
    _let_go_on(cause)


def find_reachable(cause: Cause, *, by: int | None, now: datetime) -> None:
    """Settle a cause: it was the relay. Lifts all it suppressed; what they missed goes again."""
    _lock(cause, now=now)
    if cause.decision == Decision.RELAY:
        return
    cause.decided_at, cause.decided_by_id, cause.decision = now, by, Decision.RELAY
    db.session.flush()
    db.session.execute(
        delete(Suppression)
        .where(Suppression.cause_id == cause.id)
        .execution_options(synchronize_session=False)
    )
    ids = db.session.scalars(
        select(Bounce.message_id).where(
            Bounce.cause_id == cause.id, Bounce.message_id.is_not(None), Bounce.is_certain
        )
    )
    send_again([number for number in ids if number is not None], now=now)
    _let_go_on(cause)


def _let_go_on(cause: Cause) -> None:
    """Let the issues go on that stood still for a cause, but where another one waits yet."""
    batches = set(queries.batches_of(cause))
    if cause.batch_id is not None:
        batches.add(cause.batch_id)
    for batch_id in sorted(batches):
        batch = db.session.get(Batch, batch_id)
        is_ours = batch is not None and batch.paused_because and batch.stopped_at is None
        if batch is not None and is_ours and not queries.withheld_of([batch_id]):
            resume(batch)
