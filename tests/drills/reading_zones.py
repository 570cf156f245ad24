"""Zones in calendars, hour by hour: every zone, ten years, three readers that nobody here wrote."""

import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import icalendar
from dateutil.tz import tzical

from campaign.events.zones import vtimezone
from tests.drills.outcome import Order, Outcome

FIRST, LAST = 2024, 2033
HOUR = timedelta(hours=1)
# Where `npm install ical.js` puts it.
NODE = Path("build/readers")
# Reads pairs of a VTIMEZONE and hours as [[text, [wall, …]], …]; writes the offsets in seconds.
PROGRAM = """
import ICAL from "ical.js"
let input = ""
for await (const piece of process.stdin) input += piece
const [text, walls] = JSON.parse(input)
const whole = new ICAL.Component(ICAL.parse(text))
const zone = new ICAL.Timezone(whole.getFirstSubcomponent("vtimezone"))
console.log(JSON.stringify(walls.map((wall) => zone.utcOffset(ICAL.Time.fromDateTimeString(wall)))))
"""

Reader = Callable[[str, list[datetime]], list[int]]


def missing_reader() -> str | None:
    """Name what is to be installed before this drill can be run, if anything is."""
    if shutil.which("node") and (NODE / "node_modules/ical.js").is_dir():
        return None
    return f"The drill zones needs node, and: npm install --prefix {NODE} ical.js"


def zones(order: Order) -> Outcome:
    """Compare what readers make of each zone with the zone's own clocks."""
    names = sorted(available_timezones() - {"localtime"})
    kinds = _different(names)
    shown = dict(list(kinds.items())[: order.sized(len(kinds))])
    outcome = order.outcome(zones=len(names), different=len(shown), hours=0)
    readers = {"icalendar": _by_icalendar, "dateutil": _by_dateutil, "ical.js": _by_node}
    for text, zone in shown.items():
        walls = list(_hours(ZoneInfo(zone)))
        clock = ZoneInfo(zone)
        truth = [_seconds(wall.replace(tzinfo=clock)) for wall in walls]
        outcome.counts["hours"] += len(walls)
        for name, read in readers.items():
            found = read(text, walls)
            wrong = sum(ours != theirs for ours, theirs in zip(truth, found, strict=True))
            outcome.promise(not wrong, f"{name} is wrong about {wrong} hours of {zone}")
    return outcome


def _different(names: list[str]) -> dict[str, str]:
    """Find the zones whose rules differ, for most are another one's under another name."""
    kinds: dict[str, str] = {}
    for zone in names:
        text = vtimezone(zone, FIRST, LAST).replace(f"TZID:{zone}\r\n", "TZID:Zone\r\n")
        kinds.setdefault(text, zone)
    return kinds


def _hours(clock: ZoneInfo) -> Iterator[datetime]:
    """Give every hour that clocks show once: of the others readers think differently."""
    wall = datetime(FIRST, 1, 1)
    while wall.year <= LAST:
        first, second = (wall.replace(tzinfo=clock, fold=fold) for fold in (0, 1))
        if first.utcoffset() == second.utcoffset():
            yield wall
        wall += HOUR


def _seconds(moment: datetime) -> int:
    return round((moment.utcoffset() or timedelta()).total_seconds())


def _offsets(zone: tzinfo, walls: list[datetime]) -> list[int]:
    return [_seconds(wall.replace(tzinfo=zone)) for wall in walls]


def _by_icalendar(text: str, walls: list[datetime]) -> list[int]:
    return _offsets(icalendar.Timezone.from_ical(text).to_tz(lookup_tzid=False), walls)


def _by_dateutil(text: str, walls: list[datetime]) -> list[int]:
    found = tzical(io.StringIO(text)).get()
    assert found is not None
    return _offsets(found, walls)


def _by_node(text: str, walls: list[datetime]) -> list[int]:
    whole = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{text}END:VCALENDAR\r\n"
    # Found by its full name: the program is run as a file would be, from that folder.
    node = shutil.which("node") or "node"
    done = subprocess.run(
        [node, "--input-type=module", "--eval", PROGRAM],
        input=json.dumps([whole, [wall.isoformat() for wall in walls]]),
        capture_output=True,
        text=True,
        check=True,
        cwd=NODE,
        timeout=300,
    )
    found: list[int] = json.loads(done.stdout)
    return found
