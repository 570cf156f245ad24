"""Calendar files and feeds: what programs that ask every few hours get."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import time_machine
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events.changes import verbs
from campaign.events.models import Action, Event
from tests.events.conftest import PARTICULARS
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]
TODAY = date(2098, 6, 1)


@pytest.fixture
def summer() -> Any:
    with time_machine.travel(datetime.fromisoformat("2098-06-01T10:00:00+00:00"), tick=False) as it:
        yield it


def entries(visitor: Visitor, address: str) -> list[Any]:
    return list(icalendar.Calendar.from_ical(visitor.open(address).text).walk("VEVENT"))


def test_a_feed_is_a_calendar_of_all_that_is_ahead(visitor: Visitor, make_event: MakeEvent) -> None:
    events = [make_event(city="York"), make_event(city="Bath", starts_on=date(2099, 1, 1))]

    answer = visitor.open("/events.ics")

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "\r\n" in answer.text
    assert [entry["uid"] for entry in entries(visitor, "/events.ics")] == [
        events[1].uid, events[0].uid,
    ]  # fmt: skip
    assert entries(visitor, "/events.ics")[0]["url"] == (
        f"https://campaign.example/events/{events[1].slug}"
    )
    assert "X-WR-CALNAME:Events of Pause Frontier AI" in answer.text


def test_what_has_not_changed_is_not_sent_again(visitor: Visitor, make_event: MakeEvent) -> None:
    event = make_event()
    for path in ("/events.ics", f"/events/{event.slug}.ics"):
        first = visitor.open(path)

        by_tag = visitor.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        by_time = visitor.client.get(
            path, headers={"If-Modified-Since": first.headers["Last-Modified"]}
        )

        assert (by_tag.status_code, by_tag.text) == (304, "")
        assert (by_time.status_code, by_time.text) == (304, "")


def test_a_feed_sent_small_is_known_again(visitor: Visitor, make_event: MakeEvent) -> None:
    make_event()
    small = {"Accept-Encoding": "gzip"}
    first = visitor.client.get("/events.ics", headers=small)

    second = visitor.client.get(
        "/events.ics", headers={**small, "If-None-Match": first.headers["ETag"]}
    )

    assert first.headers["Content-Encoding"] == "gzip"
    assert second.status_code == 304


def test_what_has_changed_is_sent_again(
    app: Flask, visitor: Visitor, make_event: MakeEvent, summer: Any
) -> None:
    event = make_event(starts_on=date(2098, 7, 1))
    path = f"/events/{event.slug}.ics"
    first, feed = visitor.open(path), visitor.open("/events.ics")

    summer.shift(timedelta(minutes=5))
    with app.app_context():
        changed = {**PARTICULARS, "starts_on": date(2098, 7, 1), "title": "Protest, corrected"}
        verbs.revise(db.session.get_one(Event, event.id), now=clock.now(), **changed)
        db.session.commit()

    for before, address in ((first, path), (feed, "/events.ics")):
        asked = {"If-Modified-Since": before.headers["Last-Modified"]}
        assert visitor.client.get(address, headers=asked).status_code == 200
        asked = {"If-None-Match": before.headers["ETag"]}
        assert visitor.client.get(address, headers=asked).status_code == 200


def test_a_feed_is_never_older_than_the_day_on_which_it_forgot_something(
    visitor: Visitor, make_event: MakeEvent, summer: Any
) -> None:
    make_event(starts_on=TODAY - timedelta(days=30))
    first = visitor.open("/events.ics")

    summer.shift(timedelta(days=1))
    asked = {"If-Modified-Since": first.headers["Last-Modified"]}
    second = visitor.client.get("/events.ics", headers=asked)

    assert "BEGIN:VEVENT" in first.text
    assert second.status_code == 200
    assert "BEGIN:VEVENT" not in second.text


def test_a_feed_reads_the_same_twice(visitor: Visitor, make_event: MakeEvent) -> None:
    for city in ("York", "Bath", "Hull"):
        make_event(city=city)

    assert visitor.open("/events.ics").text == visitor.open("/events.ics").text


@pytest.mark.parametrize(("days", "is_kept"), [(1, True), (30, True), (31, False)])
def test_what_is_past_stays_in_the_feed_for_thirty_days(
    visitor: Visitor, make_event: MakeEvent, summer: Any, days: int, is_kept: bool
) -> None:
    make_event(starts_on=TODAY - timedelta(days=days))

    found = entries(visitor, "/events.ics")

    assert bool(found) == is_kept


@pytest.mark.parametrize(("days", "is_kept"), [(0, True), (30, True), (31, False)])
def test_what_was_called_off_stays_as_cancelled_for_thirty_days(
    app: Flask, visitor: Visitor, make_event: MakeEvent, summer: Any, days: int, is_kept: bool
) -> None:
    event = make_event()
    with app.app_context():
        verbs.call_off(db.session.get_one(Event, event.id), now=clock.now() - timedelta(days=days))
        db.session.commit()

    found = entries(visitor, "/events.ics")

    assert [(entry["uid"], entry["status"], entry["sequence"]) for entry in found] == (
        [(event.uid, "CANCELLED", 1)] if is_kept else []
    )


def test_a_feed_can_be_narrowed_to_a_country_or_a_day_of_action(
    visitor: Visitor, make_event: MakeEvent, action: Action
) -> None:
    paris = make_event(
        city="Paris", country="FR", zone="Europe/Paris", action_id=action.id, starts=None, ends=None
    )
    make_event(city="York")

    for address in (
        "/events.ics?country=FR",
        "/events.ics?action=may-2099",
        "/actions/may-2099.ics",
    ):
        assert [entry["uid"] for entry in entries(visitor, address)] == [paris.uid]


def test_a_day_of_action_has_its_whole_calendar_however_long_ago(
    visitor: Visitor, make_event: MakeEvent, action: Action
) -> None:
    event = make_event(action_id=action.id, starts_on=date(2024, 5, 13), starts=None, ends=None)

    found = entries(visitor, "/actions/may-2099.ics")

    assert [entry["uid"] for entry in found] == [event.uid]


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html", "application/x-nothing;q=0.1", "text/calendar", "é;;;"]
)
def test_whatever_a_program_says_it_accepts_it_gets_the_calendar(
    visitor: Visitor, make_event: MakeEvent, accept: str
) -> None:
    event = make_event()

    for path in ("/events.ics", f"/events/{event.slug}.ics"):
        answer = visitor.client.get(path, headers={"Accept": accept})

        assert answer.status_code == 200
        assert answer.mimetype == "text/calendar"


def test_a_feed_may_be_asked_for_by_head(visitor: Visitor, make_event: MakeEvent) -> None:
    make_event()

    answer = visitor.client.head("/events.ics")

    assert answer.status_code == 200
    assert answer.headers["ETag"]


def test_a_feed_with_nothing_in_it_is_still_a_calendar(visitor: Visitor) -> None:
    answer = visitor.open("/events.ics?country=AQ")

    assert answer.status_code == 200
    assert answer.text.startswith("BEGIN:VCALENDAR\r\n")
    whole = icalendar.Calendar.from_ical(answer.text)
    assert [part.name for part in whole.subcomponents] == ["VTIMEZONE"]


@pytest.mark.parametrize(
    "narrowed", ["action=typo", "country=zz", "country=England", "action=may-2099&country=XX"]
)
def test_a_feed_of_what_there_is_not_is_not_found(
    visitor: Visitor, action: Action, narrowed: str
) -> None:
    assert visitor.open(f"/events.ics?{narrowed}").status_code == 404


@pytest.mark.parametrize("narrowed", ["action=may-2099", "country=pl", "country=PL"])
def test_a_feed_in_which_nothing_is_yet_is_found(
    visitor: Visitor, action: Action, narrowed: str
) -> None:
    assert visitor.open(f"/events.ics?{narrowed}").status_code == 200


def test_the_page_offers_the_feed_to_calendar_programs(
    visitor: Visitor, make_event: MakeEvent
) -> None:
    make_event()

    assert (
        "webcal://campaign.example/events.ics?country=GB" in visitor.open("/events?country=GB").text
    )
