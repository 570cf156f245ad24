"""Doors before any room: the home page, health, and what machines look for."""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import cast
from unicodedata import normalize

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.urls import iri_to_uri

from campaign import clock
from campaign.colours import stylesheet
from campaign.db import db
from campaign.events import queries as events_queries
from campaign.events.sign_ups.queries import seats_taken
from campaign.front import navigation
from campaign.front.policy import LONGEST_SEARCH
from campaign.front.search import around, find, page_of, words_of
from campaign.languages import current_language
from campaign.newsletter import queries as newsletter_queries
from campaign.pages import queries as pages_queries
from campaign.search.findings import kind_of
from campaign.summits import queries as summits_queries
from campaign.templating import Campaign, absolute

bp = Blueprint("front", __name__)
bp.app_context_processor(navigation.words)

NEWS_ON_THE_HOME_PAGE = 3
# A sitemap holds no more (sitemaps.org, protocol).
MOST_IN_A_SITEMAP = 50_000

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
    meetings = (
        [e for e in events_queries.of_action(action) if not e.is_called_off] if action else []
    )
    first = min((event.starts_at for event in meetings), default=None)
    page = pages_queries.at("/")
    demand, text, notes = _parted(page.html if page else "")
    return render_template(
        "front/home.html",
        page=page,
        demand=demand,
        text=text,
        notes=notes,
        action=action,
        events=sorted(meetings, key=lambda event: normalize("NFKD", event.city).casefold()),
        taken=sum(seats_taken(event.id for event in meetings).values()),
        first=first if first and first > now else None,
        days_left=(first - now).days if first else 0,
        summit=summits_queries.next_summit(now=now),
        news=pages_queries.latest_news(NEWS_ON_THE_HOME_PAGE),
    )


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
    """List every page for search engines (sitemaps.org, protocol)."""
    found: dict[str, datetime | None] = {}
    for path, changed_at in _addresses():
        found.setdefault(path, changed_at)
    entries = [(iri_to_uri(absolute(path)), when) for path, when in found.items()]
    body = render_template("front/sitemap.xml", entries=entries[:MOST_IN_A_SITEMAP])
    return Response(body, mimetype="application/xml")


def _addresses() -> Iterator[tuple[str, datetime | None]]:
    yield from pages_queries.addresses()
    for endpoint in (
        "front.home",
        "pages.news",
        "events.index",
        "summits.summits",
        "letters.write",
        "newsletter.newsletter",
    ):
        yield url_for(endpoint), None
    for action in events_queries.actions():
        yield url_for("events.action", slug=action.slug), None
    for event in db.session.scalars(events_queries.search_events()):
        yield url_for("events.event", slug=event.slug), event.revised_at
    for summit in summits_queries.timeline():
        yield url_for("summits.summit", slug=summit.slug), None
    for issue in newsletter_queries.public_issues(limit=MOST_IN_A_SITEMAP):
        yield url_for("newsletter.issue", slug=issue.slug), issue.published_at
        for language in issue.languages if len(issue.texts) > 1 else ():
            path = url_for("newsletter.issue_in", slug=issue.slug, language=language)
            yield path, issue.published_at


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
