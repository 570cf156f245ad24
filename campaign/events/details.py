"""Details: what pages say of one event in the reader's language, and where else it can be put."""

from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import get_timezone_name
from flask import url_for
from flask_babel import get_locale
from markupsafe import Markup

from campaign import markup
from campaign.events import external_links
from campaign.events.models import Event
from campaign.templating import public_url


def details(event: Event) -> dict[str, Any]:
    """Give what an event's own page says of it."""
    return {
        "event": event,
        "description": _prose(event.description),
        "bring": _prose(event.bring, "bring"),
        "access": _prose(event.access, "access"),
        "host": _prose(event.host, "host"),
        "languages": [_language_name(code) for code in event.languages],
        "zone_name": zone_name(event),
        "links": calendar_links(event),
        "map_link": _map_link(event),
    }


@lru_cache(maxsize=500)
def _prose(source: str, field: str = "") -> Markup:
    return Markup(markup.render(source, field=field).html)  # noqa: S704 - cleaned by `markup`


def _language_name(code: str) -> str:
    return str((get_locale() or Locale("en")).languages.get(code, code))


def zone_name(event: Event) -> str:
    """Name the time that an event's clocks show on its day: British Summer Time."""
    return str(get_timezone_name(event.starts_at, locale=get_locale() or Locale("en_GB")))


def calendar_links(event: Event) -> dict[str, str]:
    """Give the addresses by which an event is put into the reader's own calendar."""
    url = public_url("events.event", slug=event.slug)
    return {
        "google": external_links.google(event, url=url),
        "outlook": external_links.outlook(event, url=url),
        "file": url_for("events.event_file", slug=event.slug),
    }


def _map_link(event: Event) -> str:
    """Give the address of a street map; none where only the city is known."""
    is_known = event.address and event.latitude is not None and not event.is_example
    return external_links.street_map(event) if is_known else ""
