"""Thousands of events: what is listed of them, how light it is, and how little is asked for it."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain

import icalendar
import pytest
import time_machine
from flask import Flask

from campaign.db import db
from campaign.events import queries
from campaign.events.calendar import Party
from campaign.events.changes import verbs as changes
from campaign.events.feeds.kept_entries import published
from campaign.events.feeds.queries import versions
from campaign.events.models import Action, Event
from tests.events.conftest import NOW
from tests.events.deeds import comes
from tests.events.many import COUNTRIES, plan_many, statements
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]
DAY = date(2099, 5, 13)
ADDRESSES = (
    "/", "/events", "/events?page=2", "/events?q=ville", "/events?country=FR",
    "/events?action=may-2099", "/events?from=2098-02-01", "/events?when=past", "/events.ics",
    "/events.ics?country=FR", "/actions/may-2099", "/actions/may-2099?q=ville",
    "/actions/may-2099?country=FR", "/actions/may-2099.ics",
    "/sitemap.xml",
)  # fmt: skip
# A page, its menu, and what it shows.
MOST_STATEMENTS = 14


def links(page: str) -> list[str]:
    return re.findall(r'href="/events/(event-\d+)"', page)


def followed(visitor: Visitor, address: str) -> list[list[str]]:
    """Open a list and every page after it by the links at its end."""
    pages = []
    while address:
        page = visitor.open(address).text
        pages.append(links(page))
        after = re.search(r'<a href="([^"]+)" rel="next"', page)
        address = after[1].replace("&amp;", "&") if after else ""
    return pages


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_asks_no_more_of_the_database_however_many_events_there_are(
    app: Flask, visitor: Visitor, action: Action, address: str
) -> None:
    fewest = []
    for first, number in ((0, 61), (61, 200)):
        plan_many(app, number, first=first, action_id=action.id, starts_on=DAY)
        asked = []
        # What is kept from one view to the next is made, and made again after a while.
        for _ in range(3):
            with statements(app) as said:
                assert visitor.open(address).status_code == 200
            asked.append(said)
        fewest.append(min(asked, key=len))

    few, many = fewest
    assert len(many) <= len(few) <= MOST_STATEMENTS, many


def test_the_pages_of_a_list_hold_each_event_once_and_in_order(
    app: Flask, visitor: Visitor
) -> None:
    plan_many(app, 60)

    pages = followed(visitor, "/events")

    assert [len(page) for page in pages] == [24, 24, 12]
    assert list(chain(*pages)) == [f"event-{at}" for at in range(60)]


@pytest.mark.parametrize("page", ["0", "-1", "4", "x", "1.5", "99999999999999999999", "٢"])
def test_a_page_that_is_not_there_is_not_found(app: Flask, visitor: Visitor, page: str) -> None:
    plan_many(app, 60)

    assert visitor.open("/events?page=3").status_code == 200
    assert visitor.open(f"/events?page={page}").status_code == 404


def test_a_narrowed_list_stays_narrow_on_its_next_page(app: Flask, visitor: Visitor) -> None:
    plan_many(app, 300)

    for address in ("/events?country=FR", "/events?q=france"):
        pages = followed(visitor, address)

        assert [len(page) for page in pages] == [24, 24, 2]
        assert all(int(slug.removeprefix("event-")) % 6 == 1 for page in pages for slug in page)


def test_a_list_can_begin_with_a_day(app: Flask, visitor: Visitor) -> None:
    plan_many(app, 60)

    pages = followed(visitor, "/events?from=2098-01-31")

    assert pages[0][0] == "event-30"
    assert [len(page) for page in pages] == [24, 6]
    assert 'value="2098-01-31"' in visitor.open("/events?from=2098-01-31").text


def test_a_day_that_is_none_is_said_to_be_wrong(visitor: Visitor, make_event: MakeEvent) -> None:
    event = make_event()

    answer = visitor.open("/events?from=tomorrow")

    assert answer.status_code == 422
    assert "Enter a day, like 2027-05-13." in answer.text
    assert f'href="/events/{event.slug}"' in answer.text


def test_of_many_that_are_over_the_latest_stand_below_and_all_on_pages(
    app: Flask, visitor: Visitor
) -> None:
    plan_many(app, 60, starts_on=date(2024, 5, 13))

    page = visitor.open("/events").text
    pages = followed(visitor, "/events?when=past")

    assert len(links(page)) == 14
    assert 'href="/events?when=past"' in page
    assert [len(one) for one in pages] == [24, 24, 12]
    assert len(set(chain(*pages))) == 60


@pytest.mark.parametrize("hours", range(0, 48, 5))
def test_what_is_ahead_is_what_is_not_over_on_the_clocks_of_its_city(
    app: Flask, make_event: MakeEvent, hours: int
) -> None:
    for zone in ("Pacific/Kiritimati", "Asia/Tokyo", "Europe/London", "Pacific/Pago_Pago"):
        for day in (12, 13, 14):
            for starts, ends in ((None, None), (time(9), time(10, 30)), (time(20), time(23, 59))):
                make_event(zone=zone, starts_on=date(2098, 6, day), starts=starts, ends=ends)
    now = datetime(2098, 6, 12, 12, tzinfo=UTC) + timedelta(hours=hours)

    with app.app_context():
        at = queries.horizon(now)
        ahead = {event.id for event in queries.ahead(at).some(100)}
        past = {event.id for event in queries.past(at).some(100)}
        over = {event.id for event in db.session.query(Event) if event.is_over(now)}

    assert past == over
    assert len(ahead) + len(past) == 36
    assert not ahead & past


def test_a_day_of_action_of_many_cities_is_light_and_leads_to_each(
    app: Flask, visitor: Visitor, action: Action
) -> None:
    plan_many(app, 500, action_id=action.id, starts_on=DAY)

    page = visitor.open("/actions/may-2099").text

    assert len(gzip.compress(page.encode())) < 20_000
    assert len(links(page)) == 500
    assert page.count("<details>") == len(COUNTRIES)
    assert "<dt>Cities</dt><dd>500</dd>" in page
    assert "<dt>Countries</dt><dd>6</dd>" in page


def test_the_cities_of_a_country_can_be_read_with_their_hours(
    app: Flask, visitor: Visitor, action: Action
) -> None:
    plan_many(app, 300, action_id=action.id, starts_on=DAY)

    page = visitor.open("/actions/may-2099?country=FR").text

    found = page[page.index('id="found">France') : page.index('id="cities"')]
    assert len(links(found)) == 24
    assert "Hall 1<br>" in found
    assert 'href="/actions/may-2099?country=FR&amp;page=2#found"' in found
    assert visitor.open("/actions/may-2099?country=IS").status_code == 404


def test_ones_city_is_found_among_many_however_it_is_typed(
    app: Flask, visitor: Visitor, action: Action
) -> None:
    plan_many(app, 500, action_id=action.id, starts_on=DAY)

    for asked in ("São 0002", "sao 0002", "BRASIL 0002", "0002, brazil"):
        page = visitor.client.get("/actions/may-2099", query_string={"q": asked}).text

        found = page[page.index('id="found"') : page.index('id="cities"')]
        assert links(found) == ["event-2"]


def test_eighty_accents_are_answered_kindly(app: Flask, visitor: Visitor, action: Action) -> None:
    plan_many(app, 100, action_id=action.id, starts_on=DAY)

    for asked in ("\u0301" * 80, "ế" * 80, "a\u0301\u0302\u0303" * 20):
        for address in ("/actions/may-2099", "/events"):
            answer = visitor.client.get(address, query_string={"q": asked})

            assert answer.status_code == 200


def test_a_day_of_action_of_thousands_leads_to_its_countries(
    app: Flask, visitor: Visitor, action: Action
) -> None:
    plan_many(app, 1001, action_id=action.id, starts_on=DAY)

    page = visitor.open("/actions/may-2099").text

    assert links(page) == []
    assert 'href="/actions/may-2099?country=FR#found"' in page
    assert "<dt>Cities</dt><dd>1,001</dd>" in page
    assert len(gzip.compress(page.encode())) < 20_000


def test_what_is_called_off_is_said_so_among_many_and_not_counted(
    app: Flask, visitor: Visitor, action: Action
) -> None:
    plan_many(app, 70, action_id=action.id, starts_on=DAY)
    with app.app_context():
        event = queries.event_by_slug("event-1")
        assert event
        comes(event, name="Ada", email="ada@example.org", guests=0, news="", language="en", now=NOW)
        changes.call_off(event, now=NOW)
        db.session.commit()

    page = visitor.open("/actions/may-2099").text

    assert re.search(r'event-1">Ville 0001</a>\s*<strong>called off</strong>', page)
    assert "<dt>Cities</dt><dd>69</dd>" in page
    assert "People coming so far" not in page


def test_the_home_page_names_few_cities_and_only_counts_many(
    app: Flask, visitor: Visitor, action: Action
) -> None:
    plan_many(app, 60, action_id=action.id, starts_on=DAY)
    few = visitor.open("/").text
    plan_many(app, 10, first=60, action_id=action.id, starts_on=DAY)
    many = visitor.open("/").text

    assert len(links(few)) == 60
    assert links(many) == []
    assert "In 70 cities of 6 countries." in many
    assert 'href="/actions/may-2099#cities"' in many


def test_a_change_of_one_of_many_stands_in_the_next_feed(app: Flask, visitor: Visitor) -> None:
    plan_many(app, 50)
    before = visitor.open("/events.ics")
    with app.app_context():
        event = queries.event_by_slug("event-7")
        assert event
        event.title, event.revised_at = "A new title", NOW + timedelta(days=1)
        db.session.commit()

    after = visitor.client.get("/events.ics", headers={"If-None-Match": before.headers["ETag"]})

    said = {one["uid"]: one["summary"] for one in icalendar.Calendar.from_ical(after.text).events}
    assert len(said) == 50
    assert said["7@campaign.example"] == "A new title"
    assert said["8@campaign.example"] == "Protest in São 0008"


def test_what_is_revised_while_a_feed_is_made_stays_in_it(app: Flask) -> None:
    plan_many(app, 2)
    publisher = Party("Campaign", "news@example.org")
    with app.test_request_context():
        listed = versions(queries.in_feed(now=NOW), now=NOW)
        event = queries.event_by_slug("event-1")
        assert event
        event.title, event.zone, event.revised_at = "New", "Asia/Tokyo", NOW + timedelta(days=1)
        db.session.commit()

        text = published(listed, organizer=publisher, name="Feed")

    said = {one["uid"]: one["summary"] for one in icalendar.Calendar.from_ical(text).events}
    assert said == {"0@campaign.example": "Protest in Ton 0000", "1@campaign.example": "New"}
    assert "TZID:Asia/Tokyo" in text


def test_a_feed_hears_of_what_was_revised_first_and_saved_last(
    app: Flask, visitor: Visitor
) -> None:
    plan_many(app, 1)
    plan_many(app, 1, first=1, revised_at=NOW + timedelta(minutes=2))
    before = visitor.open("/events.ics")
    with app.app_context():
        event = queries.event_by_slug("event-0")
        assert event
        event.title, event.revised_at = "Revised before", NOW + timedelta(minutes=1)
        db.session.commit()

    after = visitor.client.get("/events.ics", headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert "SUMMARY:Revised before" in after.text


def test_a_feed_hears_of_what_is_deleted(app: Flask, visitor: Visitor) -> None:
    plan_many(app, 3)
    before = visitor.open("/events.ics")
    with app.app_context():
        db.session.delete(queries.event_by_slug("event-1"))
        db.session.commit()

    after = visitor.client.get("/events.ics", headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert "1@campaign.example" not in after.text


def test_a_feed_is_another_on_the_next_day(app: Flask, visitor: Visitor) -> None:
    plan_many(app, 3, starts_on=date(2098, 6, 1))
    with time_machine.travel(datetime(2098, 7, 1, 12, tzinfo=UTC)):
        before = visitor.open("/events.ics")
    with time_machine.travel(datetime(2098, 7, 2, 12, tzinfo=UTC)):
        after = visitor.client.get("/events.ics", headers={"If-None-Match": before.headers["ETag"]})

    assert before.text.count("BEGIN:VEVENT") == 3
    assert after.text.count("BEGIN:VEVENT") == 0
