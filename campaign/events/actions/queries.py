"""Questions about one day of action, of fourteen events or of ten thousand: few rows answer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from campaign.days_and_hours import clock_of
from campaign.db import db
from campaign.events.models import Action, Event
from campaign.events.place_search import Place
from campaign.events.queries import AS_PLACE


class Country(NamedTuple):
    """What a day of action is in one country."""

    code: str
    events: int
    # Of its events those that are not called off, and the cities where these are.
    on: int
    cities: int
    examples: int


@dataclass(frozen=True)
class Figures:
    """How large a day of action is, and from when to when it runs around the world."""

    countries: tuple[Country, ...]
    first: datetime | None
    last: datetime | None

    @property
    def events(self) -> int:
        """Count its events, those called off among them."""
        return sum(country.events for country in self.countries)

    @property
    def on(self) -> int:
        """Count its events that are not called off."""
        return sum(country.on for country in self.countries)

    @property
    def cities(self) -> int:
        """Count the cities where it takes place; those of one name in two countries are two."""
        return sum(country.cities for country in self.countries)

    @property
    def countries_on(self) -> int:
        """Count the countries where it takes place."""
        return sum(country.on > 0 for country in self.countries)

    @property
    def has_examples(self) -> bool:
        """Tell whether some of its events are examples."""
        return any(country.examples for country in self.countries)

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has ended everywhere."""
        return self.last is not None and self.last <= now


def figures(action: Action) -> Figures:
    """Count a day of action: a row for each country, and one for each zone's day."""
    countries = db.session.execute(
        select(
            Event.country,
            func.count(),
            func.count(case((_IS_ON, 1))),
            func.count(case((_IS_ON, Event.city)).distinct()),
            func.count(case((Event.is_example, 1))),
        )
        .where(Event.action_id == action.id)
        .group_by(Event.country)
    )
    rows = db.session.execute(
        select(
            Event.zone,
            Event.starts_on,
            _IS_ON,
            func.min(Event.starts),
            func.max(Event.ends),
            func.count() - func.count(Event.starts),
        )
        .where(Event.action_id == action.id)
        .group_by(Event.zone, Event.starts_on, _IS_ON)
    )
    days = [_Day(*row) for row in rows]
    return Figures(
        countries=tuple(Country(*row) for row in countries),
        first=min((day.begins_at for day in days if day.is_on), default=None),
        last=max((day.ends_at for day in days), default=None),
    )


_IS_ON = Event.cancelled_at.is_(None)


class _Day(NamedTuple):
    """A day of action on the clocks of one zone: its hours, and how many events are of all day."""

    zone: str
    day: date
    is_on: bool
    first: time
    last: time
    all_day: int

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.day, time() if self.all_day else self.first, self._clock)

    @property
    def ends_at(self) -> datetime:
        if self.all_day:
            return datetime.combine(self.day + timedelta(days=1), time(), self._clock)
        return datetime.combine(self.day, self.last, self._clock)

    @property
    def _clock(self) -> ZoneInfo:
        return clock_of(self.zone)


def places(action: Action, *, country: str = "") -> list[Place]:
    """List where a day of action has events, by country and city: the way to each, and no more."""
    query = select(*AS_PLACE).where(Event.action_id == action.id)
    if country:
        query = query.where(Event.country == country)
    rows = db.session.execute(query.order_by(Event.country, Event.city, Event.id))
    return [Place(*row) for row in rows]


def some_places(action: Action, *, most: int) -> list[Place]:
    """List some places where a day of action takes place, by city."""
    query = select(*AS_PLACE).where(Event.action_id == action.id, _IS_ON)
    rows = db.session.execute(query.order_by(Event.city, Event.id).limit(most))
    return [Place(*row) for row in rows]


def positions(action: Action) -> Sequence[tuple[float, float]]:
    """List where on Earth it takes place, in decimal degrees north and east."""
    query = select(Event.latitude, Event.longitude).where(Event.action_id == action.id, _IS_ON)
    rows = db.session.execute(query.where(Event.latitude.is_not(None)))
    return [(latitude, longitude or 0) for latitude, longitude in rows]
