"""Questions about timings: what bounds the speed of sending now."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from campaign.db import db
from campaign.outbox.timings.models import Timing

# What senders may spend their time on.
KINDS = ("relay", "rate", "database", "processor")
# Over so many minutes it is asked, and of fewer seconds nothing is said.
OVER, LEAST = timedelta(minutes=5), 5.0


class Bound(NamedTuple):
    """What most of the senders' time goes into: its kind, its share, and messages a minute."""

    kind: str
    share: float
    each_minute: float


def what_bounds(*, now: datetime) -> Bound | None:
    """Tell what bounds the speed now; None where the senders had next to nothing to do."""
    sums = [func.sum(getattr(Timing, kind)) for kind in (*KINDS, "settled")]
    recent = select(*sums, func.count()).where(Timing.minute > now - OVER, Timing.minute <= now)
    *seconds, settled, minutes = db.session.execute(recent).one()
    spent = dict(zip(KINDS, (each or 0.0 for each in seconds), strict=True))
    total = sum(spent.values())
    if total < LEAST:
        return None
    kind = max(spent, key=lambda each: spent[each])
    return Bound(kind, spent[kind] / total, settled / minutes)
