"""When an issue is due by each reader's own clocks."""

import time
from datetime import UTC, date, datetime
from zoneinfo import available_timezones

import pytest

from campaign.mailings import audience

DAY, NOW = date(2027, 5, 13), datetime(2027, 5, 1, tzinfo=UTC)


def test_planning_for_every_zone_on_earth_takes_no_time_to_speak_of() -> None:
    zones = sorted(available_timezones())
    begun = time.perf_counter()

    audience.at_local_hour(DAY, 9, zones=zones, otherwise="Europe/London", now=NOW)
    first = min(audience.local_moment(DAY, 9, zone, otherwise="UTC") for zone in zones)

    # All six hundred; it took eleven seconds.
    assert time.perf_counter() - begun < 1.0
    # The day begins in Kiribati.
    assert first == datetime(2027, 5, 12, 19, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["", "Europe", "../etc/passwd", "Nowhere/Else", "\0", "x" * 300])
def test_who_lives_in_no_zone_we_know_gets_it_by_the_campaigns_clocks(zone: str) -> None:
    moment = audience.local_moment(DAY, 9, zone, otherwise="Europe/London")

    assert moment == datetime(2027, 5, 13, 8, tzinfo=UTC)
