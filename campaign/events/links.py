"""Links that put an event into a calendar or on a map of others: Google's, Outlook's, webcal."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

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
            "ctz": event.zone,
            "location": event.place,
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
            "location": event.place,
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
    """Give the address of OpenStreetMap's page with the event's place marked."""
    return (
        f"https://www.openstreetmap.org/?mlat={event.latitude}&mlon={event.longitude}"
        f"#map=17/{event.latitude}/{event.longitude}"
    )


def webcal(url: str) -> str:
    """Give the address by which Apple's calendar and others subscribe to a feed of ours."""
    return re.sub(r"^https?:", "webcal:", url)
