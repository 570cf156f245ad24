"""What tests of the index share: pages to find, events to find, and what is found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events import verbs as events
from campaign.events.models import Event
from campaign.front.search import find, words_of
from campaign.pages.models import Page

Look = Callable[[str], list[str]]


@pytest.fixture
def look(app: Flask) -> Look:
    """Give the search: the addresses found by some words, the best first."""

    def ask(typed: str, language: str = "en") -> list[str]:
        with app.app_context():
            found = find(words_of(typed), language=language, now=clock.now())
            return [entry.path for entry in found.entries]

    return ask


def page(path: str, **more: Any) -> Page:
    """Give a page that is not kept yet."""
    given = {"uid": path, "html": "", "contents": [], "extra": {}, "changed_at": clock.now()}
    return Page(path=path, **{"title": "Title", "source": "Text.", **given, **more})


def planned(city: str, country: str, **more: Any) -> Event:
    """Plan an event in three weeks."""
    given = {"title": "March", "zone": "UTC", "action_id": None, "now": clock.now()}
    given["starts_on"] = (clock.now() + timedelta(days=20)).date()
    return events.plan(city=city, country=country, **{**given, **more})


@pytest.fixture
def plan(app: Flask) -> Callable[..., str]:
    """Give a maker of events; it tells the address of each."""

    def make(city: str, country: str, **more: Any) -> str:
        with app.app_context():
            event = planned(city, country, **more)
            db.session.commit()
            return f"/events/{event.slug}"

    return make
