"""Questions about feeds: which events stand in one, and as what they were written."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import or_, select

from campaign.db import db
from campaign.events.models import Event
from campaign.events.policy import FEED_RETENTION
from campaign.events.queries import Narrowed


class Version(NamedTuple):
    """An event as it stood when it was last revised: enough to know what was written of it."""

    id: int
    uid: str
    revised_at: datetime
    zone: str
    starts_on: date
    is_all_day: bool


def version_of(event: Event) -> Version:
    """Give an event as it stands."""
    at = event.zone, event.starts_on, event.is_all_day
    return Version(event.id, event.uid, event.revised_at, *at)


def versions(narrowed: Narrowed, *, now: datetime) -> list[Version]:
    """List some events in their order, but for those that were called off long ago."""
    first = (now - FEED_RETENTION).replace(hour=0, minute=0, second=0, microsecond=0)
    not_long_called_off = or_(Event.cancelled_at.is_(None), Event.cancelled_at >= first)
    columns = (Event.id, Event.uid, Event.revised_at, Event.zone, Event.starts_on)
    query = select(*columns, Event.starts.is_(None)).where(narrowed.where, not_long_called_off)
    return [Version(*row) for row in db.session.execute(query.order_by(*narrowed.order))]
