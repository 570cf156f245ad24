"""Erasing: thirty days after an event nobody knows any more who came, only how many."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.config import ROOT
from campaign.db import count_of, db
from campaign.events.changes import verbs
from campaign.events.models import Action, Event
from campaign.events.sign_ups import duties
from campaign.events.sign_ups import queries as sign_up_queries
from campaign.events.sign_ups import verbs as sign_up_verbs
from campaign.events.sign_ups.models import SignUp
from campaign.outbox.models import Message
from campaign.people.models import Person, Purpose
from campaign.people.subscriptions.verbs import ask
from tests.events.conftest import PARTICULARS
from tests.events.deeds import reread, with_people, withdraws
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]


def moved(app: Flask, event: Event, to: date) -> Event:
    """Let an event have been on another day."""
    with app.app_context():
        found = db.session.get_one(Event, event.id)
        found.starts_on = to
        db.session.commit()
        return found


def erased(app: Flask) -> None:
    with app.app_context():
        duties.erase()


def left(app: Flask) -> tuple[int, int, int]:
    """Count the sign-ups, people and mails that are left."""
    with app.app_context():
        return count_of(select(SignUp)), count_of(select(Person)), count_of(select(Message))


def long_ago() -> date:
    return (clock.now() - timedelta(days=40)).date()


def test_sign_ups_and_people_go_and_their_number_stays(
    app: Flask, visitor: Visitor, organiser: Visitor, make_event: MakeEvent, action: Action
) -> None:
    event = make_event(action_id=action.id)
    with_people(app, event, *(f"person{n:02}" for n in range(30)), guests=1)
    withdraws(app, event, "person07")
    moved(app, event, long_ago())
    before = visitor.open("/actions/may-2099").text

    erased(app)

    assert left(app) == (0, 0, 0)
    with app.app_context():
        assert sign_up_queries.seats_taken([event.id, 0]) == {event.id: 58, 0: 0}
        assert sign_up_queries.all_seats_taken()[event.id] == 58
        assert sign_up_queries.seats_taken_by_action() == {action.id: 58}
    assert "<dt>Places taken</dt><dd>58</dd>" in before
    assert "<dt>Places taken</dt><dd>58</dd>" in visitor.open("/actions/may-2099").text
    assert visitor.open(f"/events/{event.slug}").status_code == 200
    office = organiser.open(f"/office/events/{event.slug}").text
    assert "<dd>58</dd>" in office
    assert "Sign-ups are erased 30 days after an event." in office


@pytest.mark.parametrize(
    ("after", "kept"), [(timedelta(days=30, minutes=-1), 1), (timedelta(days=30), 0)]
)
def test_thirty_days_are_counted_from_the_end_on_the_clock_of_the_place(
    app: Flask, make_event: MakeEvent, after: timedelta, kept: int
) -> None:
    event = make_event(city="Sydney", country="AU", zone="Australia/Sydney")
    with_people(app, event, "ada")

    with app.app_context():
        found = sign_up_queries.long_over(now=event.ends_at + after)
        for one in found:
            sign_up_verbs.erase(one, most=10, now=event.ends_at + after)
        db.session.commit()

    assert left(app)[:2] == (kept, kept)


@pytest.mark.parametrize(("days", "kept"), [(29, 1), (30, 0)])
def test_what_was_called_off_is_over_from_then_on(
    app: Flask, make_event: MakeEvent, days: int, kept: int
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    with app.app_context():
        called_off_at = clock.now() - timedelta(days=days)
        verbs.call_off(db.session.get_one(Event, event.id), now=called_off_at)
        db.session.commit()

    erased(app)

    assert left(app)[0] == kept


def test_who_is_known_from_elsewhere_stays(app: Flask, make_event: MakeEvent) -> None:
    over, ahead = make_event(city="York"), make_event(city="Bath")
    with_people(app, over, "ada", "grace", "joan")
    with_people(app, ahead, "grace")
    with app.app_context():
        joan = db.session.scalars(select(Person).where(Person.name == "Joan")).one()
        ask(joan, Purpose.NEWSLETTER, wording="Yes", form="test", now=clock.now())
        db.session.commit()
    moved(app, over, long_ago())

    erased(app)

    with app.app_context():
        assert set(db.session.scalars(select(Person.name))) == {"Grace", "Joan"}
        assert sign_up_queries.seats_taken([over.id, ahead.id]) == {over.id: 3, ahead.id: 1}


def test_the_number_is_right_in_the_middle_and_after_a_piece_was_undone(
    app: Flask, make_event: MakeEvent
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace", "joan", guests=2)
    over = moved(app, event, long_ago())
    numbers = []

    with app.app_context():
        for _ in range(3):
            sign_up_verbs.erase(over, most=1, now=clock.now())
            db.session.rollback()
            sign_up_verbs.erase(over, most=1, now=clock.now())
            db.session.commit()
            numbers.append(sign_up_queries.seats_taken([event.id])[event.id])

    assert numbers == [9, 9, 9]
    assert left(app)[0] == 0


def test_erasing_twice_erases_once(app: Flask, make_event: MakeEvent) -> None:
    event = make_event()
    with_people(app, event, "ada")
    moved(app, event, long_ago())

    erased(app)
    erased(app)

    assert reread(app, event).erased_seats == 1


def test_an_event_moved_ahead_again_begins_with_nobody(app: Flask, make_event: MakeEvent) -> None:
    event = make_event()
    with_people(app, event, "ada")
    moved(app, event, long_ago())
    erased(app)

    with app.app_context():
        found = db.session.get_one(Event, event.id)
        verbs.revise(found, sure_of=PARTICULARS["starts_on"], now=clock.now(), **PARTICULARS)
        db.session.commit()
        taken = sign_up_queries.seats_taken([event.id])

    assert taken == {event.id: 0}


def test_an_event_that_was_moved_meanwhile_keeps_its_people(
    app: Flask, make_event: MakeEvent
) -> None:
    event = make_event()
    with_people(app, event, "ada")

    with app.app_context():
        found = db.session.get_one(Event, event.id)
        number = sign_up_verbs.erase(found, most=10, now=_before(found))
        db.session.commit()

    assert number == 0
    assert left(app)[0] == 1


def _before(event: Event) -> datetime:
    return event.ends_at + timedelta(days=29)


def test_the_privacy_page_says_when() -> None:
    said = (ROOT / "campaign/starter/pages/privacy.md").read_text()

    assert "30 days after the event" in said
