"""Questions about one day of action, of ten events or of ten thousand: few rows answer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select

from campaign.days_and_hours import clock_of
from campaign.db import db
from campaign.events import world_map
from campaign.events.models import Action, Event
from campaign.languages import country_name


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
    first: time | None
    last: time | None
    all_day: int

    @property
    def begins_at(self) -> datetime:
        return self._at(None if self.all_day else self.first)

    @property
    def ends_at(self) -> datetime:
        if self.all_day or self.last is None:
            return self._at(None, after=timedelta(days=1))
        return self._at(self.last)

    def _at(self, hour: time | None, *, after: timedelta = timedelta(0)) -> datetime:
        return datetime.combine(self.day + after, hour or time(), clock_of(self.zone))


class Place(NamedTuple):
    """An event as a list of hundreds knows it: where it is, and the way to its page."""

    id: int
    city: str
    country: str
    slug: str
    is_called_off: bool


def places(action: Action) -> list[Place]:
    """List where a day of action has events, by country and city: the way to each, and no more."""
    query = select(Event.id, Event.city, Event.country, Event.slug, Event.cancelled_at.is_not(None))
    here = query.where(Event.action_id == action.id)
    rows = db.session.execute(here.order_by(Event.country, Event.city, Event.id))
    return [Place(*row) for row in rows]


@dataclass(frozen=True)
class There:
    """A country of a day of action: its events, or the way to each, or the way to all of them."""

    code: str
    number: int
    events: list[Event]
    places: list[Place]


def by_country(figures: Figures, places: Sequence[Place], events: Sequence[Event]) -> list[There]:
    """Part what is shown of a day of action by country, in the order of the countries' names."""
    parts = {
        one.code: There(one.code, one.events, [], [])
        for one in sorted(figures.countries, key=lambda one: country_name(one.code))
    }
    # Between two questions an event may have come; it stands on the next view.
    for event in events:
        if event.country in parts:
            parts[event.country].events.append(event)
    for place in places:
        if place.country in parts:
            parts[place.country].places.append(place)
    return list(parts.values())


def positions(action: Action) -> list[tuple[float, float]]:
    """List where on Earth it takes place, in decimal degrees north and east."""
    query = select(Event.latitude, Event.longitude).where(Event.action_id == action.id, _IS_ON)
    return [
        position
        for latitude, longitude in db.session.execute(query)
        if (position := world_map.on_earth(latitude, longitude))
    ]
