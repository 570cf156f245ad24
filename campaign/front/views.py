"""Doors before any room: the home page, health, and what machines look for."""

import os
import re
from pathlib import Path
from tempfile import TemporaryFile
from typing import cast
from unicodedata import normalize

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from sqlalchemy.exc import SQLAlchemyError

from campaign import clock
from campaign.colours import stylesheet
from campaign.db import db
from campaign.events import queries as events_queries
from campaign.events.actions import queries as actions_queries
from campaign.events.actions.queries import Place
from campaign.events.models import Action
from campaign.events.sign_ups.queries import seats_taken_on
from campaign.front import navigation
from campaign.front.policy import LONGEST_SEARCH, MOST_CITIES_NAMED, NEWS_ON_THE_HOME_PAGE
from campaign.front.search import around, find, page_of, words_of
from campaign.front.sitemap import Address, event_addresses, page_addresses, parts_of_events
from campaign.languages import current_language
from campaign.pages import queries as pages_queries
from campaign.search.findings import kind_of
from campaign.summits import queries as summits_queries
from campaign.templating import Campaign, absolute

bp = Blueprint("front", __name__)
bp.app_context_processor(navigation.words)

# What is nobody's to list: behind a guard, reached by a mailed link, or only for machines of ours.
NOT_FOR_ROBOTS = (
    "/office",
    "/mailbox",
    "/confirm/",
    "/unsubscribe/",
    "/preferences/",
    "/not-me/",
    "/events/coming/",
    "/events/withdraw/",
    "/write/confirm/",
    "/write/not-me/",
    "/search?",
    "/health/",
    "/metrics",
)


@bp.get("/")
def home() -> str:
    """Show what the campaign wants, what comes next, and what one can do about it."""
    now = clock.now()
    action = events_queries.next_action(now=now)
    figures = actions_queries.figures(action) if action else None
    first = figures.first if figures else None
    page = pages_queries.at("/")
    demand, text, notes = _parted(page.html if page else "")
    return render_template(
        "front/home.html",
        page=page,
        demand=demand,
        text=text,
        notes=notes,
        action=action,
        figures=figures,
        cities=_cities(action) if action and figures and figures.on <= MOST_CITIES_NAMED else [],
        taken=seats_taken_on(action) if action else 0,
        first=first if first and first > now else None,
        days_left=(first - now).days if first else 0,
        summit=summits_queries.next_summit(now=now),
        news=pages_queries.latest_news(NEWS_ON_THE_HOME_PAGE),
    )


def _cities(action: Action) -> list[Place]:
    places = [one for one in actions_queries.places(action) if not one.is_called_off]
    return sorted(places, key=lambda place: normalize("NFKD", place.city).casefold())


def _parted(html: str) -> tuple[str, str, str]:
    """Part a page into the paragraph it opens with, its text, and its notes; any may be empty."""
    words, _rule, notes = html.partition('<hr class="footnotes-sep">')
    found = re.match(r"\s*<p>.*?</p>", words, re.DOTALL)
    opening = found[0] if found else ""
    return opening, words[len(opening) :].strip(), notes.strip()


@bp.get("/search")
def search() -> str:
    """Find pages, news, events and issues by words."""
    asked = " ".join(request.args.get("q", "").split())[:LONGEST_SEARCH]
    number = request.args.get("page", "1")
    words = words_of(asked)
    found = find(words, language=current_language(), now=clock.now())
    hits = page_of(
        found.entries,
        int(number) if re.fullmatch(r"[0-9]{1,4}", number) else 1,
        address=url_for("front.search", q=asked),
    )
    return render_template(
        "front/search.html",
        asked=asked,
        words=words,
        found=found,
        page=hits,
        hits=[(entry, kind_of(entry.kind), around(entry, found.words)) for entry in hits.entries],
    )


@bp.get("/theme.css")
def theme() -> Response:
    """Give the colours of a campaign that has its own; every page asks for them after main.css."""
    campaign = _campaign()
    if not campaign.has_own_colours:
        abort(404)
    return _kept(stylesheet(campaign.colours), "text/css")


@bp.get("/mark.svg")
def logo() -> Response:
    """Give the logo as a file, in the campaign's colours, for the browser's tabs."""
    campaign = _campaign()
    drawing = campaign.logo.file if campaign.logo else render_template("front/logo.svg")
    return _kept(drawing, "image/svg+xml")


def _campaign() -> Campaign:
    return cast(Campaign, current_app.jinja_env.globals["campaign"])


def _kept(body: str, kind: str) -> Response:
    # Settings change seldom, and a start of the program gives the pages another address for them.
    response = Response(body, mimetype=kind)
    if "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """List every page for search engines (sitemaps.org, protocol), or where the lists are."""
    parts = parts_of_events()
    if len(parts) > 1:
        pages = Address(absolute(url_for("front.sitemap_of_pages")), None)
        body = render_template("front/sitemap_index.xml", parts=[pages, *parts.values()])
        return Response(body, mimetype="application/xml")
    # The only part need not be the first, where that has gone.
    events = [one for part in parts for one in event_addresses(part)]
    return _sitemap([*page_addresses(), *events])


@bp.get("/sitemaps/pages.xml")
def sitemap_of_pages() -> Response:
    """List every page but the events."""
    return _sitemap(page_addresses())


@bp.get("/sitemaps/events-<int(min=1, max=99999):part>.xml")
def sitemap_of_events(part: int) -> Response:
    """List the events of a part of the sitemap."""
    return _sitemap(event_addresses(part) or abort(404))


def _sitemap(entries: list[Address]) -> Response:
    body = render_template("front/sitemap.xml", entries=entries)
    return Response(body, mimetype="application/xml")


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell robots what is not for them (RFC 9309), and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS)]
    lines += ["", f"Sitemap: {absolute(url_for('front.sitemap'))}", ""]
    return Response("\n".join(lines), mimetype="text/plain")


@bp.get("/health/live")
def live() -> Response:
    """Tell a supervisor that this process answers."""
    return _health("ok", 200)


@bp.get("/health/ready")
def ready() -> Response:
    """Tell a load balancer whether the database answers, is migrated, and can be written."""
    # Imported here: the worker has no use for it, and it is large.
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        stands_at = set(MigrationContext.configure(db.session.connection()).get_current_heads())
        folder = current_app.extensions["migrate"].directory
        wanted = set(ScriptDirectory(folder).get_heads())
    except SQLAlchemyError:
        return _health("the database does not answer", 503)
    except CommandError:
        return _health("the migrations are missing", 503)
    if stands_at != wanted or not wanted:
        return _health("the database is not migrated", 503)
    if not _can_write():
        return _health("nothing can be written: the disk is full, or may only be read", 503)
    return _health("ok", 200)


# What the next sign-ups need, with their mails and their place in the journal of the database.
_WRITTEN = 256 * 1024


def _can_write() -> bool:
    """Try to write where the campaign writes, in a file that has no name and is gone at once."""
    folders = {Path(current_app.config["INSTANCE"])}
    if db.engine.dialect.name == "sqlite":
        folders.add(Path(db.engine.url.database or "").parent)
    try:
        for folder in folders:
            with TemporaryFile(dir=folder, buffering=0) as file:
                # A file may have a length and no room: some say so when it is brought to the disk.
                file.write(b"\1" * _WRITTEN)
                os.fsync(file.fileno())
    except OSError:
        return False
    return True


def _health(words: str, status: int) -> Response:
    return Response(
        f"{words}\n", status, mimetype="text/plain", headers={"Cache-Control": "no-store"}
    )
