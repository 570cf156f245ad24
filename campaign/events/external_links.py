"""Links of an event: into a calendar or onto a map of others, and those that stand in its words."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urljoin

from campaign.events import world_map
from campaign.events.models import Event


def google(event: Event, *, url: str) -> str:
    """Give the address that opens Google Calendar with the event filled in."""
    if event.is_all_day:
        dates = f"{event.starts_on:%Y%m%d}/{event.starts_on + timedelta(days=1):%Y%m%d}"
    else:
        dates = f"{event.starts_at:%Y%m%dT%H%M%S}/{event.ends_at:%Y%m%dT%H%M%S}"
    return "https://calendar.google.com/calendar/render?" + urlencode(
        {
            "action": "TEMPLATE",
            "text": event.title,
            "dates": dates,
            "ctz": event.clock.key,
            "location": event.location,
            "details": url,
        }
    )


def outlook(event: Event, *, url: str) -> str:
    """Give the address that opens Outlook's calendar on the web with the event filled in."""
    return "https://outlook.live.com/calendar/0/deeplink/compose?" + urlencode(
        {
            "path": "/calendar/action/compose",
            "rru": "addevent",
            "subject": event.title,
            **_outlook_times(event),
            "location": event.location,
            "body": url,
        }
    )


def _outlook_times(event: Event) -> dict[str, str]:
    if event.is_all_day:
        day = event.starts_on
        return {
            "startdt": day.isoformat(),
            "enddt": (day + timedelta(days=1)).isoformat(),
            "allday": "true",
        }
    return {"startdt": _utc(event.starts_at), "enddt": _utc(event.ends_at)}


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def street_map(event: Event) -> str:
    """Give the address of OpenStreetMap's page with the event's position marked."""
    latitude, longitude = (
        world_map.degrees(event.latitude or 0),
        world_map.degrees(event.longitude or 0),
    )
    return (
        f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
        f"#map=17/{latitude}/{longitude}"
    )


def webcal(url: str) -> str:
    """Give the address by which Apple's calendar and others subscribe to a feed of ours."""
    return re.sub(r"^https?:", "webcal:", url)


def whole(path: str, *, base: str) -> str:
    """Make an address that stands in an event's words a full one, as the event's page has it.

    `base` is the campaign's own address. Mails and calendars are read elsewhere, where `/proposal`
    leads nowhere.
    """
    if path.startswith("/") and not path.startswith("//"):
        return base + path
    try:
        return urljoin(f"{base}/events/", path)
    except ValueError:
        return path
