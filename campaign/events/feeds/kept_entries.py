"""Entries that are kept: a feed is put together from what was written of each event before."""

from collections.abc import Sequence
from datetime import datetime

from flask import current_app

from campaign.events import calendar, queries
from campaign.events.calendar import Entry, Party
from campaign.events.feeds.queries import Version, version_of
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
    listed = {one.id: one for one in versions}
    texts = {
        one.id: text for one in versions if (text := kept.get(_key(one, organizer))) is not None
    }
    written = _written([id for id in listed if id not in texts], organizer)
    if len(kept) + len(written) > MOST_KEPT:
        kept.clear()
    if len(written) <= MOST_KEPT:
        kept.update({_key(version, organizer): text for version, text in written})
    # What was revised since it was listed is written as it is now, and does not go meanwhile.
    listed |= {version.id: version for version, _text in written}
    texts |= {version.id: text for version, text in written}
    shown = [one for one in listed.values() if one.id in texts]
    parts = [texts[one.id] for one in shown]
    return calendar.calendar("PUBLISH", parts, calendar.zones_of(shown), name=name)


def _key(version: Version, organizer: Party) -> Key:
    return version.uid, version.revised_at, organizer


def _written(ids: Sequence[int], organizer: Party) -> list[tuple[Version, str]]:
    written = []
    for first in range(0, len(ids), AT_ONCE):
        for event in queries.with_ids(ids[first : first + AT_ONCE]):
            entry = Entry(event, public_url("events.event", slug=event.slug))
            text = calendar.component(entry, organizer=organizer)
            written.append((version_of(event), text))
    return written
