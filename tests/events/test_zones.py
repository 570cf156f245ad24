"""Time zones in calendars: what a VTIMEZONE says is what the zone's own clocks say."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest

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
    written = icalendar.Timezone.from_ical(vtimezone(zone, 2027)).to_tz(lookup_tzid=False)
    noons = [datetime(2027, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(3 * 365)]

    walls = [noon.astimezone(clock).replace(tzinfo=None) for noon in noons]

    assert [wall.replace(tzinfo=written).utcoffset() for wall in walls] == [
        wall.replace(tzinfo=clock).utcoffset() for wall in walls
    ]


@pytest.mark.parametrize("zone", ["Atlantic/Reykjavik", "America/Sao_Paulo", "Asia/Kolkata"])
def test_a_zone_that_never_turns_its_clocks_has_no_daylight_rule(zone: str) -> None:
    written = vtimezone(zone, 2027)

    assert "BEGIN:DAYLIGHT" not in written
    assert "RRULE" not in written
    assert written.count("BEGIN:STANDARD") == 1


def test_a_zone_with_a_yearly_rule_has_it_once_for_summer_and_once_for_winter() -> None:
    written = vtimezone("Europe/London", 2027)

    assert written.count("BEGIN:DAYLIGHT") == written.count("BEGIN:STANDARD") == 1
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in written
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in written


def test_an_american_rule_counts_sundays_from_the_first() -> None:
    written = vtimezone("America/New_York", 2027)

    assert "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3" in written
    assert "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11" in written
