"""Questions about throttles: which back off, and which are in trouble."""

from datetime import datetime

from sqlalchemy import select

from campaign.db import db
from campaign.outbox.throttles.models import Throttle

RELAY = "relay"
DOMAIN = "domain:"
# No mail takes it: whoever decides about bounces does, one at a time.
BOUNCES = "bounces"


def is_backing_off(name: str, *, now: datetime) -> bool:
    """Tell whether a throttle backs off after trouble."""
    until = db.session.scalar(select(Throttle.paused_until).where(Throttle.name == name))
    return until is not None and until > now


def is_troubled(name: str) -> bool:
    """Tell whether the last that was tried on a throttle failed."""
    return bool(db.session.scalar(select(Throttle.failures).where(Throttle.name == name)))


def domains_backing_off(*, now: datetime) -> dict[str, datetime]:
    """Give the domains that we back off from, and until when."""
    found = db.session.execute(
        select(Throttle.name, Throttle.paused_until).where(
            Throttle.name.startswith(DOMAIN), Throttle.paused_until > now
        )
    )
    return {row.name.removeprefix(DOMAIN): row.paused_until for row in found}


def troubled_domains() -> set[str]:
    """Name the domains that throttled us and have not taken a message since."""
    found = db.session.scalars(
        select(Throttle.name).where(
            # One in trouble has backed off before: of many throttles, only such are looked at.
            Throttle.paused_until.is_not(None),
            Throttle.name.startswith(DOMAIN),
            Throttle.failures > 0,
        )
    )
    return {name.removeprefix(DOMAIN) for name in found}


def relay() -> Throttle | None:
    """Find the state of the way to the relay; none before the first trouble or limit."""
    return db.session.get(Throttle, RELAY)


def is_relay_closed(*, now: datetime) -> bool:
    """Tell whether we back off from the relay after trouble on the way."""
    return is_backing_off(RELAY, now=now)


def troubled_relay() -> Throttle | None:
    """Find the way to the relay, if it fails."""
    found = relay()
    return found if found is not None and found.failures else None
