"""Zones in calendars: the rules of an IANA zone written as a VTIMEZONE (RFC 5545 section 3.6.5)."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

# How many years a yearly rule must have held before it is written as one.
_YEARS_CHECKED = 8
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class _Change:
    """One turn of a zone's clocks: at which wall time (as it was before), from and to what."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool

    @property
    def kind(self) -> tuple[object, ...]:
        return (self.is_daylight, self.wall.month, self.wall.time(), self.before, self.after)

    @property
    def weekdays(self) -> set[str]:
        """List the ways to say its day: the last Sunday (-1SU), the fourth Sunday (4SU)."""
        name = _WEEKDAYS[self.wall.weekday()]
        ways = {f"{(self.wall.day - 1) // 7 + 1}{name}"}
        if self.wall.day + 7 > monthrange(self.wall.year, self.wall.month)[1]:
            ways.add(f"-1{name}")
        return ways


@lru_cache(maxsize=512)
def vtimezone(zone: str, year: int) -> str:
    """Write the rules of a zone that hold from `year` on, ready to stand in a calendar.

    A zone that turns its clocks by a yearly rule gets that rule in one STANDARD and one DAYLIGHT,
    which every calendar program understands; one that never does gets no DAYLIGHT; of a zone that
    follows the moon, or has just changed its mind, every turn is listed.
    """
    return str(_component(zone, year).to_ical(), encoding="utf-8")


def _component(zone: str, year: int) -> Timezone:
    years = [list(_changes(zone, at)) for at in range(year - 1, year + _YEARS_CHECKED)]
    if not any(years):
        return _steady(zone, year)
    rules = _yearly_rules(years)
    if rules is None:
        return Timezone.from_tzid(
            zone, first_date=date(year, 1, 1), last_date=date(year + _YEARS_CHECKED, 1, 1)
        )
    written = Timezone()
    written.add("tzid", zone)
    for change, weekday in rules:
        part = _part(change)
        part.add("rrule", {"freq": "yearly", "bymonth": change.wall.month, "byday": weekday})
        written.add_component(part)
    return written


def _changes(zone: str, year: int) -> Iterator[_Change]:
    clock = ZoneInfo(zone)
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        after = at + timedelta(days=1)
        if at.astimezone(clock).utcoffset() != after.astimezone(clock).utcoffset():
            yield _change_between(clock, at, after)
        at = after


def _change_between(clock: ZoneInfo, low: datetime, high: datetime) -> _Change:
    before = low.astimezone(clock).utcoffset() or timedelta()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(clock).utcoffset() == before:
            low = middle
        else:
            high = middle
    now = high.astimezone(clock)
    return _Change(
        wall=(high + before).replace(tzinfo=None),
        before=before,
        after=now.utcoffset() or timedelta(),
        name=now.tzname() or "",
        # Not by `dst()`: Dublin calls its winter the exception, and calendars do not follow.
        is_daylight=(now.utcoffset() or timedelta()) > before,
    )


def _yearly_rules(years: list[list[_Change]]) -> list[tuple[_Change, str]] | None:
    """Find the two rules by which the clocks turn every year, or None where there are no such."""
    first = years[0]
    if any(len(changes) != 2 for changes in years):
        return None
    if {change.is_daylight for change in first} != {True, False}:
        return None
    rules = []
    for at, change in enumerate(first):
        same = [changes[at] for changes in years]
        ways = set.intersection(*(other.weekdays for other in same))
        if not ways or any(other.kind != change.kind for other in same):
            return None
        # "The last" before "the fourth", if eight years did not tell them apart.
        rules.append((change, min(ways)))
    return rules


def _part(change: _Change) -> TimezoneDaylight | TimezoneStandard:
    part = TimezoneDaylight() if change.is_daylight else TimezoneStandard()
    part.add("dtstart", change.wall)
    part.add("tzoffsetfrom", change.before)
    part.add("tzoffsetto", change.after)
    part.add("tzname", change.name)
    return part


def _steady(zone: str, year: int) -> Timezone:
    start = datetime(year, 1, 1)
    there = start.replace(tzinfo=ZoneInfo(zone))
    offset = there.utcoffset() or timedelta()
    written = Timezone()
    written.add("tzid", zone)
    written.add_component(_part(_Change(start, offset, offset, there.tzname() or "", False)))
    return written
