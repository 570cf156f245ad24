"""The main menu: entries that are always there, and those that pages ask for.

It is gathered before a page is rendered, seldom, and never stands in the way of a page: without
the database the fixed entries are shown, so that even the page that says so has its menu.
"""

import time
from contextlib import suppress
from typing import Any

from flask import current_app, g, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError

from campaign import clock
from campaign.db import db
from campaign.events.queries import next_action
from campaign.front import page_cache
from campaign.languages import lazy_gettext as _l
from campaign.pages.queries import in_navigation

# Seconds for which a process shows what it gathered; pages may be a minute old in any cache.
KEPT = 5.0
PROTEST = "/events"

# (place in the order, label, path); pages stand between them by their `nav_order`.
Entry = tuple[int, Any, str]
_FIXED: list[Entry] = [
    (40, _l("Protest"), PROTEST),
    (50, _l("Write to your minister"), "/write"),
    (60, _l("News"), "/news"),
    (70, _l("Newsletter"), "/newsletter"),
]


def words() -> dict[str, Any]:
    """Give templates their menu: (label, path, whether it is the page being read) each."""
    if not has_request_context():
        return {}
    entries = _entries()
    menu = [(label, path, path == request.path) for _order, label, path in entries]
    return {"navigation": lambda: menu}


def keep_as_it_is() -> None:
    """Ask the database for no menu while this request is answered."""
    g.menu_is_kept = True


def _entries() -> list[Entry]:
    gathered: tuple[float, int | None, list[Entry]] = current_app.extensions.get(
        "front.menu", (0.0, None, _FIXED)
    )
    gathered_at, of_revision, entries = gathered
    if g.get("menu_is_kept"):
        return entries
    # A page that is kept until something changes must not have the menu of before.
    revision = page_cache.revision()
    is_old = not gathered_at or time.monotonic() - gathered_at > KEPT
    if is_old or revision not in {None, of_revision}:
        # What was gathered before is better than nothing, until the database is back.
        with suppress(SQLAlchemyError):
            entries = _gather()
        current_app.extensions["front.menu"] = (time.monotonic(), revision, entries)
    return entries


def _gather() -> list[Entry]:
    with db.session.no_autoflush:
        action = next_action(now=clock.now())
        asked_for = in_navigation()
    fixed = [
        (order, label, f"/actions/{action.slug}" if action and path == PROTEST else path)
        for order, label, path in _FIXED
    ]
    from_pages: list[Entry] = [(order, label, path) for label, path, order in asked_for]
    return sorted([*fixed, *from_pages], key=lambda entry: (entry[0], entry[2]))
