"""Zones in calendars: the rules of an IANA zone written as a VTIMEZONE (RFC 5545 section 3.6.5)."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

# So many years a yearly rule must hold before it is written as one: "the last Saturday" and "the
# day before the last Sunday" may be the same day for eleven years.
_YEARS_CHECKED = 12
# For so many years after the last one asked for, onsets are listed where there is no such rule.
_YEARS_AFTER = 3
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
def vtimezone(zone: str, first: int, last: int) -> str:
    """Write the rules of a zone that hold from one year to another, ready to stand in a calendar.

    A zone that turns its clocks by a yearly rule gets that rule in one STANDARD and one DAYLIGHT,
    which every calendar program understands; one that never does gets no DAYLIGHT. Of a zone that
    follows the moon, or has just changed its mind, each onset is a sub-component of its own, from
    the last one before those years to some years after: of several onsets in one (RDATE), readers
    in use take only the first.
    """
    return str(_component(zone, first, last).to_ical(), encoding="utf-8")


def _component(zone: str, first: int, last: int) -> Timezone:
    written = Timezone()
    written.add("tzid", zone)
    years = [_changes(zone, at) for at in range(first - 1, last + _YEARS_CHECKED)]
    rules = _yearly_rules(years)
    for change, weekday in rules or []:
        part = _part(change)
        part.add("rrule", {"freq": "yearly", "bymonth": change.wall.month, "byday": weekday})
        written.add_component(part)
    if not rules:
        for change in _onsets(zone, years, first, last):
            written.add_component(_part(change))
    return written


def _onsets(zone: str, years: list[tuple[_Change, ...]], first: int, last: int) -> list[_Change]:
    """List the onsets from that by which the first year begins to those of some years after."""
    before, *within = years[: last - first + 2 + _YEARS_AFTER]
    # A component says nothing of the time before its first onset.
    earliest = before[-1] if before else _in_force_at(zone, first - 1)
    return [earliest, *(change for year in within for change in year)]


@lru_cache(maxsize=4096)
def _changes(zone: str, year: int) -> tuple[_Change, ...]:
    """Find every turn of a zone's clocks in a year of UTC.

    Looked for day by day: between two looks further apart a Ramadan's weeks could lie, after which
    the clocks show again what they showed before.
    """
    clock = ZoneInfo(zone)
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC)
    offset = at.astimezone(clock).utcoffset()
    while at.year == year:
        after = at + timedelta(days=1)
        its = after.astimezone(clock).utcoffset()
        if its != offset:
            found.append(_change_between(clock, at, after))
        at, offset = after, its
    return tuple(found)


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


def _yearly_rules(years: Sequence[Sequence[_Change]]) -> list[tuple[_Change, str]] | None:
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
        # "The last" before "the fourth", if so many years did not tell them apart.
        rules.append((change, min(ways)))
    return rules


def _part(change: _Change) -> TimezoneDaylight | TimezoneStandard:
    part = TimezoneDaylight() if change.is_daylight else TimezoneStandard()
    part.add("dtstart", change.wall)
    part.add("tzoffsetfrom", change.before)
    part.add("tzoffsetto", change.after)
    part.add("tzname", change.name)
    return part


def _in_force_at(zone: str, year: int) -> _Change:
    """Say what a zone's clocks show when a year begins, as an onset that changes nothing."""
    start = datetime(year, 1, 1)
    there = start.replace(tzinfo=ZoneInfo(zone))
    offset = there.utcoffset() or timedelta()
    return _Change(start, offset, offset, there.tzname() or "", False)
