"""Verbs of timings: senders add what they spent, and what is old is erased."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete

from campaign.db import db, upsert
from campaign.outbox.timings.models import Timing


def record(spent: Mapping[str, float], *, settled: int, now: datetime) -> None:
    """Add the seconds that a sender spent, by kind, to those of this minute."""
    added = {**spent, "settled": settled}
    statement = upsert(Timing).values(minute=now.replace(second=0, microsecond=0), **added)
    sums = {name: getattr(Timing, name) + statement.excluded[name] for name in added}
    db.session.execute(statement.on_conflict_do_update(index_elements=["minute"], set_=sums))


def tidy(*, before: datetime) -> None:
    """Erase what is no longer asked about."""
    db.session.execute(delete(Timing).where(Timing.minute < before))
