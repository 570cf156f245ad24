"""Entries that are kept: a feed is put together from what was written of each event before."""

from collections.abc import Sequence
from datetime import datetime

from flask import current_app

from campaign.events import calendar, queries
from campaign.events.calendar import Entry, Party
from campaign.events.feeds.queries import Version
from campaign.templating import public_url

# Entries a process keeps, of about a kilobyte each.
MOST_KEPT = 20_000
# Events read at once, so that ten thousand do not stand in memory together.
AT_ONCE = 500
# An event's UID and revision, and who publishes it.
Key = tuple[str, datetime, Party]


def published(versions: Sequence[Version], *, organizer: Party, name: str) -> str:
    """Write the calendar of some events; after a change of one, only that one is written anew."""
    kept: dict[Key, str] = current_app.extensions.setdefault("events.feeds", {})
    keys = [(one.uid, one.revised_at, organizer) for one in versions]
    known = {key: text for key in keys if (text := kept.get(key)) is not None}
    missing = [one.id for one, key in zip(versions, keys, strict=True) if key not in known]
    if missing:
        written = _written(missing, organizer)
        if len(kept) + len(written) > MOST_KEPT:
            kept.clear()
        if len(written) <= MOST_KEPT:
            kept.update(written)
        known |= written
    # What was revised since it was listed stands in the feed of the next second.
    parts = [known[key] for key in keys if key in known]
    return calendar.calendar("PUBLISH", parts, calendar.zones_of(versions), name=name)


def _written(ids: Sequence[int], organizer: Party) -> dict[Key, str]:
    written = {}
    for first in range(0, len(ids), AT_ONCE):
        for event in queries.with_ids(ids[first : first + AT_ONCE]):
            entry = Entry(event, public_url("events.event", slug=event.slug))
            text = calendar.component(entry, organizer=organizer)
            written[event.uid, event.revised_at, organizer] = text
    return written
