"""Calendars: events written as iCalendar (RFC 5545), for mails (5546), for files and feeds."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import icalendar
from icalendar.parser import Contentline

from campaign.days_and_hours import clock_of
from campaign.events import external_links, world_map
from campaign.events.feeds.queries import Version
from campaign.events.models import Event
from campaign.events.policy import REFRESH
from campaign.events.zones import vtimezone
from campaign.outbox.calendar_lines import folded
from campaign.outbox.mail_headers import display_name, one_address, safe_header
from campaign.plain_text import plain

PRODID = "-//campaign//events//EN"


class Party(NamedTuple):
    """Somebody a calendar names: a name and one address."""

    name: str
    address: str


class Entry(NamedTuple):
    """An event in a file or feed, with the full address of its page."""

    event: Event
    url: str


def request(
    event: Event,
    *,
    url: str,
    organizer: Party,
    attendee: str,
    sequence: int | str,
    stamp: datetime | str,
) -> str:
    """Write the invitation of one person (RFC 5546 section 3.2.2): nobody else is named.

    `attendee` is the content line that names them (`attendee_line`). It, the number and the moment
    may be placeholders, where many are invited.
    """
    part = component(
        Entry(event, url), organizer=organizer, attendee=attendee, sequence=sequence, stamp=stamp
    )
    return calendar("REQUEST", [part], zones_of([event]))


def cancellation(
    event: Event,
    *,
    url: str,
    organizer: Party,
    attendee: str,
    sequence: int | str,
    stamp: datetime | str,
) -> str:
    """Take an invitation back (RFC 5546 section 3.2.5), for one person or of an event called off.

    The sequence must be higher than that of the REQUEST it takes back.
    """
    part = component(
        Entry(event, url),
        organizer=organizer,
        attendee=attendee,
        sequence=sequence,
        stamp=stamp,
        is_cancelled=True,
    )
    return calendar("CANCEL", [part], zones_of([event]))


def attendee_line(party: Party) -> str:
    """Write the line that names who is invited, not folded (RFC 5545 section 3.8.4.1)."""
    one_address(party.address)
    # What a parameter may not hold stands in no display name, but for the caret (RFC 6868).
    name = (display_name(party.name) or party.address).replace("^", "^^")
    return (
        f'ATTENDEE;CN="{name}";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;'
        f"RSVP=TRUE:mailto:{party.address}"
    )


def publish(entries: Iterable[Entry], *, organizer: Party, name: str = "") -> str:
    """Write events for a file, or with a name for a feed (RFC 5546 section 3.2.1): no attendees."""
    entries = list(entries)
    parts = [component(entry, organizer=organizer) for entry in entries]
    return calendar("PUBLISH", parts, zones_of(entry.event for entry in entries), name=name)


def component(
    entry: Entry,
    *,
    organizer: Party,
    attendee: str = "",
    sequence: int | str | None = None,
    stamp: datetime | str | None = None,
    is_cancelled: bool = False,
) -> str:
    """Write one event as a VEVENT (RFC 5545 section 3.6.1), ready to stand in a calendar.

    Line by line, for a feed has ten thousand of them and a library takes a millisecond for each.
    """
    event = entry.event
    position = world_map.on_earth(event.latitude, event.longitude)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_text(event.uid)}",
        f"DTSTAMP:{_written_moment(stamp or event.revised_at)}",
        f"SEQUENCE:{event.sequence if sequence is None else sequence}",
        *_times(event),
        f"SUMMARY:{_text(event.title)}",
        f"LOCATION:{_text(event.location)}",
        f"DESCRIPTION:{_text(_description(entry))}",
        f"URL:{safe_header(entry.url)}",
        *([f"GEO:{';'.join(map(world_map.degrees, position))}"] if position else []),
        f"STATUS:{'CANCELLED' if is_cancelled or event.is_called_off else 'CONFIRMED'}",
        f"CREATED:{stamp_of(event.created_at)}",
        f"LAST-MODIFIED:{stamp_of(event.revised_at)}",
        _organizer(organizer),
        *([attendee] if attendee else []),
        "END:VEVENT",
    ]
    return _written(lines)


def _times(event: Event) -> list[str]:
    if event.is_all_day:
        after = event.starts_on + timedelta(days=1)
        return [
            f"DTSTART;VALUE=DATE:{event.starts_on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{after:%Y%m%d}",
        ]
    zone = event.clock.key
    moments = (("DTSTART", event.starts_at), ("DTEND", event.ends_at))
    if _is_utc(zone):
        # UTC has a form of its own and needs no VTIMEZONE (RFC 5545 section 3.3.5).
        return [f"{name}:{stamp_of(moment)}" for name, moment in moments]
    return [f"{name};TZID={zone}:{moment:%Y%m%dT%H%M%S}" for name, moment in moments]


def _written_moment(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else stamp_of(moment)


def stamp_of(moment: datetime) -> str:
    """Write a moment as calendars do, in UTC (RFC 5545 section 3.3.5)."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _is_utc(zone: str) -> bool:
    return zone in {"UTC", "Etc/UTC"}


def _description(entry: Entry) -> str:
    event = entry.event
    # An event's page lies at /events/<slug>, below whatever is the campaign's own address.
    base = entry.url.rpartition("/events/")[0]
    parts = [_plain(text, base) for text in (event.description, event.bring)]
    return "\n\n".join(part for part in (*parts, entry.url) if part)


@lru_cache(maxsize=500)
def _plain(source: str, base: str) -> str:
    return plain(source, absolute=lambda path: external_links.whole(path, base=base)).strip()


@lru_cache(maxsize=4)
def _organizer(party: Party) -> str:
    address = _party(party)
    return str(Contentline.from_parts("ORGANIZER", address.params, address))


def _party(party: Party) -> icalendar.vCalAddress:
    one_address(party.address)
    written = icalendar.vCalAddress(f"mailto:{party.address}")
    if name := display_name(party.name):
        written.params["CN"] = name
    return written


# What TEXT may not hold (RFC 5545 section 3.3.11), and what some readers take for a line's end.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def _text(said: str) -> str:
    """Write TEXT (RFC 5545 section 3.3.11): line ends stay, other controls do not."""
    text = _CONTROLS.sub(" ", said.replace("\r\n", "\n")).replace("\\", "\\\\")
    return text.replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _written(lines: Iterable[str]) -> str:
    return "".join(f"{folded(line)}\r\n" for line in lines)


def calendar(
    method: str, parts: Iterable[str], zones: Mapping[str, set[int]], *, name: str = ""
) -> str:
    """Put a calendar together: what it is, the rules of its zones, its events."""
    first = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    first.append(f"METHOD:{method}")
    if name:
        hours = int(REFRESH.total_seconds()) // 3600
        first += [
            f"NAME:{_text(name)}",
            f"X-WR-CALNAME:{_text(name)}",
            f"REFRESH-INTERVAL;VALUE=DURATION:PT{hours}H",
            f"X-PUBLISHED-TTL:PT{hours}H",
        ]
    # Zones are written once and kept as text: they are most of an invitation and never change.
    rules = [vtimezone(zone, min(years), max(years)) for zone, years in sorted(zones.items())]
    written = list(parts)
    if not written:
        # A calendar holds a component at least (RFC 5545 section 3.6), and a zone says nothing.
        rules = [vtimezone("UTC", 1970, 1970)]
    return "".join((_written(first), *rules, *written, "END:VCALENDAR\r\n"))


def zones_of(events: Iterable[Event | Version]) -> dict[str, set[int]]:
    """List the zones that events with hours name, each with the years it is needed for."""
    found: dict[str, set[int]] = {}
    for event in events:
        if not event.is_all_day and not _is_utc(zone := clock_of(event.zone).key):
            found.setdefault(zone, set()).add(event.starts_on.year)
    return found
