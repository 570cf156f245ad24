"""Telling the news: each who comes hears once how an event now stands, whatever happens."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock, jobs
from campaign.db import db
from campaign.events.changes import duties, queries, verbs
from campaign.events.models import Event
from campaign.outbox.models import Message
from campaign.people.models import Person
from tests.events.conftest import PARTICULARS
from tests.events.deeds import changes_are_notified, reread, with_people, withdraws, written
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]
Queued = Callable[..., list[Message]]

CROWD = [f"person{n:02}" for n in range(60)]


def change(app: Flask, event: Event, **otherwise: Any) -> int:
    """Change an event's plans, and give how many the organiser is told will hear of it."""
    with app.app_context():
        said = {**PARTICULARS, **otherwise}
        found = db.session.get_one(Event, event.id)
        number = verbs.revise(found, sure_of=said["starts_on"], now=clock.now(), **said)
        db.session.commit()
        return number


def call_off(app: Flask, event: Event) -> int:
    with app.app_context():
        number = verbs.call_off(db.session.get_one(Event, event.id), now=clock.now())
        db.session.commit()
        return number


def test_the_organisers_request_posts_nothing_and_wakes_a_worker(
    app: Flask, organiser: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace")
    with app.app_context():
        jobs.queue().flush()

    organiser.send(f"/office/events/{event.slug}/edit", action="/edit", venue="Elsewhere")
    page = organiser.open(f"/office/events/{event.slug}").text

    assert queued("event-changed") == []
    assert "2 people get a mail about it." in page
    with app.app_context():
        assert [list(task.args) for task in jobs.queue().pending()] == [["events.notify"]]


def test_everybody_is_told_once_however_often_the_duty_comes_by(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, *CROWD)

    number = change(app, event, venue="Elsewhere")
    for _ in range(3):
        changes_are_notified(app)

    assert number == len(CROWD)
    mails = queued("event-changed")
    assert [mail.to_name.lower() for mail in mails] == CROWD


def test_what_is_broken_off_in_the_middle_is_taken_up_where_it_was_saved(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, *CROWD[:10])
    change(app, event, venue="Elsewhere")
    with app.app_context():
        found = db.session.get_one(Event, event.id)
        verbs.notify(found, most=4, now=clock.now())
        db.session.commit()
        verbs.notify(found, most=4, now=clock.now())
        db.session.rollback()
    saved = len(queued("event-changed"))

    changes_are_notified(app)

    assert saved == 4
    assert Counter(mail.to_name.lower() for mail in queued("event-changed")) == dict.fromkeys(
        CROWD[:10], 1
    )


def test_several_duties_at_once_tell_everybody_once_between_them(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, *CROWD)
    change(app, event, venue="Elsewhere")

    together = [threading.Thread(target=changes_are_notified, args=[app]) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    changes_are_notified(app)

    assert Counter(mail.to_name.lower() for mail in queued("event-changed")) == dict.fromkeys(
        CROWD, 1
    )


def test_whom_another_deed_holds_is_told_when_it_is_done_and_keeps_nobody_waiting(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace")
    change(app, event, venue="Elsewhere")
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            return  # one deed at a time: nobody can be held beside another
        ada = select(Person).where(Person.email == "ada@example.org").with_for_update()
        with db.engine.connect() as elsewhere:
            elsewhere.execute(ada)
            changes_are_notified(app)
            first = [mail.to_name for mail in queued("event-changed")]
        changes_are_notified(app)

    assert first == ["Grace"]
    assert sorted(mail.to_name for mail in queued("event-changed")) == ["Ada", "Grace"]


def test_what_changed_twice_before_it_was_told_is_told_once_as_it_now_is(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")

    change(app, event, venue="Elsewhere")
    change(app, event, venue="Trafalgar Square", starts=time(18))
    changes_are_notified(app)

    (mail,) = queued("event-changed")
    assert "Trafalgar Square" in mail.text
    assert written(mail)["sequence"] == 2


def test_what_is_called_off_before_a_change_was_told_is_only_called_off(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")

    change(app, event, venue="Elsewhere")
    number = call_off(app, event)
    changes_are_notified(app)

    assert number == 1
    assert [mail.kind for mail in queued()] == ["invitation", "event-called-off"]
    assert written(queued("event-called-off")[0])["sequence"] == 2


def test_each_change_is_told_anew_and_each_calendar_is_later_than_the_one_before(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")

    for venue in ("Elsewhere", "Nowhere"):
        change(app, event, venue=venue)
        changes_are_notified(app)

    entries = [written(mail) for mail in queued()]
    assert [entry["sequence"] for entry in entries] == [0, 1, 2]
    stamps = [entry["dtstamp"].dt for entry in entries]
    assert stamps == sorted(set(stamps))


def test_who_signs_up_or_is_invited_again_after_a_change_has_heard_it(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    change(app, event, venue="Elsewhere")

    with_people(app, event, "ada", "grace")
    changes_are_notified(app)

    assert [mail.kind for mail in queued()] == ["invitation"] * 3


def test_who_is_not_invited_again_because_of_the_cap_hears_the_news_all_the_same(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "ada", "ada")
    change(app, event, venue="Elsewhere")

    with_people(app, event, "ada")
    changes_are_notified(app)

    assert [mail.kind for mail in queued()] == ["invitation"] * 3 + ["event-changed"]


def test_who_gives_up_a_place_before_hearing_that_it_is_called_off_hears_it_then(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace")
    call_off(app, event)

    withdraws(app, event, "ada")
    changes_are_notified(app)
    withdraws(app, event, "grace")

    told = [(mail.kind, mail.to_name) for mail in queued() if mail.kind != "invitation"]
    assert told == [("event-called-off", "Ada"), ("event-called-off", "Grace")]


def test_correcting_what_was_called_off_is_news_to_nobody_who_knows(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace")
    call_off(app, event)
    with app.app_context():
        verbs.notify(db.session.get_one(Event, event.id), most=1, now=clock.now())
        db.session.commit()

    number = change(app, event, venue="Elsewhere")
    changes_are_notified(app)

    assert number == 0
    assert [mail.to_name for mail in queued("event-called-off")] == ["Ada", "Grace"]
    assert reread(app, event).sequence == 2


def test_an_event_that_is_over_is_no_news_until_it_is_moved_ahead(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    change(app, event, starts_on=date(2020, 1, 1))
    changes_are_notified(app)
    before = queued("event-changed")

    change(app, event, starts_on=date(2098, 1, 1))
    changes_are_notified(app)

    assert before == []
    (mail,) = queued("event-changed")
    assert "2098" in mail.text


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
def test_news_counts_until_the_end_on_the_clock_of_the_place(
    app: Flask, make_event: MakeEvent, ahead: timedelta
) -> None:
    event = make_event(city="Sydney", country="AU", zone="Australia/Sydney")
    with_people(app, event, "ada")
    change(app, event, city="Sydney", country="AU", zone="Australia/Sydney", venue="Elsewhere")
    ends_at = event.ends_at

    with app.app_context():
        found = queries.with_unsent_changes(now=ends_at - ahead)

    assert [one.id for one in found] == ([event.id] if ahead > timedelta(0) else [])


def test_the_duty_stands_on_the_timetable_in_case_its_call_was_lost(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    change(app, event, venue="Elsewhere")

    with app.app_context():
        jobs.queue().flush()
        jobs.run("events.notify")

    assert duties.notify is jobs._duties["events.notify"].do
    assert jobs._duties["events.notify"].every == timedelta(minutes=1)
    assert len(queued("event-changed")) == 1
