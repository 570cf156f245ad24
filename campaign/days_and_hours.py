"""Days and hours: as people type them, and as the clocks of a place show them."""

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from wtforms import DateField, TimeField

from campaign.languages import lazy_gettext as _l
from campaign.languages import short_date

# What a campaign plans or has in its archive. Outside lie slips: 0027, 20277, 2207.
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


@lru_cache(maxsize=1024)
def clock_of(zone: str) -> ZoneInfo:
    """Give the clocks of an IANA zone; where there is no such zone (any more), those of UTC."""
    try:
        return ZoneInfo(zone)
    # No name, none known, one of a folder, or no name a file could have.
    except (ValueError, KeyError, OSError):
        return ZoneInfo("UTC")


class DayField(DateField):
    """A day; an empty field means none."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        if not typed:
            return
        try:
            self.data = datetime.strptime(typed, "%Y-%m-%d").date()
        except ValueError:
            raise ValueError(_l("Enter a day, like 2027-05-13.")) from None
        if not EARLIEST <= self.data <= LATEST:
            raise ValueError(
                _l(
                    "Look at the year: enter one from %(first)s to %(last)s.",
                    first=EARLIEST.year,
                    last=LATEST.year,
                )
            )


class HourField(TimeField):
    """A time of day; an empty field means none."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        if not typed:
            return
        self.data = hour_of(typed)
        if self.data is None:
            raise ValueError(_l("Enter a time, like 17:30. You may also write 5:30 pm."))

    def _value(self) -> str:
        # What was not understood is shown again as it was typed.
        if self.data is None and self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:%H:%M}"


# 17:30, 17.30, 17h30, 17:30:00 as some browsers send it, 1730, 17h, 5 pm, 5:30 p.m.
_HOUR = re.compile(
    r"(?P<hour>\d{1,2})"
    r"(?:\s?(?P<h>h|uhr)|\s?o.clock|\s?[:.h]\s?(?P<minute>\d\d)(?:[:.]\d\d(?:\.\d+)?)?(?:\s?(?:h|uhr))?)?"
    r"(?:\s?(?P<half>[ap])(?:\.\s?m\.?|m)?)?",
    re.ASCII,
)


def hour_of(typed: str) -> time | None:
    """Read a time of day in the ways people write it; None where it could mean two, or nothing."""
    said = " ".join(normalize("NFKC", typed).casefold().split())
    if said in _NOON:
        return time(12)
    said = re.sub(r"(?a:^(\d\d)(\d\d)$)", r"\1:\2", said)
    found = _HOUR.fullmatch(said)
    if found is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    elif not (found["h"] or found["minute"]):
        # A bare number: nobody can tell 5 in the morning from 5 in the afternoon.
        return None
    return time(hour, minute) if hour < 24 and minute < 60 else None


_NOON = {"noon", "12 noon", "midday", "12 midday"}


def trouble_with(day: date, hour: time, zone: str) -> Any:
    """Say what is wrong with an hour when a zone's clocks are turned; nothing on other days.

    An hour that is left out does not exist, and one that comes twice would let half of the people
    come an hour late.
    """
    clock = clock_of(zone)
    wall = datetime.combine(day, hour)
    first, second = (wall.replace(tzinfo=clock, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return ""
    words = {"hour": f"{hour:%H:%M}", "day": short_date(day), "zone": zone}
    if first.astimezone(UTC).astimezone(clock).replace(tzinfo=None) != wall:
        return _l(
            "There is no %(hour)s on %(day)s: the clocks of %(zone)s go forward over it. Choose a "
            "time before or after.",
            **words,
        )
    return _l(
        "There are two %(hour)s on %(day)s: the clocks of %(zone)s go back over it. Choose a time "
        "before or after.",
        **words,
    )
