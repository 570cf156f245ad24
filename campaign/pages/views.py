"""Doors of the pages for visitors: every page by its address, the news, and its feed."""

import itertools
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import RequestRedirect

from campaign.pages import queries
from campaign.pages.models import Page
from campaign.pages.policy import NEWS_IN_THE_FEED, PAGES_KEPT, WIDE
from campaign.templating import absolute

bp = Blueprint("pages", __name__)


@bp.get("/<path:path>")
def page(path: str) -> Any:
    """Show the page at an address; lead on from where it once stood."""
    path = f"/{path}"
    version = queries.version_at(path)
    if version is not None:
        return _as_shown_before(path, version)
    target = queries.redirect_from(path)
    if target is not None:
        return _lead_to(target, 301)
    if path.endswith("/"):
        bare = path.rstrip("/")
        target = queries.redirect_from(bare)
        if target is not None:
            return _lead_to(target, 301)
        if queries.version_at(bare) is not None or _is_a_door(bare):
            return _lead_to(bare, 308)
    _refuse_a_method(path)
    abort(404)


def _as_shown_before(path: str, version: tuple[str, datetime]) -> str:
    """Give the HTML of a page, made once for each of its versions in each language and menu."""
    words: dict[str, Any] = {}
    current_app.update_template_context(words)
    make = current_app.extensions.setdefault("pages.made", lru_cache(PAGES_KEPT)(_make))
    html: str = make(path, version, words["language"], tuple(words["navigation"]()))
    return html


def _make(path: str, *_what_it_depends_on: Any) -> str:
    found = queries.at(path) or abort(404)
    html = re.sub(r"<table\b.*?</table>", _with_named_cells, found.html, flags=re.DOTALL)
    return render_template(
        "pages/page.html", page=found, html=html, has_wide_table='<table class="wide"' in html
    )


def _with_named_cells(table: re.Match[str]) -> str:
    """Name each cell of a wide table by its column: on a phone its rows stand by themselves."""
    columns = [
        # The number of a note is no part of a column's name.
        re.sub(r"<sup\b.*?</sup>|<[^>]*>", "", head, flags=re.DOTALL).strip().replace('"', "&quot;")
        for head in re.findall(r"<th\b[^>]*>(.*?)</th>", table[0], flags=re.DOTALL)
    ]
    if len(columns) < WIDE:
        return table[0]
    labels = itertools.cycle(columns)
    named = re.sub(r"<td\b", lambda cell: f'{cell[0]} data-label="{next(labels)}"', table[0])
    return named.replace("<table", '<table class="wide"', 1)


def _lead_to(path: str, status: int) -> Any:
    # A path of ours, never what was typed: `//elsewhere.example` would leave the site.
    query = request.query_string.decode("ascii", "ignore")
    return redirect(f"{path}?{query}" if query else path, status)


def _is_a_door(path: str) -> bool:
    """Tell whether another view answers at an address."""
    try:
        endpoint, _values = _match(path)
    except RequestRedirect:
        return False
    return bool(endpoint != request.endpoint)


def _match(path: str) -> Any:
    return current_app.url_map.bind("localhost").match(path, method="GET")


def _refuse_a_method(path: str) -> None:
    """Say 405 rather than 404 where only a POST is taken: this view answers every GET."""
    methods = current_app.url_map.bind("localhost").allowed_methods(path)
    others = set(methods) - {"GET", "HEAD", "OPTIONS"}
    if others:
        raise MethodNotAllowed(valid_methods=sorted(others))


@bp.get("/news")
def news() -> Any:
    """List the news, newest first."""
    asked = request.args.get("page", "1")
    found = queries.news(int(asked)) if re.fullmatch(r"[0-9]{1,6}", asked) else None
    if found is None:
        abort(404)
    return render_template("pages/news.html", news=found)


@bp.get("/news/feed.xml")
def feed() -> Response:
    """Give the news as Atom (RFC 4287)."""
    items = queries.news_with_texts(NEWS_IN_THE_FEED)
    updated = max((item.changed_at for item in items), default=datetime(2026, 1, 1, tzinfo=UTC))
    body = render_template(
        "pages/feed.xml",
        items=[(item, _with_full_addresses(item)) for item in items],
        updated=updated,
    )
    response = Response(body, mimetype="application/atom+xml")
    response.last_modified = updated
    return response


def _with_full_addresses(item: Page) -> str:
    """Give an item's HTML as it can be read anywhere: away from our site, `/x` leads nowhere."""

    def full(found: re.Match[str]) -> str:
        address = found[2]
        if address.startswith("#"):
            address = item.path + address
        return f'{found[1]}="{absolute(address)}"'

    def in_tag(found: re.Match[str]) -> str:
        return re.sub(r'\b(href|src)="([/#][^"]*)"', full, found[0])

    return re.sub(r'<(?:a|img)\b(?:[^>"]|"[^"]*")*>', in_tag, item.html)
