"""The home page tells what is wanted, what comes next, and what one can do."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.events.models import Action, Event
from tests.events.deeds import comes
from tests.pages.making import keep, page
from tests.visitor import Visitor


def test_the_home_page_says_what_is_wanted_what_comes_and_what_to_do(
    starter: Flask, visitor: Visitor
) -> None:
    answer = visitor.open("/")

    assert answer.status_code == 200
    assert answer.text.count("<h1>") == 1
    assert "<h1>Pause frontier AI, by treaty</h1>" in answer.text
    assert "We ask governments for a treaty" in answer.text
    assert 'href="/actions/may-13"' in answer.text
    assert "In 14 cities:" in answer.text
    assert "São Paulo" in answer.text
    assert "data-countdown=" in answer.text
    assert "World Summit on Artificial Intelligence" in answer.text
    assert "The days have not been announced." in answer.text
    assert 'href="/newsletter"' in answer.text
    assert 'href="/write"' in answer.text
    assert "See you on 13 May" in answer.text
    assert '<link rel="canonical" href="https://campaign.example/">' in answer.text


def test_the_home_page_has_a_field_to_find_the_protest_near_by(
    starter: Flask, visitor: Visitor
) -> None:
    page = visitor.open("/").text

    assert 'method="get" action="/actions/may-13#found"' in page
    assert page.count("<option value=") == 14
    assert '<option value="São Paulo">' in page


def test_the_notes_of_the_home_page_stand_at_its_end(starter: Flask, visitor: Visitor) -> None:
    page = visitor.open("/").text

    assert page.index('href="#fn1"') < page.index("Three things to do now")
    assert page.index("All news") < page.index('id="fn1"') < page.index("</main>")
    assert page.count("We ask governments for a treaty that pauses the training") == 3


def test_the_home_page_counts_the_places_taken(starter: Flask, visitor: Visitor) -> None:
    now = clock.now()
    with starter.app_context():
        event = db.session.scalars(
            select(Event).join(Event.action).where(Action.slug == "may-13").limit(1)
        ).one()
        comes(db.session.get_one(Event, event.id), guests=2, now=now)
        db.session.commit()

    answer = visitor.open("/")

    assert "3 people are coming so far." in answer.text


def test_without_anything_there_is_still_a_home_page(visitor: Visitor) -> None:
    answer = visitor.open("/")

    assert answer.status_code == 200
    assert "<h1>Pause Frontier AI</h1>" in answer.text
    assert "Three things to do now" in answer.text
    assert 'href="/events"' in answer.text
    assert "The next summit" not in answer.text


def test_an_action_without_events_is_announced(app: Flask, visitor: Visitor) -> None:
    day = datetime.now(UTC).date() + timedelta(days=30)
    with app.app_context():
        db.session.add(Action(slug="spring", title="A day in spring", day=day))
        db.session.commit()

    answer = visitor.open("/")

    assert "A day in spring" in answer.text
    assert 'href="/actions/spring"' in answer.text
    assert "data-countdown" not in answer.text


def test_the_home_pages_own_words_are_those_of_its_page(app: Flask, visitor: Visitor) -> None:
    keep(app, "index.md", page("Welcome", "Own <b>words</b>.", description="In short."))

    answer = visitor.open("/")

    assert "<title>Welcome · Pause Frontier AI</title>" in answer.text
    assert "Own &lt;b&gt;words&lt;/b&gt;." in answer.text
    assert "In short." in answer.text
