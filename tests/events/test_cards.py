"""Cards in issues: each reader is told where they can come, or where to look."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import event as listening

from campaign import clock
from campaign.db import db
from campaign.events import verbs
from campaign.events.changes.verbs import call_off
from campaign.events.models import Event
from campaign.mailings.rendering import for_strangers
from campaign.outbox import fields
from campaign.outbox.fields import Recipient, Value
from campaign.places.cities import find
from tests.events.conftest import PARTICULARS
from tests.events.deeds import comes

Plan = Callable[..., Event]
WHERE = {
    "London": ("GB", "Europe/London", 51.5007, -0.1268),
    "Leeds": ("GB", "Europe/London", 53.8008, -1.5491),
    "Lille": ("FR", "Europe/Paris", 50.6292, 3.0573),
    "Paris": ("FR", "Europe/Paris", 48.8566, 2.3522),
    "Sydney": ("AU", "Australia/Sydney", -33.8688, 151.2093),
}


@pytest.fixture
def plan(app: Flask) -> Plan:
    """Give a maker of events: a city, in how many days, and what is otherwise than usual."""

    def make(city: str, days: int = 10, coming: int = 0, **otherwise: Any) -> Event:
        country, zone, latitude, longitude = WHERE[city]
        said = {**PARTICULARS, "title": f"Protest in {city}", "venue": "Main Square", "address": ""}
        said |= {"city": city, "country": country, "zone": zone}
        said |= {"latitude": latitude, "longitude": longitude, **otherwise}
        now = clock.now()
        said["starts_on"] = (now + timedelta(days=days)).date()
        event = verbs.plan(now=now, **said)
        for number in range(coming):
            email = f"{city.lower()}{number}@example.org"
            comes(event, email=email, now=now)
        db.session.commit()
        return event

    return make


SECONDS = count()


def a_moment() -> datetime:
    """Give a moment of its own: what lies ahead is looked at once a second."""
    return clock.now() + timedelta(seconds=next(SECONDS))


def value(name: str, country: str = "", city: str = "", language: str = "en") -> Value:
    known = find(city, country) if city else None
    assert not city or known
    reader = Recipient(1, "Ada", language, country, known.id if known else None)
    with force_locale(language):
        return fields.known()[name].make(reader, a_moment())


def both(found: Value) -> tuple[str, str]:
    assert found.html is not None
    return found.text, found.html


@pytest.mark.parametrize(
    ("country", "city", "told"),
    [
        ("GB", "Brighton", "London"),
        ("GB", "Bradford", "Leeds"),
        # The border is nearer than the capital.
        ("BE", "Brussels", "Lille"),
        ("FR", "Marseille", "Paris"),
    ],
)
def test_a_reader_is_told_of_the_event_nearest_to_their_city(
    app: Flask, plan: Plan, country: str, city: str, told: str
) -> None:
    with app.app_context():
        for name in WHERE:
            plan(name)

        for half in both(value("next_event", country, city)):
            assert f"Protest in {told}" in half
            assert re.search(rf"https://campaign\.example/events/[\d-]+{told.lower()}", half)
            assert re.findall(r"Protest in (\w+)", half) == [told]


def test_how_far_it_is_stands_where_it_is_a_journey(app: Flask, plan: Plan) -> None:
    with app.app_context():
        plan("London")

        assert "About 75 km from Brighton." in value("next_event", "GB", "Brighton").text
        assert " km " not in value("next_event", "GB", "London").text
        # Beyond an evening's way it would only put people off.
        assert " km " not in value("next_event", "GB", "Glasgow").text


def test_what_is_called_off_over_or_full_is_not_where_one_is_sent(app: Flask, plan: Plan) -> None:
    with app.app_context():
        call_off(plan("London"), now=clock.now())
        db.session.commit()
        plan("London", days=-3)
        plan("London", days=4, capacity=2, coming=2)
        plan("Leeds", days=12)

        assert "Protest in Leeds" in value("next_event", "GB", "London").text

        full = value("next_event", "FR", "Calais")
        assert "All places are taken" in full.text
        assert "Protest in London" in full.text


def test_of_a_country_alone_all_its_cities_of_that_day_are_named(app: Flask, plan: Plan) -> None:
    with app.app_context():
        plan("London")
        plan("Leeds")
        plan("London", days=20, title="Another")

        for half in both(value("next_event", "GB")):
            assert re.findall(r"Protest in (\w+)", half) == ["Leeds", "London"]
            assert "Another" not in half


def test_who_lives_nowhere_near_is_told_of_the_day_of_action(app: Flask, plan: Plan) -> None:
    with app.app_context():
        day = (clock.now() + timedelta(days=30)).date()
        action = verbs.announce(title="A day for all", slug="all", summary="", day=day)
        db.session.flush()
        plan("Sydney", action_id=action.id)

        for reader in (("BR", "Recife"), ("BR", ""), ("", "")):
            for half in both(value("next_event", *reader)):
                assert "A day for all" in half
                assert "In one city so far" in half
                assert "https://campaign.example/actions/all" in half


@pytest.mark.parametrize("name", ["next_event", "events_this_month"])
def test_with_no_event_at_all_it_says_where_to_look(app: Flask, name: str) -> None:
    with app.app_context():
        for half in both(value(name, "GB", "London")):
            assert "No event is planned" in half
            assert "https://campaign.example/events" in half


def test_an_example_is_called_one_and_comes_last(app: Flask, plan: Plan) -> None:
    with app.app_context():
        plan("London", is_example=True)
        alone = value("next_event", "GB", "London")
        plan("Leeds")

        assert "Please do not travel for it." in alone.text.replace("\n", " ")
        assert "Come to" not in alone.text
        assert "Protest in Leeds" in value("next_event", "GB", "London").text


def test_the_month_lists_what_is_within_reach_by_date(app: Flask, plan: Plan) -> None:
    with app.app_context():
        plan("London", days=20)
        plan("Leeds", days=5)
        plan("Lille", days=6)
        plan("Paris", days=7)
        plan("Leeds", days=40, title="Too late")

        for half in both(value("events_this_month", "GB", "London")):
            assert re.findall(r"Protest in (\w+)", half) == ["Leeds", "Lille", "London"]
        assert "Paris" not in value("events_this_month", "GB").text


def test_where_nothing_is_near_the_month_names_the_biggest_anywhere(app: Flask, plan: Plan) -> None:
    with app.app_context():
        for number, city in enumerate(WHERE):
            plan(city, coming=number + 1)
        plan("London", days=3, coming=0, title="The smallest")

        for half in both(value("events_this_month", "BR")):
            assert "Elsewhere most people come to these:" in half
            assert set(re.findall(r"Protest in (\w+)", half)) == set(WHERE)
            assert "The smallest" not in half


def test_what_organisers_wrote_is_text_in_a_card_and_lines_are_short(
    app: Flask, plan: Plan
) -> None:
    title = '<script>alert(1)</script> & "{{ name }}" ' + "long words " * 6
    with app.app_context():
        plan("London", title=title.strip(), venue="<b>Square</b> " + "x" * 90)

        for name in ("next_event", "events_this_month"):
            text, html = both(value(name, "GB", "London"))
            assert "<script" not in html
            assert "<b>Square" not in html
            assert "&lt;script&gt;" in html
            assert all(len(line) <= 72 or " " not in line.strip() for line in text.splitlines())


def test_a_card_brings_its_style_and_keeps_its_names_for_the_dark(app: Flask, plan: Plan) -> None:
    with app.app_context():
        plan("London")

        html = value("next_event", "GB", "London").html or ""

        assert re.search(r'class="button"[^>]*style="[^"]*background', html)
        assert re.search(r'class="leaf"[^>]*style="[^"]*background', html)
        assert "<style" not in html
        assert "<html" not in html


def test_a_card_speaks_the_readers_language(app: Flask, plan: Plan) -> None:
    with app.app_context():
        plan("Paris")

        assert "France" in value("next_event", "FR").text
        assert "Frankreich" in value("next_event", "FR", language="de").text


def test_every_city_of_the_world_is_asked_for_with_one_look_at_the_events(
    app: Flask, plan: Plan
) -> None:
    with app.app_context():
        plan("London")
        asked: list[str] = []
        now = a_moment()

        @listening.listens_for(db.engine, "before_cursor_execute")
        def note(_1: Any, _2: Any, statement: str, *_rest: Any) -> None:
            if re.search(r"FROM (event|action|count_kept)\b", statement):
                asked.append(statement)

        make = fields.known()["next_event"].make
        for number in range(50):
            make(Recipient(None, "", "en", "GB", number or None), now)
        listening.remove(db.engine, "before_cursor_execute", note)

        # When they were revised, the events, the places taken at them, and the day of action.
        assert len(asked) == 4


def test_what_changes_is_told_at_once(app: Flask, plan: Plan) -> None:
    with app.app_context():
        london = plan("London")
        assert "Protest in London" in value("next_event", "GB").text

        call_off(london, now=clock.now())
        db.session.commit()

        assert "Protest in London" not in value("next_event", "GB").text


def test_in_the_archive_a_card_is_for_strangers_and_in_the_pages_own_style(
    app: Flask, plan: Plan
) -> None:
    with app.app_context():
        day = (clock.now() + timedelta(days=30)).date()
        action = verbs.announce(title="A day <for> all", slug="all", summary="", day=day)
        db.session.flush()
        plan("London", action_id=action.id)

        html = for_strangers("<p>{{ next_event }}</p>", language="en", now=a_moment())

    assert '<div class="panel">' in html
    assert "A day &lt;for&gt; all</a>" in html
    assert '<a class="button"' in html
    assert not re.search(r"style=|<t[abdr]|leaf|Protest in London", html)
