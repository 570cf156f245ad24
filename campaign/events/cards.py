"""Cards: what an issue says of events to each reader, by where they live (`outbox.fields`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, reduce
from html import escape

from campaign.db import db
from campaign.events import queries
from campaign.events.models import Action, Event
from campaign.events.sign_ups.queries import seats_reserved, seats_taken
from campaign.languages import current_language, number
from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import Recipient, Value, field
from campaign.places import cities
from campaign.places.cities import City, km_between
from campaign.templating import public_url, render_in_mail

# So far people go for an evening.
NEAR_KM = 250
_NEAR_DEGREES = NEAR_KM / 111
# So far away it is worth saying.
WORTH_SAYING_KM = 25
MONTH = timedelta(days=30)
# What fits in one card, and in a list of the month.
MOST_AT_ONCE = 4
MOST_IN_A_MONTH = 12
BIGGEST = 5


@dataclass(frozen=True)
class Meeting:
    """An event as a card shows it, apart from the database: many cards are made of it."""

    title: str
    city: str
    country: str
    zone: str
    location: str
    starts_on: date
    starts_at: datetime
    ends_at: datetime
    is_all_day: bool
    is_example: bool
    is_full: bool
    taken: int
    latitude: float | None
    longitude: float | None
    url: str

    @property
    def is_located(self) -> bool:
        """Tell whether somebody has said where on Earth it is."""
        return self.latitude is not None and self.longitude is not None

    def is_near(self, city: City) -> bool:
        """Tell whether it lies within reach of a city; most do not, which is told at a glance."""
        if self.latitude is None or abs(self.latitude - city.latitude) > _NEAR_DEGREES:
            return False
        return self.km_from(city) <= NEAR_KM

    def km_from(self, city: City) -> float:
        """Tell how far it is from a city; endlessly far where nobody has said where it is."""
        if self.latitude is None or self.longitude is None:
            return float("inf")
        return km_between(self.latitude, self.longitude, city.latitude, city.longitude)


@dataclass(frozen=True)
class DayOfAction:
    """A day of action as a card shows it."""

    title: str
    day: date
    cities: int
    url: str


@dataclass(frozen=True)
class Ahead:
    """All that will take place, as it stood at one minute."""

    meetings: tuple[Meeting, ...]
    action: DayOfAction | None


@field(
    "next_event",
    _l("a card with the next event near the reader, or else in their country"),
    by=("country", "city_id"),
)
def next_event(reader: Recipient, now: datetime) -> Value:
    """Tell the reader where they can come; who lives nowhere near, of the next day of action."""
    ahead = _ahead(now)
    city = _city(reader)
    found = _nearest(ahead.meetings, city, reader.country) if city else []
    found = found or _first_in(ahead.meetings, reader.country)
    km = round(found[0].km_from(city)) if len(found) == 1 and city and found[0].is_located else 0
    is_journey = WORTH_SAYING_KM <= km <= NEAR_KM
    action = None if found else ahead.action
    card = _card(current_language(), tuple(found), action, is_journey, _everywhere())
    if city is None or not is_journey:
        return card
    said = {_KM: number(km), _CITY: city.name}
    return Value(_with(said, card.text), _with({k: escape(v) for k, v in said.items()}, card.html))


# Stand for what differs from city to city while the rest of a card is made once for all.
_KM, _CITY = "QZKMZQ", "QZCITYZQ"


def _with(said: dict[str, str], words: str | None) -> str:
    return reduce(lambda text, word: text.replace(*word), said.items(), words or "")


@lru_cache(maxsize=500)
def _card(
    language: str,
    meetings: tuple[Meeting, ...],
    action: DayOfAction | None,
    is_journey: bool,
    all_url: str,
) -> Value:
    """Make a card. Its `language` is that of the moment: the same card in another is another."""
    return Value(
        *render_in_mail(
            "events/mail/next_event",
            meetings=meetings,
            action=action,
            km=_KM if is_journey else "",
            city=_CITY,
            all_url=all_url,
        )
    )


@field(
    "events_this_month",
    _l("a list of the events of the next 30 days in the reader's country, or the biggest anywhere"),
    by=("country", "city_id"),
)
def events_this_month(reader: Recipient, now: datetime) -> Value:
    """List what the next 30 days bring in the reader's country, or where most people come."""
    soon = [meeting for meeting in _ahead(now).meetings if meeting.starts_at <= now + MONTH]
    near = _in_reach(soon, _city(reader), reader.country)
    biggest = sorted(soon, key=lambda meeting: -meeting.taken)[:BIGGEST]
    shown = near[:MOST_IN_A_MONTH] or sorted(biggest, key=_day_and_city)
    return _month(
        current_language(),
        tuple(shown),
        max(0, len(near) - MOST_IN_A_MONTH),
        bool(near),
        bool(reader.country or reader.city_id),
        _everywhere(),
    )


@lru_cache(maxsize=500)
def _month(
    language: str,
    meetings: tuple[Meeting, ...],
    more: int,
    is_near: bool,
    is_known: bool,
    all_url: str,
) -> Value:
    """Make a list of a month, in the language of the moment."""
    return Value(
        *render_in_mail(
            "events/mail/month",
            meetings=meetings,
            more=more,
            is_near=is_near,
            is_known=is_known,
            all_url=all_url,
        )
    )


def _everywhere() -> str:
    return public_url("events.index")


def _city(reader: Recipient) -> City | None:
    return cities.city(reader.city_id) if reader.city_id is not None else None


def _nearest(meetings: Iterable[Meeting], city: City, country: str) -> list[Meeting]:
    """Give the event to go to from a city: one with free seats first, and then the nearest."""
    found = _in_reach(meetings, city, country)
    return sorted(
        found, key=lambda one: (one.is_example, one.is_full, one.km_from(city), one.starts_on)
    )[:1]


def _in_reach(meetings: Iterable[Meeting], city: City | None, country: str) -> list[Meeting]:
    """Give those in a country, and those across a border that lie near a city."""
    return [
        meeting
        for meeting in meetings
        if (country and meeting.country == country) or (city and meeting.km_from(city) <= NEAR_KM)
    ]


def _first_in(meetings: Iterable[Meeting], country: str) -> list[Meeting]:
    """Give the first events in a country: of one day, for we do not know which is nearest."""
    found = [meeting for meeting in meetings if country and meeting.country == country]
    if not found:
        return []
    first = min(found, key=lambda one: (one.is_example, one.is_full, one.starts_on, one.city))
    same = [one for one in found if _rank(one) == _rank(first)]
    return sorted(same, key=_day_and_city)[:MOST_AT_ONCE]


def _rank(meeting: Meeting) -> tuple[date, bool, bool]:
    return meeting.starts_on, meeting.is_example, meeting.is_full


def _day_and_city(meeting: Meeting) -> tuple[date, str, str]:
    return meeting.starts_on, meeting.country, meeting.city


def _ahead(now: datetime) -> Ahead:
    """Give what lies ahead. The sender asks for each city of the world in turn."""
    database = str(db.engine.url)
    revised_at = _revised_at(database, now.replace(microsecond=0))
    return _ahead_at(database, now.replace(second=0, microsecond=0), revised_at)


@lru_cache(maxsize=4)
def _revised_at(_database: str, _second: datetime) -> datetime | None:
    return queries.last_revision()


@lru_cache(maxsize=4)
def _ahead_at(_database: str, minute: datetime, _revised_at: datetime | None) -> Ahead:
    events = queries.upcoming(now=minute)
    taken = seats_taken(event.id for event in events)
    reserved = seats_reserved((event.id for event in events), now=minute)
    action = queries.next_action(now=minute)
    return Ahead(
        meetings=tuple(_meeting(event, taken[event.id], reserved[event.id]) for event in events),
        action=None if action is None else _day_of_action(action, events),
    )


def _day_of_action(action: Action, events: Iterable[Event]) -> DayOfAction:
    return DayOfAction(
        title=action.title,
        day=action.day,
        cities=len({event.city for event in events if event.action_id == action.id}),
        url=public_url("events.action", slug=action.slug),
    )


def _meeting(event: Event, taken: int, reserved: int) -> Meeting:
    return Meeting(
        title=event.title,
        city=event.city,
        country=event.country,
        zone=event.zone,
        location=event.location,
        starts_on=event.starts_on,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        is_all_day=event.is_all_day,
        is_example=event.is_example,
        is_full=event.is_full(taken + reserved),
        taken=taken,
        latitude=event.latitude,
        longitude=event.longitude,
        url=public_url("events.event", slug=event.slug),
    )
