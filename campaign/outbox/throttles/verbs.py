"""Verbs of throttles: a token bucket each, slots for what must wait, a circuit breaker."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from campaign.db import db, insert_missing
from campaign.db import lock as for_update
from campaign.outbox.policy import FIRST_PAUSE, LONGEST_PAUSE
from campaign.outbox.throttles import queries
from campaign.outbox.throttles.models import Throttle
from campaign.outbox.throttles.queries import BOUNCES, DOMAIN, RELAY


def domain_of(address: str) -> str:
    """Give the domain of an address, by which its throttle is named."""
    return address.rpartition("@")[2].lower()[:200]


def take_tokens(name: str, limit: int, *, rate: float, now: datetime) -> int:
    """Tell how many messages may leave now, and take them from the bucket that all share.

    The bucket holds one second's worth, so that after an outage nothing leaves in a burst.
    """
    if rate <= 0:
        if name != RELAY:
            return limit
        return 0 if queries.is_backing_off(RELAY, now=now) else limit
    throttle = _throttle(name, now)
    if throttle.paused_until is not None and throttle.paused_until > now:
        return 0
    gained = max((now - throttle.filled_at).total_seconds(), 0) * rate
    throttle.tokens = min(throttle.tokens + gained, max(rate, 1.0))
    throttle.filled_at = now
    taken = min(int(throttle.tokens), limit)
    throttle.tokens -= taken
    db.session.flush()
    return taken


def give_back_tokens(name: str, number: int) -> None:
    """Put back what was taken and not used."""
    db.session.execute(
        update(Throttle).where(Throttle.name == name).values(tokens=Throttle.tokens + number)
    )


def reserve_slots(domain: str, number: int, *, rate: float, after: datetime) -> list[datetime]:
    """Give so many moments at which a domain takes one more, behind those given already.

    So each message is put off once, and not in every claim.
    """
    if not number:
        return []
    throttle = _throttle(DOMAIN + domain, after)
    step = timedelta(seconds=1 / rate if rate > 0 else 0.05)
    begin = max(throttle.reserved_until or after, after)
    throttle.reserved_until = begin + step * number
    return [begin + step * (at + 1) for at in range(number)]


def back_off(name: str, *, because: str, least: timedelta | None = None, now: datetime) -> None:
    """Open the circuit after trouble, longer each time; or for `least`, where that is longer."""
    throttle = _throttle(name, now)
    throttle.failures += 1
    throttle.last_trouble = because[:500]
    usual = min(FIRST_PAUSE * 2 ** min(throttle.failures - 1, 10), LONGEST_PAUSE)
    throttle.paused_until = now + max(usual, least or usual)


def lock(name: str, *, now: datetime) -> None:
    """Lock a throttle until what is done is saved; others wait for it."""
    _throttle(name, now)


def reset(name: str) -> None:
    """Close the circuit again: something has gone through."""
    db.session.execute(
        update(Throttle)
        .where(Throttle.name == name, Throttle.failures > 0)
        .values(failures=0, paused_until=None, last_trouble="")
    )


def tidy(*, before: datetime) -> None:
    """Erase the throttles of old issues and domains; one is made again when it is needed."""
    db.session.execute(
        delete(Throttle).where(
            Throttle.name.not_in([RELAY, BOUNCES]),
            Throttle.failures == 0,
            Throttle.filled_at < before,
        )
    )


def _throttle(name: str, now: datetime) -> Throttle:
    insert_missing(
        Throttle, {"name": name, "tokens": 1.0, "filled_at": now, "failures": 0}, unique=["name"]
    )
    throttle: Throttle = db.session.scalars(
        for_update(select(Throttle).where(Throttle.name == name)).execution_options(
            populate_existing=True
        )
    ).one()
    return throttle
