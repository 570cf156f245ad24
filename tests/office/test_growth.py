"""The office at a million people: no page is more work to the database with more of them."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import pytest
from flask import Flask

from campaign.organisers.models import Role
from tests.conftest import empty_the_tables, signed_in
from tests.office.growing import begin, grow
from tests.office.workload import Work, watched
from tests.visitor import Visitor

# More people than lists show and look through, and three times as many.
SMALL, LARGE = 6_000, 15_000
# Whoever goes through those who were added reads each, or runs some steps of a program for each.
TOO_MUCH = (LARGE - SMALL) // 2
# A page that asked for each of its fifty rows would ask more often.
MOST_STATEMENTS = 40
# What an address names, where it is not the first of its kind.
NAMED = {"slug": "event-1", "kind": "issue", "known_by": "1", "key": "welcome", "language": "en",
         "name": "leave", "rest": ""}  # fmt: skip
# These say how many people a rule means, because an organiser asks just that.
ASK_HOW_MANY = {
    "office.segments.count",
    "office.segments.new",
    "office.segments.edit",
    "office.mailings.planning.plan",
    "office.mailings.planning.count",
    "office.mailings.planning.confirm_send",
    "office.mailings.confirm_again",
}
# And this gives a file of everybody.
GIVES_ALL = "office.imports.export"

Pages = dict[str, tuple[Work, Work]]


@pytest.fixture(scope="module")
def pages(_application: Flask) -> Iterator[Pages]:
    """Open every page of the office, its lists in every way, before and after a campaign grew."""
    app = _application
    organiser = signed_in(app, Role.ADMINISTRATOR)
    with app.app_context():
        begin()
        grow(2, SMALL)
    before = {address: opened(app, organiser, address) for address in addresses(app, organiser)}
    with app.app_context():
        grow(SMALL + 1, LARGE)
    yield {address: (work, opened(app, organiser, address)) for address, work in before.items()}
    with app.app_context():
        empty_the_tables()


def addresses(app: Flask, organiser: Visitor) -> Iterator[str]:
    """List the pages of the office, also those that nobody has thought of here."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        endpoint = rule.endpoint
        is_left_out = endpoint in {*ASK_HOW_MANY, GIVES_ALL} or ".moved_" in endpoint
        if not endpoint.startswith("office.") or "GET" not in (rule.methods or ()) or is_left_out:
            continue
        path = adapter.build(endpoint, {name: NAMED.get(name, 1) for name in rule._converters})
        page = organiser.client.get(path)
        assert page.status_code in {200, 303, 404}, path
        yield path
        if 'class="pager"' in page.text:
            yield f"{path}?page=100"
        if 'role="search"' in page.text:
            for name, value in questions(page.text):
                yield f"{path}?{urlencode({name: value})}"


def questions(page: str) -> Iterator[tuple[str, str]]:
    """List what can be asked of a list: for words, and by each of its filters."""
    for words in ("reader40", "reader77@example.org", "77@example.org"):
        yield "q", words
    for name, options in re.findall(r'<select [^>]*name="(\w+)">(.*?)</select>', page, re.S):
        values = [unescape(value) for value in re.findall(r'<option value="([^"]+)"', options)]
        # Of the countries of the world those that many are in, few, and nobody.
        for value in values if len(values) < 60 else ["DE", "IS", "FR"]:
            yield name, value


def opened(app: Flask, organiser: Visitor, address: str) -> Work:
    """Open a page, and give the work that it was."""
    with watched(app) as work:
        organiser.client.get(address)
    return work


def test_no_page_is_more_work_with_more_people(pages: Pages) -> None:
    more = [
        f"{address}: {before.total} -> {after.total}, {after.hardest}"
        for address, (before, after) in pages.items()
        if after.total - before.total > TOO_MUCH
    ]

    assert len(pages) > 100
    assert not more, "\n".join(more)


def test_no_page_asks_for_each_of_its_rows(pages: Pages) -> None:
    asked = {address: len(after.statements) for address, (_, after) in pages.items()}

    assert max(asked.values()) > 5
    assert not {page: times for page, times in asked.items() if times > MOST_STATEMENTS}
