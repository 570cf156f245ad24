"""Questions about days of action and events."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from unicodedata import normalize

from babel import Locale
from babel.localedata import locale_identifiers
from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import joinedload

from campaign.db import db, lock
from campaign.events.models import Action, Event
from campaign.events.policy import FEED_RETENTION
from campaign.languages import country_codes, country_name
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


def upcoming(*, now: datetime, country: str = "", action: str = "") -> list[Event]:
    """List the events that will take place, by date, country and city."""
    return [
        event for event in ahead(now=now, country=country, action=action) if not event.is_called_off
    ]


def ahead(*, now: datetime, country: str = "", action: str = "") -> list[Event]:
    """List the events that are not over, those called off among them."""
    query = _filtered(country, action).where(Event.starts_on >= (now - WIDEST_ZONE_GAP).date())
    return [event for event in db.session.scalars(query) if not event.is_over(now)]


def past(*, now: datetime, country: str = "", action: str = "") -> list[Event]:
    """List the events that are over, the latest first."""
    query = _filtered(country, action).where(Event.starts_on <= (now + WIDEST_ZONE_GAP).date())
    over = [event for event in db.session.scalars(query) if event.is_over(now)]
    return sorted(over, key=lambda event: event.starts_on, reverse=True)


def of_action(action: Action) -> list[Event]:
    """List the events of a day of action, by country and city."""
    return list(
        db.session.scalars(
            _events()
            .where(Event.action_id == action.id)
            .order_by(Event.country, Event.city, Event.id)
        )
    )


def search_by_city_or_country(events: Sequence[Event], words: str) -> list[Event]:
    """Find among events those in a city or country, written as people type it.

    Case, accents and order do not matter, and the beginning of a word is enough.
    """
    asked = [word for word in _plain(words).split() if word not in _LITTLE_WORDS]
    return [event for event in events if asked and _matches(event, asked)]


_LITTLE_WORDS = {"the", "in", "near", "and"}
# What people call a country besides its name.
_ALSO_CALLED = {"GB": "UK Britain", "US": "USA America"}


def _matches(event: Event, asked: list[str]) -> bool:
    names = " ".join((event.city, country_name(event.country), event.country))
    known = _plain(f"{names} {called_at_home(event)}").split()
    return all(any(name.startswith(word) for name in known) for word in asked)


def called_at_home(event: Event) -> str:
    """Name the country of an event as those who live there do, and as others call it for short."""
    return _called_at_home(event.country, tuple(event.languages))


@lru_cache(maxsize=500)
def _called_at_home(country: str, languages: tuple[str, ...]) -> str:
    """Name a country as those who live there do: Deutschland, España."""
    spoken = (Locale(code) for code in languages if code in _LOCALES)
    names = (str(locale.territories.get(country, "")) for locale in spoken)
    return " ".join((_ALSO_CALLED.get(country, ""), *names))


_LOCALES = frozenset(locale_identifiers())
# Letters that are no other letter with an accent, yet are typed as one.
_TYPED_AS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})


def _plain(words: str) -> str:
    bare = re.sub(r"[\u0300-\u036f'’.]", "", normalize("NFKD", words.casefold()))
    return re.sub(r"[^\w]+", " ", bare.translate(_TYPED_AS))


def in_feed(*, now: datetime, country: str = "", action: str = "") -> list[Event]:
    """List what a calendar feed shows: all that is ahead, and for 30 days what was or was not.

    Cut off at days of UTC, so that what a feed shows changes by itself at midnight only.
    """
    first = (now - FEED_RETENTION).date()
    query = _filtered(country, action).where(Event.starts_on >= first, _not_long_called_off(now))
    return list(db.session.scalars(query))


def in_file_of(action: Action, *, now: datetime) -> list[Event]:
    """List what the calendar file of a day of action shows: all of it, however long ago."""
    query = _filtered("", action.slug).where(_not_long_called_off(now))
    return list(db.session.scalars(query))


def last_revision() -> datetime | None:
    """Tell when any event was last revised."""
    return db.session.scalar(select(func.max(Event.revised_at)))


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


def _filtered(country: str, action: str) -> Select[Event]:
    query = _events().order_by(Event.starts_on, Event.country, Event.city, Event.id)
    if country:
        query = query.where(Event.country == country.upper())
    if action:
        query = query.join(Event.action).where(Action.slug == action)
    return query


def _not_long_called_off(now: datetime) -> ColumnElement[bool]:
    first = (now - FEED_RETENTION).replace(hour=0, minute=0, second=0, microsecond=0)
    return or_(Event.cancelled_at.is_(None), Event.cancelled_at >= first)
