"""Questions about bounces: what waits for a person, how many share a cause, what was said."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from campaign.db import db
from campaign.outbox.hard_bounces.models import Bounce, Cause, Decision
from campaign.outbox.models import Message, State
from campaign.outbox.policy import WORDS_SHOWN
from campaign.outbox.suppressions.models import Suppression

_DIFFERS = re.compile(r"<[^<>]*>|\S*@\S*|https?://\S+|\b(?=\w*\d)(?=\w*[a-zA-Z])[\w.-]{8,}\b")

IS_IN_FORCE = and_(Cause.withheld_at.is_(None), Cause.decided_at.is_(None))
_IS_WITHHELD = and_(Cause.withheld_at.is_not(None), Cause.decided_at.is_(None))


def cause(id: int) -> Cause | None:
    """Find one cause, with the issue it is about."""
    return db.session.get(Cause, id, options=[joinedload(Cause.batch)])


def withheld() -> list[Cause]:
    """List the causes that wait for a person, the oldest first."""
    query = select(Cause).options(joinedload(Cause.batch)).where(_IS_WITHHELD)
    return list(db.session.scalars(query.order_by(Cause.withheld_at, Cause.id)))


def causes() -> Select[Cause]:
    """Find every cause of bounces, the newest first."""
    return select(Cause).options(joinedload(Cause.batch)).order_by(Cause.id.desc())


def number_of(causes: Iterable[Cause]) -> dict[int, int]:
    """Count how many each cause touched, by its number."""
    numbers = [cause.id for cause in causes]
    rows = db.session.execute(
        select(Bounce.cause_id, func.count())
        .where(Bounce.cause_id.in_(numbers), Bounce.is_certain)
        .group_by(Bounce.cause_id)
    )
    found: dict[int, int] = dict(rows.all())
    return dict.fromkeys(numbers, 0) | found


def number_suppressed(cause: Cause) -> int:
    """Count the addresses that are not written to because of a cause."""
    query = select(func.count()).where(Suppression.cause_id == cause.id)
    return db.session.scalar(query) or 0


def words_of(cause: Cause) -> list[tuple[str, int]]:
    """Group what was said, without addresses, the most frequent first."""
    rows = db.session.execute(
        select(Bounce.words, func.count())
        .where(Bounce.cause_id == cause.id, Bounce.is_certain)
        .group_by(Bounce.words)
    )
    groups: Counter[str] = Counter()
    for words, number in rows:
        groups[without_names(words)] += number
    return groups.most_common(WORDS_SHOWN)


def without_names(words: str) -> str:
    """Give what was said without what differs from one recipient to the next."""
    return " ".join(_DIFFERS.sub("…", words[:200]).split())


def withheld_for(batches: Collection[int], domains: Collection[str]) -> list[Cause]:
    """Find the causes that wait for a person and take what comes of issues and domains."""
    query = select(Cause).where(
        _IS_WITHHELD,
        or_(
            and_(Cause.domain == "", Cause.batch_id.in_(batches)),
            and_(Cause.domain != "", Cause.domain.in_(domains)),
        ),
    )
    return list(db.session.scalars(query.order_by(Cause.id)))


def withheld_of(batches: Collection[int]) -> list[Cause]:
    """Find the causes that wait for a person and have bounces of some issues."""
    theirs = select(Bounce.cause_id).where(Bounce.batch_id.in_(batches))
    return list(db.session.scalars(select(Cause).where(_IS_WITHHELD, Cause.id.in_(theirs))))


def in_force_for(batch_id: int | None, domain: str) -> Cause | None:
    """Find the cause that takes the bounces of an issue, or without one of a domain."""
    return db.session.scalar(
        select(Cause)
        .where(
            IS_IN_FORCE, Cause.batch_id == batch_id, Cause.domain == ("" if batch_id else domain)
        )
        .order_by(Cause.id.desc())
        .limit(1)
    )


def reported(message_ids: Collection[int]) -> dict[int, tuple[Bounce, Cause]]:
    """Find what was reported of messages already."""
    rows = db.session.execute(
        select(Bounce, Cause).join(Cause).where(Bounce.message_id.in_(message_ids))
    )
    return {bounce.message_id or 0: (bounce, cause) for bounce, cause in rows}


def number_in_force(*where: ColumnElement[bool]) -> int:
    """Count the bounces that suppress and of which no person has judged."""
    return number_undecided(IS_IN_FORCE, *where)


def number_undecided(*where: ColumnElement[bool]) -> int:
    """Count the bounces of which no person has judged, whether they suppress or wait."""
    query = select(func.count()).select_from(Bounce).join(Cause)
    query = query.where(Cause.decided_at.is_(None), Bounce.is_certain)
    return db.session.scalar(query.where(*where)) or 0


def times_found_gone(*, batch_id: int | None, domain: str) -> int:
    """Count how often a person has looked at bursts of an issue or domain and found them right."""
    about = Cause.domain == domain if domain else Cause.batch_id == batch_id
    query = select(func.count()).where(
        about, Cause.withheld_at.is_not(None), Cause.decision == Decision.GONE
    )
    return db.session.scalar(query) or 0


_TRIED = (State.SENT, State.BOUNCED, State.FAILED)


def number_tried(batch_id: int, *states: State) -> int:
    """Count the messages of an issue that were tried to their end, or are in some states."""
    query = select(func.count()).where(
        Message.batch_id == batch_id, Message.state.in_(states or _TRIED)
    )
    return db.session.scalar(query) or 0


def number_tried_at(domain: str, *, since: datetime) -> int:
    """Count the messages to a domain that were tried to their end. Reads the whole table."""
    query = select(func.count()).where(
        Message.state.in_(_TRIED),
        Message.settled_at >= since,
        Message.to_address.endswith(f"@{domain}", autoescape=True),
    )
    return db.session.scalar(query) or 0


def maybes(address_hash: str, *, since: datetime) -> tuple[int, datetime | None]:
    """Count the messages of which it was said that an address may be gone; date the first."""
    number, first = db.session.execute(
        select(func.count(), func.min(Bounce.reported_at)).where(
            Bounce.address_hash == address_hash,
            Bounce.is_certain.is_(False),
            Bounce.reported_at >= since,
        )
    ).one()
    return number, first


def batches_of(cause: Cause) -> Sequence[int]:
    """List the ids of the issues of which a cause has bounces."""
    query = select(Bounce.batch_id).where(Bounce.cause_id == cause.id, Bounce.batch_id.is_not(None))
    return [number for number in db.session.scalars(query.distinct()) if number is not None]
