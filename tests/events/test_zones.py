"""Time zones in calendars: what a VTIMEZONE says is what the zone's own clocks say."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.tz import tzical

from campaign.events.zones import vtimezone

CITIES = [
    "America/Los_Angeles",
    "America/New_York",
    "America/Toronto",
    "Atlantic/Reykjavik",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Stockholm",
    "Europe/Amsterdam",
    "Europe/Paris",
    "Europe/Rome",
    "Europe/Oslo",
    "Australia/Sydney",
    "America/Sao_Paulo",
]
# A rule every year without end, none, half an hour, and turns that follow the moon.
ODD = ["Europe/Dublin", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Beirut"]


@pytest.mark.parametrize("zone", [*CITIES, *ODD])
def test_a_written_zone_shows_the_time_its_clocks_show_all_through_the_years(zone: str) -> None:
    clock = ZoneInfo(zone)
    written = icalendar.Timezone.from_ical(vtimezone(zone, 2027, 2027)).to_tz(lookup_tzid=False)
    noons = [datetime(2027, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(3 * 365)]

    walls = [noon.astimezone(clock).replace(tzinfo=None) for noon in noons]

    assert [wall.replace(tzinfo=written).utcoffset() for wall in walls] == [
        wall.replace(tzinfo=clock).utcoffset() for wall in walls
    ]


@pytest.mark.parametrize("zone", ["Atlantic/Reykjavik", "America/Sao_Paulo", "Asia/Kolkata"])
def test_a_zone_that_never_turns_its_clocks_has_no_daylight_rule(zone: str) -> None:
    written = vtimezone(zone, 2027, 2027)

    assert "BEGIN:DAYLIGHT" not in written
    assert "RRULE" not in written
    assert written.count("BEGIN:STANDARD") == 1


def test_a_zone_with_a_yearly_rule_has_it_once_for_summer_and_once_for_winter() -> None:
    written = vtimezone("Europe/London", 2027, 2027)

    assert written.count("BEGIN:DAYLIGHT") == written.count("BEGIN:STANDARD") == 1
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in written
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in written


def test_an_american_rule_counts_sundays_from_the_first() -> None:
    written = vtimezone("America/New_York", 2027, 2027)

    assert "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3" in written
    assert "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11" in written


def by_icalendar(written: str) -> tzinfo:
    found: tzinfo = icalendar.Timezone.from_ical(written).to_tz(lookup_tzid=False)
    return found


def by_dateutil(written: str) -> tzinfo:
    found = tzical(io.StringIO(written)).get()
    assert found is not None
    return found


# Turns that follow the moon, fall on the eve of a Sunday, at midnight, or were changed by law; in
# years with a Ramadan at their turn too. `make drill ONLY=zones` looks at all zones.
IRREGULAR = {
    "Africa/Cairo": (2023, 2024, 2027),
    "Africa/Casablanca": (2024, 2030, 2031),
    "Africa/El_Aaiun": (2030,),
    "America/Asuncion": (2024,),
    "America/Nuuk": (2023, 2024, 2028),
    "America/Santiago": (2022, 2027),
    "America/Scoresbysund": (2024,),
    "Antarctica/Troll": (2027,),
    "Asia/Beirut": (2023,),
    "Asia/Gaza": (2024, 2029, 2030),
    "Asia/Jerusalem": (2027, 2028),
    "Australia/Lord_Howe": (2027,),
    "Europe/Chisinau": (2027,),
    "Europe/Dublin": (2027,),
    "Pacific/Apia": (2011,),
    "Pacific/Norfolk": (2019,),
}


@pytest.mark.parametrize("read", [by_icalendar, by_dateutil])
@pytest.mark.parametrize(
    ("zone", "year"), [(zone, year) for zone, years in IRREGULAR.items() for year in years]
)
def test_readers_show_each_hour_round_every_turn_as_the_zones_own_clocks_do(
    read: Callable[[str], tzinfo], zone: str, year: int
) -> None:
    clock = ZoneInfo(zone)
    reader = read(vtimezone(zone, year, year))

    wrong = [
        wall
        for wall in hours_worth_a_look(clock, year)
        if wall.replace(tzinfo=reader).utcoffset() != wall.replace(tzinfo=clock).utcoffset()
    ]

    assert wrong == []


def hours_worth_a_look(clock: ZoneInfo, year: int) -> list[datetime]:
    """List the half hours of the days round each turn of the clocks, and the noon of every day.

    Not those that clocks leave out or show twice: of these readers think differently.
    """
    days = [datetime(year, 1, 1) + timedelta(days=at) for at in range(365)]
    offsets = [day.replace(tzinfo=clock).utcoffset() for day in days]
    turns = {
        near
        for at in range(1, 365)
        if offsets[at] != offsets[at - 1]
        for near in range(max(at - 2, 0), min(at + 2, 365))
    }
    hours = [day + timedelta(hours=12) for day in days]
    hours += [days[at] + timedelta(minutes=30 * half) for at in turns for half in range(48)]
    return [
        hour
        for hour in hours
        if hour.replace(tzinfo=clock, fold=0).utcoffset()
        == hour.replace(tzinfo=clock, fold=1).utcoffset()
    ]


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Africa/Cairo", "Asia/Gaza"])
def test_each_onset_is_a_component_of_its_own_in_the_offset_before_it(zone: str) -> None:
    text = vtimezone(zone, 2027, 2027)
    written: Any = icalendar.Timezone.from_ical(text)

    onsets = [part for part in written.subcomponents if part["DTSTART"].dt.year == 2027]

    assert "RDATE" not in text
    assert onsets
    for part in onsets:
        at = (part["DTSTART"].dt - part["TZOFFSETFROM"].td).replace(tzinfo=UTC)
        before = at - timedelta(seconds=1)
        assert before.astimezone(ZoneInfo(zone)).utcoffset() == part["TZOFFSETFROM"].td
        assert at.astimezone(ZoneInfo(zone)).utcoffset() == part["TZOFFSETTO"].td


def test_a_zone_of_many_turns_is_still_a_small_part_of_a_mail() -> None:
    assert len(vtimezone("Africa/Casablanca", 2027, 2027)) < 1500


def test_events_far_apart_are_all_covered() -> None:
    clock, written = ZoneInfo("Africa/Casablanca"), vtimezone("Africa/Casablanca", 2024, 2035)
    noons = [datetime(2024, 1, 1, 12) + timedelta(days=day) for day in range(12 * 365)]

    reader = by_icalendar(written)

    assert [noon.replace(tzinfo=reader).utcoffset() for noon in noons] == [
        noon.replace(tzinfo=clock).utcoffset() for noon in noons
    ]
