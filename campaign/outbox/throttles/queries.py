"""Questions about lanes: which rest, and which are in trouble."""

from datetime import datetime

from sqlalchemy import select

from campaign.db import db
from campaign.outbox.models import Lane

RELAY = "relay"
DOMAIN = "domain:"
# No mail takes it: whoever decides about bounces does, one at a time.
BOUNCES = "bounces"


def is_resting(name: str, *, now: datetime) -> bool:
    """Tell whether a lane rests after trouble."""
    until = db.session.scalar(select(Lane.paused_until).where(Lane.name == name))
    return until is not None and until > now


def is_troubled(name: str) -> bool:
    """Tell whether the last that was tried on a lane failed."""
    return bool(db.session.scalar(select(Lane.failures).where(Lane.name == name)))


def resting_domains(*, now: datetime) -> dict[str, datetime]:
    """Give the domains that rest after throttling, and until when."""
    found = db.session.execute(
        select(Lane.name, Lane.paused_until).where(
            Lane.name.startswith(DOMAIN), Lane.paused_until > now
        )
    )
    return {row.name.removeprefix(DOMAIN): row.paused_until for row in found}


def troubled_domains() -> set[str]:
    """Name the domains that throttled us and have not taken a message since."""
    found = db.session.scalars(
        select(Lane.name).where(
            # One in trouble has rested at least once: of many lanes, only such are looked at.
            Lane.paused_until.is_not(None),
            Lane.name.startswith(DOMAIN),
            Lane.failures > 0,
        )
    )
    return {name.removeprefix(DOMAIN) for name in found}
