"""The sitemap: every address that search engines may list, and when it changed, in parts."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from flask import url_for
from werkzeug.urls import iri_to_uri

from campaign.events import queries as events_queries
from campaign.newsletter import queries as newsletter_queries
from campaign.pages import queries as pages_queries
from campaign.summits import queries as summits_queries
from campaign.templating import absolute

# A sitemap holds no more (sitemaps.org, protocol).
MOST_IN_A_SITEMAP = 50_000
# Far fewer: whoever reads the part in which one event has changed need not read them all.
EVENTS_IN_A_PART = 1000


class Address(NamedTuple):
    """A page, or a part of the sitemap, by its full address."""

    address: str
    changed_at: datetime | None


def page_addresses() -> list[Address]:
    """List all but the events."""
    found: dict[str, datetime | None] = {}
    for path, changed_at in _paths():
        found.setdefault(path, changed_at)
    return [_at(path, changed_at) for path, changed_at in found.items()][:MOST_IN_A_SITEMAP]


def event_addresses(part: int) -> list[Address]:
    """List the events of one part; parts begin at 1, and one may be empty by now."""
    first = (part - 1) * EVENTS_IN_A_PART
    path = url_for("events.index")
    rows = events_queries.addresses(first, first + EVENTS_IN_A_PART)
    return [_at(f"{path}/{slug}", revised_at) for slug, revised_at in rows]


def parts_of_events() -> dict[int, Address]:
    """Give the parts of events by their numbers, each with the last change in it."""
    return {
        part: _at(url_for("front.sitemap_of_events", part=part), revised_at)
        for part, revised_at in events_queries.last_revision_by_part(EVENTS_IN_A_PART)
    }


def _at(path: str, changed_at: datetime | None) -> Address:
    return Address(iri_to_uri(absolute(path)), changed_at)


def _paths() -> Iterator[tuple[str, datetime | None]]:
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
    for summit in summits_queries.timeline():
        yield url_for("summits.summit", slug=summit.slug), None
    for issue in newsletter_queries.public_issues(limit=MOST_IN_A_SITEMAP):
        yield url_for("newsletter.issue", slug=issue.slug), issue.published_at
        for language in issue.languages if len(issue.texts) > 1 else ():
            path = url_for("newsletter.issue_in", slug=issue.slug, language=language)
            yield path, issue.published_at
