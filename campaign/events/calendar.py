"""Calendars: events written as iCalendar (RFC 5545), for mails (5546), for files and feeds."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import icalendar

from campaign import markup
from campaign.events.models import Event
from campaign.events.zones import vtimezone
from campaign.outbox.headers import display_name, one_address, safe_header

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
    event: Event, *, url: str, organizer: Party, attendee: Party, sequence: int, stamp: datetime
) -> str:
    """Write the invitation of one person (RFC 5546 section 3.2.2): nobody else is named."""
    part = _part(Entry(event, url), organizer=organizer, sequence=sequence, stamp=stamp)
    part.add("attendee", _attendee(attendee), encode=False)
    return _text("REQUEST", [part], [event])


def cancellation(
    event: Event, *, url: str, organizer: Party, attendee: Party, sequence: int, stamp: datetime
) -> str:
    """Take an invitation back (RFC 5546 section 3.2.5), for one person or of an event called off.

    The sequence must be higher than that of the REQUEST it takes back.
    """
    part = _part(Entry(event, url), organizer=organizer, sequence=sequence, stamp=stamp)
    part["status"] = icalendar.vText("CANCELLED")
    part.add("attendee", _attendee(attendee), encode=False)
    return _text("CANCEL", [part], [event])


def publish(entries: Iterable[Entry], *, organizer: Party, name: str = "") -> str:
    """Write events for a file, or with a name for a feed (RFC 5546 section 3.2.1): no attendees."""
    entries = list(entries)
    parts = [_part(entry, organizer=organizer, sequence=entry.event.sequence) for entry in entries]
    return _text("PUBLISH", parts, [entry.event for entry in entries], name=name)


def _part(
    entry: Entry, *, organizer: Party, sequence: int, stamp: datetime | None = None
) -> icalendar.Event:
    event = entry.event
    part = icalendar.Event()
    part.add("uid", event.uid)
    part.add("dtstamp", stamp or event.revised_at)
    part.add("sequence", sequence)
    _add_times(part, event)
    part.add("summary", _clean(event.title))
    part.add("location", _clean(event.place))
    part.add("description", _clean(_description(entry)))
    part.add("url", safe_header(entry.url))
    if event.latitude is not None and event.longitude is not None:
        part.add("geo", (event.latitude, event.longitude))
    part.add("status", "CANCELLED" if event.is_called_off else "CONFIRMED")
    part.add("created", event.created_at)
    part.add("last-modified", event.revised_at)
    part.add("organizer", _party(organizer), encode=False)
    return part


def _add_times(part: icalendar.Event, event: Event) -> None:
    if event.is_all_day:
        part.add("dtstart", event.starts_on)
        part.add("dtend", event.starts_on + timedelta(days=1))
        return
    for name, moment in (("dtstart", event.starts_at), ("dtend", event.ends_at)):
        if _is_utc(event.zone):
            # UTC has a form of its own and needs no VTIMEZONE (RFC 5545 section 3.3.5).
            part.add(name, moment.astimezone(UTC))
        else:
            # The zone is named by hand: icalendar takes Reykjavík's, which keeps UTC, for UTC.
            wall = moment.replace(tzinfo=None)
            part.add(name, wall, parameters={"TZID": event.zone})


def _is_utc(zone: str) -> bool:
    return zone in {"UTC", "Etc/UTC"}


def _description(entry: Entry) -> str:
    event = entry.event
    parts = [_plain(text) for text in (event.description, event.bring)]
    return "\n\n".join(part for part in (*parts, entry.url) if part)


@lru_cache(maxsize=500)
def _plain(source: str) -> str:
    return markup.plain(source).strip()


def _party(party: Party) -> icalendar.vCalAddress:
    one_address(party.address)
    written = icalendar.vCalAddress(f"mailto:{party.address}")
    name = display_name(party.name)
    if name:
        written.params["CN"] = name
    return written


def _attendee(party: Party) -> icalendar.vCalAddress:
    written = _party(party)
    written.params["CN"] = display_name(party.name) or party.address
    written.params["CUTYPE"] = "INDIVIDUAL"
    written.params["ROLE"] = "REQ-PARTICIPANT"
    written.params["PARTSTAT"] = "NEEDS-ACTION"
    written.params["RSVP"] = "TRUE"
    return written


def _clean(text: str) -> str:
    """Leave out controls, which TEXT may not hold (RFC 5545 section 3.3.11); line ends stay."""
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", text.replace("\r\n", "\n"))


def _text(
    method: str, parts: Sequence[icalendar.Event], events: Sequence[Event], *, name: str = ""
) -> str:
    whole = icalendar.Calendar()
    whole.add("prodid", PRODID)
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("method", method)
    if name:
        _add_feed_properties(whole, _clean(name))
    for part in parts:
        whole.add_component(part)
    text = str(whole.to_ical(), encoding="utf-8")
    # Zones are written once and kept as text: they are most of an invitation and never change.
    zones = "".join(vtimezone(zone, year) for zone, year in sorted(_zones(events).items()))
    return text.replace("BEGIN:VEVENT\r\n", f"{zones}BEGIN:VEVENT\r\n", 1)


def _add_feed_properties(whole: icalendar.Calendar, name: str) -> None:
    # As text, or commas in it would part two values.
    whole.add("name", icalendar.vText(name))
    whole.add("x-wr-calname", icalendar.vText(name))
    whole.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    whole.add("x-published-ttl", icalendar.vDuration(REFRESH))


def _zones(events: Iterable[Event]) -> dict[str, int]:
    """List the zones that events with hours name, each with the first year it is needed for."""
    found: dict[str, Any] = {}
    for event in events:
        if not event.is_all_day and not _is_utc(event.zone):
            found[event.zone] = min(found.get(event.zone, 9999), event.starts_on.year)
    return found
