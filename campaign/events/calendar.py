"""Calendars: events written as iCalendar (RFC 5545), for mails (5546), for files and feeds."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import icalendar

from campaign.events import external_links, world_map
from campaign.events.models import Event
from campaign.events.zones import vtimezone
from campaign.outbox.mail_headers import display_name, one_address, safe_header
from campaign.plain_text import plain

PRODID = "-//campaign//events//EN"
# Google and Outlook ask every 3 to 24 hours whatever we say; others keep to this.
REFRESH = timedelta(hours=6)


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
    part = _part(Entry(event, url), organizer=organizer, sequence=sequence, stamp=stamp)
    return _of_one("REQUEST", part, event, attendee)


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
    part = _part(Entry(event, url), organizer=organizer, sequence=sequence, stamp=stamp)
    part["status"] = icalendar.vText("CANCELLED")
    return _of_one("CANCEL", part, event, attendee)


def _of_one(method: str, part: icalendar.Event, event: Event, attendee: str) -> str:
    whole = _text(method, [part], [event])
    return whole.replace(_LAST, f"\r\n{attendee}{_LAST}")


def attendee_line(party: Party) -> str:
    """Write the line that names who is invited, not folded (RFC 5545 section 3.8.4.1)."""
    one_address(party.address)
    # What a parameter may not hold stands in no display name, but for the caret (RFC 6868).
    name = (display_name(party.name) or party.address).replace("^", "^^")
    return (
        f'ATTENDEE;CN="{name}";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;'
        f"RSVP=TRUE:mailto:{party.address}"
    )


def stamp_of(moment: datetime) -> str:
    """Write a moment as calendars do (RFC 5545 section 3.3.5)."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def publish(entries: Iterable[Entry], *, organizer: Party, name: str = "") -> str:
    """Write events for a file, or with a name for a feed (RFC 5546 section 3.2.1): no attendees."""
    entries = list(entries)
    parts = [_part(entry, organizer=organizer, sequence=entry.event.sequence) for entry in entries]
    return _text("PUBLISH", parts, [entry.event for entry in entries], name=name)


def _part(
    entry: Entry,
    *,
    organizer: Party,
    sequence: int | str,
    stamp: datetime | str | None = None,
) -> icalendar.Event:
    event = entry.event
    part = icalendar.Event()
    part.add("uid", event.uid)
    part["dtstamp"] = icalendar.vText(_written(stamp or event.revised_at))
    part["sequence"] = icalendar.vText(str(sequence))
    _add_times(part, event)
    part.add("summary", _Words(event.title))
    part.add("location", _Words(event.location))
    part.add("description", _Words(_description(entry)))
    part.add("url", safe_header(entry.url))
    if position := world_map.on_earth(event.latitude, event.longitude):
        part.add("geo", _Geo(position))
    part.add("status", "CANCELLED" if event.is_called_off else "CONFIRMED")
    part.add("created", event.created_at)
    part.add("last-modified", event.revised_at)
    part.add("organizer", _party(organizer), encode=False)
    return part


def _written(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else stamp_of(moment)


def _add_times(part: icalendar.Event, event: Event) -> None:
    if event.is_all_day:
        part.add("dtstart", event.starts_on)
        part.add("dtend", event.starts_on + timedelta(days=1))
        return
    zone = event.clock.key
    for name, moment in (("dtstart", event.starts_at), ("dtend", event.ends_at)):
        if _is_utc(zone):
            # UTC has a form of its own and needs no VTIMEZONE (RFC 5545 section 3.3.5).
            part.add(name, moment.astimezone(UTC))
        else:
            # The zone is named by hand: icalendar takes Reykjavík's, which keeps UTC, for UTC.
            wall = moment.replace(tzinfo=None)
            part.add(name, wall, parameters={"TZID": zone})


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


def _party(party: Party) -> icalendar.vCalAddress:
    one_address(party.address)
    written = icalendar.vCalAddress(f"mailto:{party.address}")
    if name := display_name(party.name):
        written.params["CN"] = name
    return written


# What TEXT may not hold (RFC 5545 section 3.3.11), and what some readers take for a line's end.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class _Words(icalendar.vText):
    """TEXT as we write it (RFC 5545 section 3.3.11): line ends stay, other controls do not.

    The backslash is escaped first: icalendar would make a line end of an `\\N` that was typed.
    """

    def to_ical(self) -> bytes:
        text = _CONTROLS.sub(" ", self.replace("\r\n", "\n")).replace("\\", "\\\\")
        text = text.replace(";", "\\;").replace(",", "\\,")
        return text.replace("\n", "\\n").encode()


class _Geo(icalendar.vGeo):
    """A position in decimals (RFC 5545 section 3.8.1.6), where Python would write 2e-05."""

    def to_ical(self) -> str:
        return f"{world_map.degrees(self.latitude)};{world_map.degrees(self.longitude)}"


def _text(
    method: str, parts: Sequence[icalendar.Event], events: Sequence[Event], *, name: str = ""
) -> str:
    whole = icalendar.Calendar()
    whole.add("prodid", PRODID)
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("method", method)
    if name:
        _add_feed_properties(whole, _Words(name))
    for part in parts:
        whole.add_component(part)
    text = str(whole.to_ical(), encoding="utf-8")
    # Zones are written once and kept as text: they are most of an invitation and never change.
    zones = "".join(
        vtimezone(zone, min(years), max(years)) for zone, years in sorted(_zones(events).items())
    )
    if not parts:
        # A calendar holds a component at least (RFC 5545 section 3.6), and a zone says nothing.
        return text.removesuffix(_END) + vtimezone("UTC", 1970, 1970) + _END
    return text.replace(_FIRST, f"\r\n{zones}BEGIN:VEVENT\r\n", 1)


# With the line ends around it, it stands in no text: what is folded begins with a space.
_FIRST = "\r\nBEGIN:VEVENT\r\n"
_LAST = "\r\nEND:VEVENT\r\n"
_END = "END:VCALENDAR\r\n"


def _add_feed_properties(whole: icalendar.Calendar, name: _Words) -> None:
    whole.add("name", name)
    whole.add("x-wr-calname", name)
    whole.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    whole.add("x-published-ttl", icalendar.vDuration(REFRESH))


def _zones(events: Iterable[Event]) -> dict[str, set[int]]:
    """List the zones that events with hours name, each with the years it is needed for."""
    found: dict[str, set[int]] = {}
    for event in events:
        if not event.is_all_day and not _is_utc(zone := event.clock.key):
            found.setdefault(zone, set()).add(event.starts_on.year)
    return found
