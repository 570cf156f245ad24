"""The main menu has its fixed entries, and those that pages ask for."""

import re

from flask import Flask

from tests.pages.making import keep, page
from tests.visitor import Visitor


def menu(html: str) -> list[tuple[str, str]]:
    nav = html[html.index('<nav aria-label="Main">') : html.index("</nav>")]
    return [(href, label) for href, label in re.findall(r'href="([^"]*)"[^>]*>([^<]*)<', nav)]


FIXED = [
    ("/events", "Protest"),
    ("/write", "Write to your minister"),
    ("/news", "News"),
    ("/newsletter", "Newsletter"),
]


def test_without_pages_the_menu_has_its_fixed_entries(visitor: Visitor) -> None:
    answer = visitor.open("/news")

    assert menu(answer.text) == FIXED


def test_pages_stand_in_the_menu_where_they_ask_to(app: Flask, visitor: Visitor) -> None:
    keep(app, "about.md", page(nav="About", nav_order=90))
    keep(app, "proposal.md", page(nav="Proposal", nav_order=10))
    keep(app, "other.md", page())

    answer = visitor.open("/news")

    assert menu(answer.text) == [("/proposal", "Proposal"), *FIXED, ("/about", "About")]


def test_protest_leads_to_the_next_day_of_action(starter: Flask, visitor: Visitor) -> None:
    answer = visitor.open("/news")

    assert ("/actions/may-13", "Protest") in menu(answer.text)


def test_the_page_being_read_is_marked(app: Flask, visitor: Visitor) -> None:
    keep(app, "proposal.md", page(nav="Proposal"))

    answer = visitor.open("/proposal")

    assert '<a href="/proposal" aria-current="page">Proposal</a>' in answer.text
    assert answer.text.count("aria-current") == 1


def test_the_menu_is_not_gathered_for_every_page(app: Flask, visitor: Visitor) -> None:
    visitor.open("/news")
    keep(app, "proposal.md", page(nav="Proposal"))

    soon = visitor.open("/news")
    app.extensions.pop("front.menu")
    later = visitor.open("/news")

    assert menu(soon.text) == FIXED
    assert ("/proposal", "Proposal") in menu(later.text)


def test_words_in_the_menu_are_never_markup(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page(nav="'<b>x</b>'"))

    answer = visitor.open("/news")

    assert "<b>x</b>" not in answer.text
