"""Questions about days of action and events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import joinedload

from campaign.days_and_hours import clock_of
from campaign.db import db, lock
from campaign.events.models import Action, Event
from campaign.events.place_search import City, search_by_city_or_country
from campaign.events.policy import FEED_RETENTION
from campaign.languages import country_codes
from campaign.tables import contains_word

# The clocks of the world lie this far apart: a day has not begun or ended everywhere at once.
WIDEST_ZONE_GAP = timedelta(days=1)


def action_by_slug(slug: str) -> Action | None:
    """Find a day of action by the name in its address."""
    return db.session.scalar(select(Action).where(Action.slug == slug))


def event_by_slug(slug: str) -> Event | None:
    """Find an event, with its action, by the name in its address."""
    return db.session.scalar(_events().where(Event.slug == slug))


def lock_shared(id: int) -> Event:
    """Read an event anew and lock it against changes until this is saved; many may share the lock.

    Every verb about sign-ups locks the event first and people after it, so that two never wait for
    each other. (On SQLite every verb is alone anyway.)
    """
    return _read_anew(select(Event).where(Event.id == id).with_for_update(read=True))


def lock_exclusive(id: int) -> Event:
    """Read an event anew and lock it against every other verb until this one is saved."""
    return _read_anew(lock(select(Event).where(Event.id == id)))


_NAMED = select(Event).where(Event.slug == bindparam("slug"))
# Made once: they are asked by each form.
_UNLIMITED, _ANY = _NAMED.where(Event.capacity.is_(None)).with_for_update(read=True), lock(_NAMED)


def lock_to_sign_up(slug: str) -> Event | None:
    """Find an event by the name in its address, and lock it as it is until this is saved.

    Alone where seats are limited and counted. Elsewhere many sign up at once, and only a change of
    the event itself waits for them. (Never first with others and then alone: two would wait for
    each other.)
    """
    for query in (_UNLIMITED, _ANY):
        event = db.session.scalar(query, {"slug": slug}, execution_options=_ANEW)
        if event is not None:
            return event
    return None


_ANEW = {"populate_existing": True}


def lock_by_seats(id: int, *, is_limited: bool) -> Event:
    """Lock an event alone if its seats are limited, else with others."""
    if not is_limited:
        event = lock_shared(id)
        # Unlimited a moment ago need not be unlimited now.
        is_limited = event.capacity is not None
    return lock_exclusive(id) if is_limited else event


def _read_anew(query: Select[Event]) -> Event:
    found: Event = db.session.scalars(query.execution_options(populate_existing=True)).one()
    return found


def next_action(*, now: datetime) -> Action | None:
    """Find the day of action that comes next, or is today somewhere."""
    return db.session.scalar(
        select(Action)
        .where(Action.day >= (now - WIDEST_ZONE_GAP).date(), Action.is_archived.is_(False))
        .order_by(Action.day, Action.id)
        .limit(1)
    )


def actions() -> list[Action]:
    """List all days of action, the latest first."""
    return list(db.session.scalars(select(Action).order_by(Action.day.desc(), Action.id)))


def upcoming(*, now: datetime) -> list[Event]:
    """List all events that will take place, by date, country and city."""
    query = _events().where(
        Event.starts_on >= (now - WIDEST_ZONE_GAP).date(), Event.cancelled_at.is_(None)
    )
    found = db.session.scalars(query.order_by(*_BY_DAY))
    return [event for event in found if not event.is_over(now)]


class Horizon(NamedTuple):
    """What is ahead and what is over at one moment, as conditions for a query."""

    ahead: ColumnElement[bool]
    over: ColumnElement[bool]


def horizon(now: datetime) -> Horizon:
    """Part all events as `Event.is_over` does, by the clocks of each city.

    Days apart no clock is asked. What lies between is parted zone by zone, of which there are few
    however many events there are. (In the hour that clocks show twice, only they know which.)
    """
    first, last = (now - WIDEST_ZONE_GAP).date(), (now + WIDEST_ZONE_GAP).date()
    zones = select(Event.zone).where(Event.starts_on.between(first, last)).distinct()
    shown: dict[datetime, list[str]] = {}
    for zone in db.session.scalars(zones):
        shown.setdefault(now.astimezone(clock_of(zone)).replace(tzinfo=None), []).append(zone)
    has_ended = or_(
        false(),
        *(
            and_(
                Event.zone.in_(there),
                or_(
                    Event.starts_on < wall.date(),
                    and_(
                        Event.starts_on == wall.date(),
                        Event.ends.is_not(None),
                        Event.ends <= wall.time(),
                    ),
                ),
            )
            for wall, there in shown.items()
        ),
    )
    return Horizon(
        ahead=and_(Event.starts_on >= first, not_(has_ended)),
        over=and_(Event.starts_on <= last, or_(Event.starts_on < first, has_ended)),
    )


@dataclass(frozen=True)
class Narrowed:
    """Some of the events, in an order: those ahead, those over, those of a day of action."""

    where: ColumnElement[bool]
    order: tuple[Any, ...]

    def some(self, most: int, *, after: int = 0) -> list[Event]:
        """Give some of them, so many after the first."""
        ids = select(Event.id).where(self.where).order_by(*self.order)
        return with_ids(db.session.scalars(ids.limit(most).offset(after)).all())

    def cities(self) -> list[City]:
        """List the cities where they are, each once."""
        query = select(Event.city, Event.country).where(self.where).distinct()
        return [City(*row) for row in db.session.execute(query)]

    def found(self, words: str) -> "Narrowed | None":
        """Find those in a city or country that is called so; None where nothing is."""
        cities = search_by_city_or_country(self.cities(), words)
        there = tuple_(Event.city, Event.country).in_(cities)
        return Narrowed(and_(self.where, there), self.order) if cities else None


_BY_DAY = (Event.starts_on, Event.country, Event.city, Event.id)
_BY_PLACE = (Event.country, Event.city, Event.id)


def ahead(
    at: Horizon, *, country: str = "", action: str = "", since: date | None = None
) -> Narrowed:
    """Find the events that are not over, those called off among them, by day, country and city."""
    from_day = [Event.starts_on >= since] if since else []
    return Narrowed(and_(at.ahead, *_in(country, action), *from_day), _BY_DAY)


def coming(at: Horizon) -> Narrowed:
    """Find the events that will take place, by day, country and city."""
    return Narrowed(and_(at.ahead, Event.cancelled_at.is_(None)), _BY_DAY)


def past(at: Horizon, *, country: str = "", action: str = "") -> Narrowed:
    """Find the events that are over, the latest first."""
    return Narrowed(and_(at.over, *_in(country, action)), (Event.starts_on.desc(), *_BY_PLACE))


def of_action(action: Action, *, country: str = "") -> Narrowed:
    """Find the events of a day of action, by country and city."""
    where = [Event.country == country] if country else []
    return Narrowed(and_(Event.action_id == action.id, *where), _BY_PLACE)


def with_ids(ids: Sequence[int]) -> list[Event]:
    """Give the events with these ids, in the order of the ids."""
    found = {event.id: event for event in db.session.scalars(_events().where(Event.id.in_(ids)))}
    return [found[id] for id in ids if id in found]


def in_feed(*, now: datetime, country: str = "", action: str = "") -> Narrowed:
    """Find what a calendar feed shows: all that is ahead, and for 30 days what was.

    Cut off at days of UTC, so that what a feed shows changes by itself at midnight only.
    """
    first = (now - FEED_RETENTION).date()
    return Narrowed(and_(Event.starts_on >= first, *_in(country, action)), _BY_DAY)


def last_revision() -> datetime | None:
    """Tell when any event was last revised."""
    return db.session.scalar(select(func.max(Event.revised_at)))


def addresses(after: int, until: int) -> list[tuple[str, datetime]]:
    """List the names in the addresses of events, by their ids, with when each was last revised."""
    rows = db.session.execute(
        select(Event.slug, Event.revised_at)
        .where(Event.id > after, Event.id <= until)
        .order_by(Event.id)
    )
    return [(slug, revised_at) for slug, revised_at in rows]


def last_revision_by_part(size: int) -> list[tuple[int, datetime]]:
    """Tell of so many ids at a time when an event of them was last revised, from part 1 on."""
    part = (Event.id - 1) // size + 1
    rows = db.session.execute(
        select(part, func.max(Event.revised_at)).group_by(part).order_by(part)
    )
    return [(number, revised_at) for number, revised_at in rows]


def countries() -> list[str]:
    """List the countries (ISO 3166-1 alpha-2) that have events."""
    return list(db.session.scalars(select(Event.country).distinct().order_by(Event.country)))


def events_by_action() -> dict[int | None, int]:
    """Count the events of each day of action that has any."""
    rows = db.session.execute(select(Event.action_id, func.count()).group_by(Event.action_id))
    return {action_id: int(events) for action_id, events in rows}


def search_events(words: str = "", *, action: str = "") -> Select[Event]:
    """Find events, the latest first, by title, city, venue or country."""
    query = _events().order_by(Event.starts_on.desc(), Event.country, Event.city, Event.id)
    if words:
        query = query.where(
            or_(
                contains_word(words, Event.title, Event.city, Event.venue),
                Event.country.in_(country_codes(words)),
            )
        )
    if action:
        query = query.join(Event.action).where(Action.slug == action)
    return query


def search_actions(words: str = "") -> Select[Action]:
    """Find days of action, the latest first, by title."""
    query = select(Action).order_by(Action.day.desc(), Action.id)
    return query.where(contains_word(words, Action.title)) if words else query


def _events() -> Select[Event]:
    return select(Event).options(joinedload(Event.action))


def _in(country: str, action: str) -> list[ColumnElement[bool]]:
    where = [Event.country == country.upper()] if country else []
    if action:
        ids = select(Action.id).where(Action.slug == action).scalar_subquery()
        where.append(Event.action_id == ids)
    return where
