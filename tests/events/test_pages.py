"""The pages of events and of days of action, as visitors see them."""

import re
from collections.abc import Callable
from datetime import date
from importlib import resources
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events import queries, verbs
from campaign.events.changes.verbs import call_off
from campaign.events.external_links import google, outlook, webcal
from campaign.events.models import Action, Event
from campaign.events.world_map import position
from tests.events.conftest import NOW, PARTICULARS
from tests.events.deeds import comes
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]


@pytest.fixture
def starter(app: Flask) -> None:
    with app.app_context():
        verbs.load_starter(resources.files("campaign.starter"), now=clock.now())
        db.session.commit()


def test_events_are_listed_by_date_then_by_country_and_city(
    visitor: Visitor, make_event: MakeEvent
) -> None:
    make_event(city="Paris", country="FR", zone="Europe/Paris")
    make_event(city="York")
    make_event(city="Bath")
    make_event(city="Oslo", country="NO", zone="Europe/Oslo", starts_on=date(2099, 1, 1))

    page = visitor.open("/events").text

    order = [page.index(f">{city}, ") for city in ("Oslo", "Paris", "Bath", "York")]
    assert order == sorted(order)


def test_events_that_are_over_stand_apart(visitor: Visitor, make_event: MakeEvent) -> None:
    make_event(city="Bath", starts_on=date(2024, 5, 13))
    make_event(city="York")

    page = visitor.open("/events").text

    assert page.index(">York,") < page.index("Past events") < page.index(">Bath,")


@pytest.mark.parametrize("address", ["/events?country=FR", "/events?action=may-2099"])
def test_the_list_can_be_narrowed(
    visitor: Visitor, make_event: MakeEvent, action: Action, address: str
) -> None:
    make_event(city="Paris", country="FR", zone="Europe/Paris", action_id=action.id)
    make_event(city="York")

    page = visitor.open(address).text

    assert ">Paris, France" in page
    assert ">York," not in page


@pytest.mark.parametrize(
    ("asked", "city"),
    [
        ("são paulo", "São Paulo"),
        ("Sao Paulo", "São Paulo"),
        ("  BRASIL ", "São Paulo"),
        ("reykjavik", "Reykjavík"),
        ("London, UK", "London"),
        ("the Netherlands", "The Hague"),
        ("norge", "Oslo"),
        ("york", "New York City"),
    ],
)
def test_a_city_is_found_by_its_name_or_its_countrys_as_people_type_them(
    visitor: Visitor, starter: None, asked: str, city: str
) -> None:
    action = visitor.open(f"/actions/may-13?q={asked}").text
    listed = visitor.open(f"/events?q={asked}").text

    found = action[action.index('id="found"') : action.index('id="cities"')]
    assert re.findall(r'<a href="/events/may-13-[^"]+">([^<]+)</a>', found) == [city]
    assert listed.count('<li class="ticket">') - listed.count("may-2024-") == 1
    assert f">{city}, " in listed


@pytest.mark.parametrize("asked", ["Lisbon", "<b>x</b>", "%", "...", "x" * 300, "New London"])
def test_a_place_without_an_event_is_answered_kindly_and_with_all_there_are(
    visitor: Visitor, starter: None, asked: str
) -> None:
    action = visitor.open(f"/actions/may-13?q={quote(asked)}").text
    listed = visitor.open(f"/events?q={quote(asked)}").text

    assert "We know of no protest there yet." in action
    assert "We know of nothing in" in listed
    assert action.count('href="/events/may-13-') == 28
    assert listed.count('href="/events/may-13-') == 14
    assert "<b>x" not in action + listed


def test_nobody_coming_yet_is_an_invitation_to_be_the_first(
    visitor: Visitor, starter: None
) -> None:
    action = visitor.open("/actions/may-13").text
    event = visitor.open("/events/may-13-london").text

    assert "Be the first to sign up" in action
    assert "Be the first to sign up" in event
    assert "People coming so far" not in action


def test_an_event_names_its_time_in_full_words(visitor: Visitor, make_event: MakeEvent) -> None:
    event = make_event(starts_on=date(2099, 5, 13))

    page = visitor.open(f"/events/{event.slug}").text

    assert "Wednesday 13 May 2099" in page
    assert "17:30 to 19:00, London time" in page
    assert "British Summer Time" in page
    assert "https://www.openstreetmap.org/?mlat=51.5007&amp;mlon=-0.1268#map=17/" in page


@pytest.mark.parametrize("address", ["/events?country=XX", "/events?action=%25_&country=<b>"])
def test_a_filter_that_means_nothing_finds_nothing(
    visitor: Visitor, make_event: MakeEvent, address: str
) -> None:
    make_event()

    page = visitor.open(address)

    assert page.status_code == 200
    assert "Nothing is planned here yet." in page.text
    assert "<b>" not in page.text


def test_an_event_called_off_stays_listed_and_says_so(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()
    with app.app_context():
        call_off(db.session.get_one(Event, event.id), now=clock.now())
        db.session.commit()
        upcoming = queries.upcoming(now=clock.now())

    page = visitor.open(f"/events/{event.slug}").text

    assert "Called off" in visitor.open("/events").text
    assert "has been called off" in page
    assert "Please do not travel for it. If you signed up, we tell you by mail." in page
    assert upcoming == []


def test_organisers_words_are_markdown_and_never_markup(
    visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event(
        title="<img src=x> {{ 7*7 }}", description="**Bold** <script>x</script> {{ 7*7 }}"
    )

    page = visitor.open(f"/events/{event.slug}").text

    assert "<strong>Bold</strong>" in page
    assert "<script>x" not in page
    assert "<img src=x" not in page
    assert "{{ 7*7 }}" in page


def test_the_starters_day_of_action_has_fourteen_cities_on_map_and_list(
    visitor: Visitor, starter: None
) -> None:
    page = visitor.open("/actions/may-13").text

    assert page.count("map-dot") == 14
    assert page.count('href="/events/may-13-') == 28
    assert page.count("data-local") == 14
    assert "data-countdown" in page
    assert 'href="/events/may-13-sao-paulo"' in page


def test_a_day_of_action_counts_the_places_taken(
    app: Flask, visitor: Visitor, starter: None
) -> None:
    with app.app_context():
        for city in ("london", "oslo"):
            event = queries.event_by_slug(f"may-13-{city}")
            assert event
            comes(event, email=f"{city}@example.org", guests=2, now=clock.now())
        db.session.commit()

    page = visitor.open("/actions/may-13").text

    assert "<dt>People coming so far</dt><dd>6</dd>" in page


def test_a_day_of_action_does_not_count_a_city_that_was_called_off(
    app: Flask, visitor: Visitor, starter: None
) -> None:
    with app.app_context():
        call_off(queries.event_by_slug("may-13-oslo"), now=clock.now())
        db.session.commit()

    page = visitor.open("/actions/may-13").text

    assert "<dt>Cities</dt><dd>13</dd>" in page
    assert "<dt>Countries</dt><dd>11</dd>" in page


def test_the_starters_archive_is_over_and_takes_nobody(visitor: Visitor, starter: None) -> None:
    action = visitor.open("/actions/may-2024").text
    event = visitor.open("/events/may-2024-london").text

    assert "This day of action is over." in action
    assert 'href="/2024-may"' in action
    assert "This event is over." in event
    assert "outside the Department for Science, Innovation and Technology" in event
    assert "/sign-up" not in event


def test_the_starter_is_loaded_once(app: Flask, starter: None) -> None:
    with app.app_context():
        before = {event.uid for event in queries.upcoming(now=clock.now())}
        verbs.load_starter(resources.files("campaign.starter"), now=clock.now())
        db.session.commit()

        assert {event.uid for event in queries.upcoming(now=clock.now())} == before
        assert len(before) == 14


def test_the_coming_day_of_action_is_the_next_thirteenth_of_may(app: Flask, starter: None) -> None:
    now = clock.now()
    with app.app_context():
        coming = queries.next_action(now=now)

    assert coming is not None
    assert (coming.slug, coming.day.month, coming.day.day) == ("may-13", 5, 13)
    assert 0 <= (coming.day - now.date()).days <= 366


def test_no_address_leads_to_what_is_not_there(visitor: Visitor, starter: None) -> None:
    missing = ["/actions/none", "/actions/none.ics", "/events/none", "/events/none.ics"]

    assert [visitor.open(path).status_code for path in missing] == [404] * 4


@pytest.mark.parametrize(
    ("latitude", "longitude", "x", "y"),
    [
        (80, -180, 0, 0),
        (-58, 180, 1000, 500),
        (51.5074, -0.1278, 499.6, 103.2),
        (90, 0, 500, 0),
        (-90, 0, 500, 500),
    ],
)
def test_places_stand_where_the_map_has_them(
    latitude: float, longitude: float, x: float, y: float
) -> None:
    assert position(latitude, longitude) == (x, y)


def test_links_of_other_calendars_carry_the_time_in_the_way_each_reads_it() -> None:
    given: dict[str, Any] = {**PARTICULARS, "starts_on": date(2027, 5, 13)}
    event = Event(uid="x", created_at=NOW, revised_at=NOW, **given)

    assert "dates=20270513T173000%2F20270513T190000&ctz=Europe%2FLondon" in google(event, url="u")
    assert "startdt=2027-05-13T16%3A30%3A00Z" in outlook(event, url="u")
    assert "enddt=2027-05-13T18%3A00%3A00Z" in outlook(event, url="u")
    assert webcal("https://campaign.example/events.ics") == "webcal://campaign.example/events.ics"


def test_an_event_on_the_other_side_of_the_world_is_over_when_its_own_clock_says_so(
    make_event: MakeEvent,
) -> None:
    sydney = make_event(city="Sydney", country="AU", zone="Australia/Sydney")

    assert sydney.ends_at.isoformat() == "2099-05-13T19:00:00+10:00"
    assert not sydney.is_over(clock.now())
    assert sydney.is_over(sydney.ends_at)
