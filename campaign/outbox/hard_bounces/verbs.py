"""Verbs of bounces: note that somebody is said to be gone, and forget what counts no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, update

from campaign.db import db, lock
from campaign.outbox.hard_bounces import bursts, queries
from campaign.outbox.hard_bounces.causes import verbs as causes_verbs
from campaign.outbox.hard_bounces.models import Bounce, Cause, Decision
from campaign.outbox.models import Message, address_hash
from campaign.outbox.policy import MAYBES, MAYBES_OVER, MAYBES_WITHIN
from campaign.outbox.suppressions.models import BOUNCE, Suppression
from campaign.outbox.throttles import verbs as throttles_verbs
from campaign.outbox.throttles.queries import BOUNCES
from campaign.outbox.throttles.verbs import domain_of


class Status(StrEnum):
    """What a report has brought about."""

    SUPPRESSED = "suppressed"
    WITHHELD = "withheld"
    COUNTED = "counted"


@dataclass(frozen=True)
class Gone:
    """One message whose recipient is said to be gone, and the words; perhaps not for certain."""

    message_id: int
    batch_id: int | None
    address_hash: str
    domain: str
    words: str
    is_certain: bool = True


def report_gone(message: Message, *, words: str, is_certain: bool = True, now: datetime) -> Status:
    """Note that the recipient of a message is said to be gone, and tell what came of it.

    Suppresses them, unless many are said to be gone at once: then that waits for a person. What is
    not certain (`Verdict.MAYBE_GONE`) only counts: three messages over a week are certain.
    """
    domain = domain_of(message.to_address)
    gone = Gone(message.id, message.batch_id, message.address_hash, domain, words, is_certain)
    return report([gone], now=now)[message.id]


def report(found: Sequence[Gone], *, now: datetime) -> dict[int, Status]:
    """Note many at once as `report_gone` does; give what came of each, by its message."""
    # One worker at a time: who withholds a burst must see all that others have suppressed for it.
    throttles_verbs.lock(BOUNCES, now=now)
    new = _note(found, now=now)
    if any(bounce.is_certain for bounce in new):
        causes_verbs.suppress_certain(new, now=now)
        causes_verbs.look_for_bursts(new, now=now)
    return _statuses(found)


def _note(found: Sequence[Gone], *, now: datetime) -> list[Bounce]:
    """Write down what is new, each with its cause; what was lifted once may be reported again."""
    there = set(
        db.session.scalars(
            lock(select(Message.id).where(Message.id.in_([one.message_id for one in found])))
        )
    )
    known = queries.reported([one.message_id for one in found])
    new: list[Bounce] = []
    for one in sorted(found, key=lambda one: one.message_id):
        bounce, cause = known.get(one.message_id, (None, None))
        is_certain = one.is_certain or _is_certain_by_now(one, now=now)
        if bounce is None:
            bounce = Bounce(
                # A person who was forgotten meanwhile took the message along.
                message_id=one.message_id if one.message_id in there else None,
                batch_id=one.batch_id if one.message_id in there else None,
                address_hash=one.address_hash,
                domain=one.domain,
            )
        elif (
            cause is not None
            and cause.decision != Decision.RELAY
            and (bounce.is_certain or not is_certain)
        ):
            continue
        bounce.words = bursts.without_addresses(one.words)
        bounce.is_certain, bounce.reported_at = is_certain, now
        new.append(bounce)
    _find_causes(new, now=now)
    db.session.add_all(new)
    db.session.flush()
    return new


def _is_certain_by_now(one: Gone, *, now: datetime) -> bool:
    number, first = queries.maybes(one.address_hash, since=now - MAYBES_WITHIN)
    is_known = bool(queries.reported([one.message_id]))
    is_often = number + (not is_known) >= MAYBES
    return is_often and first is not None and now - first >= MAYBES_OVER


def _find_causes(bounces: Iterable[Bounce], *, now: datetime) -> None:
    """Give each its cause: one that waits for a person, else its issue's, else its domain's."""
    bounces = list(bounces)
    withheld = queries.withheld_for(
        {bounce.batch_id for bounce in bounces if bounce.batch_id is not None},
        {bounce.domain for bounce in bounces},
    )
    by_domain = {cause.domain: cause for cause in withheld if cause.domain}
    by_batch = {cause.batch_id: cause for cause in withheld if not cause.domain}
    open_now: dict[tuple[int | None, str], Cause] = {}
    for bounce in bounces:
        cause = by_domain.get(bounce.domain) or by_batch.get(bounce.batch_id)
        if cause is None:
            about = (bounce.batch_id, "" if bounce.batch_id else bounce.domain)
            cause = open_now.get(about) or queries.in_force_for(*about)
            if cause is None:
                cause = Cause(batch_id=about[0], domain=about[1], began_at=now)
                db.session.add(cause)
                db.session.flush()
            open_now[about] = cause
        bounce.cause_id = cause.id


def _statuses(found: Sequence[Gone]) -> dict[int, Status]:
    known = queries.reported([one.message_id for one in found])
    statuses = {}
    for one in found:
        bounce, cause = known.get(one.message_id, (None, None))
        status = Status.SUPPRESSED
        if bounce is not None and cause is not None:
            if not bounce.is_certain:
                status = Status.COUNTED
            elif cause.is_withheld:
                status = Status.WITHHELD
        statuses[one.message_id] = status
    return statuses


def lift_bounce(address: str) -> None:
    """Write again to an address from which mail once came back: its owner has just shown it works.

    Nor does it count any more what was said of it and waits for a person. What they themselves
    said, "never write to me" or a complaint, stays.
    """
    theirs = address_hash(address)
    bounce = (Suppression.address_hash == theirs, Suppression.reason == BOUNCE)
    db.session.execute(delete(Suppression).where(*bounce))
    db.session.execute(delete(Bounce).where(Bounce.address_hash == theirs))


def keep_from(person_id: int, *, kind: str) -> None:
    """Let nothing of a kind go again to a person who has left meanwhile."""
    theirs = select(Message.id).where(Message.person_id == person_id, Message.kind == kind)
    db.session.execute(
        update(Bounce)
        .where(Bounce.message_id.in_(theirs))
        .values(message_id=None)
        .execution_options(synchronize_session=False)
    )


def tidy(*, now: datetime) -> None:
    """Erase what was reported once it counts no more; what waits for a person waits on."""
    waiting = select(Cause.id).where(Cause.withheld_at.is_not(None), Cause.decided_at.is_(None))
    db.session.execute(
        delete(Bounce)
        .where(Bounce.reported_at < now - MAYBES_WITHIN, Bounce.cause_id.not_in(waiting))
        .execution_options(synchronize_session=False)
    )
