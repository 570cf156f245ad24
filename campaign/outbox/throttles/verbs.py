"""Deeds of lanes: a token bucket each, moments for what must wait, rests after trouble."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from campaign.db import db, insert_missing, lock
from campaign.outbox.models import Lane
from campaign.outbox.throttles import queries
from campaign.outbox.throttles.queries import DOMAIN, RELAY


def domain_of(address: str) -> str:
    """Give the domain of an address, by which its lane is named."""
    return address.rpartition("@")[2].lower()[:200]


def take_tokens(name: str, limit: int, *, rate: float, now: datetime) -> int:
    """Tell how many messages may leave now, and take them from the bucket that all share.

    The bucket holds one second's worth, so that after an outage nothing leaves in a burst.
    """
    if rate <= 0:
        if name != RELAY:
            return limit
        return 0 if queries.is_resting(RELAY, now=now) else limit
    lane = _lane(name, now)
    if lane.paused_until is not None and lane.paused_until > now:
        return 0
    gained = max((now - lane.filled_at).total_seconds(), 0) * rate
    lane.tokens = min(lane.tokens + gained, max(rate, 1.0))
    lane.filled_at = now
    taken = min(int(lane.tokens), limit)
    lane.tokens -= taken
    db.session.flush()
    return taken


def give_back_tokens(name: str, number: int) -> None:
    """Put back what was taken and not used."""
    db.session.execute(update(Lane).where(Lane.name == name).values(tokens=Lane.tokens + number))


def moments(domain: str, number: int, *, rate: float, after: datetime) -> list[datetime]:
    """Give so many moments at which a domain takes one more, behind those given already.

    So each message is put off once, and not in every claim.
    """
    if not number:
        return []
    lane = _lane(DOMAIN + domain, after)
    step = timedelta(seconds=1 / rate if rate > 0 else 0.05)
    begin = max(lane.given_until or after, after)
    lane.given_until = begin + step * number
    return [begin + step * (at + 1) for at in range(number)]


def rest(name: str, *, because: str, least: timedelta | None = None, now: datetime) -> None:
    """Let a lane rest after trouble, longer each time; or for `least`, where that is longer."""
    lane = _lane(name, now)
    lane.failures += 1
    lane.last_trouble = because[:500]
    usual = min(timedelta(seconds=5) * 2 ** min(lane.failures - 1, 10), timedelta(minutes=15))
    lane.paused_until = now + max(usual, least or usual)


def hold(name: str, *, now: datetime) -> None:
    """Keep a lane for oneself until one's deed is saved; others wait for it."""
    _lane(name, now)


def mend(name: str) -> None:
    """Open a lane again: something has gone through."""
    db.session.execute(
        update(Lane)
        .where(Lane.name == name, Lane.failures > 0)
        .values(failures=0, paused_until=None, last_trouble="")
    )


def _lane(name: str, now: datetime) -> Lane:
    insert_missing(
        Lane, {"name": name, "tokens": 1.0, "filled_at": now, "failures": 0}, unique=["name"]
    )
    lane: Lane = db.session.scalars(
        lock(select(Lane).where(Lane.name == name)).execution_options(populate_existing=True)
    ).one()
    return lane
