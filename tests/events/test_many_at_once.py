"""Many forms at once: a worker answers them together, and each is answered as if it were alone."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy import event as happens

from campaign import clock
from campaign.attribution import verbs as attribution_verbs
from campaign.attribution.models import Conversion, ConversionCount
from campaign.db import db
from campaign.events.models import Event
from campaign.events.sign_ups import verbs
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.outbox.models import Message, Text
from campaign.people.models import Person
from tests.conftest import forms_are_answered

MakeEvent = Callable[..., Event]
Queued = Callable[..., list[Message]]


def fill_in(app: Flask, event: Event, *emails: str, **said: Any) -> None:
    """Fill in the form of an event for some addresses; no worker has come by yet."""
    with app.app_context():
        for email in emails:
            found = db.session.get_one(Event, event.id)
            verbs.sign_up(found, name="Ada", email=email, guests=0, now=clock.now(), **said)
        db.session.commit()


def people(number: int, name: str = "p") -> list[str]:
    return [f"{name}{at}@example.org" for at in range(number)]


@contextmanager
def questions(app: Flask) -> Iterator[list[str]]:
    """Note the questions that are put to the database."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    with app.app_context():
        engine = db.engine
    happens.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        happens.remove(engine, "before_cursor_execute", note)


def test_each_of_many_gets_one_invitation_and_one_place(
    app: Flask, make_event: MakeEvent, queued: Queued
) -> None:
    london, leeds = make_event(), make_event(city="Leeds")
    both = people(3, "both")
    fill_in(app, london, *people(30), *both)
    fill_in(app, leeds, *both)

    forms_are_answered(app)
    forms_are_answered(app)

    assert sorted(mail.to_address for mail in queued("invitation")) == sorted(
        [*people(30), *both, *both]
    )
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Person)) == 33
        assert db.session.scalar(select(func.count()).select_from(SignUp)) == 36
        asks = db.session.scalars(select(SignUpAsk)).all()
        assert all(ask.answered_at and ask.sign_up_id and not ask.email for ask in asks)


def test_ten_ask_the_database_no_more_than_one_does(app: Flask, make_event: MakeEvent) -> None:
    event = make_event()
    # What is looked up once in a process is looked up by somebody before.
    fill_in(app, event, "first@example.org")
    forms_are_answered(app)

    fill_in(app, event, "one@example.org")
    with questions(app) as of_one:
        forms_are_answered(app)
    fill_in(app, event, *people(10))
    with questions(app) as of_ten:
        forms_are_answered(app)

    assert len(of_ten) <= len(of_one)


def test_texts_are_made_in_one_order_so_that_no_two_workers_wait_for_each_other(
    app: Flask, make_event: MakeEvent
) -> None:
    london, leeds = make_event(), make_event(city="Leeds")
    orders = []
    for first, then in ((london, leeds), (leeds, london)):
        fill_in(app, first, f"first{len(orders)}@example.org")
        fill_in(app, then, f"then{len(orders)}@example.org")
        forms_are_answered(app)
        with app.app_context():
            orders.append(db.session.scalars(select(Text.subject).order_by(Text.id)).all())
            db.session.execute(delete(Message))
            db.session.execute(delete(Text))
            db.session.commit()

    assert len(orders[0]) == 2
    assert orders[0] == orders[1]


@pytest.mark.parametrize(
    "emails",
    [["ada@example.org"] * 5, [f"ada+{number}@example.org" for number in range(5)]],
    ids=["one address", "one mailbox"],
)
def test_what_comes_together_is_capped_as_what_comes_one_by_one(
    app: Flask, make_event: MakeEvent, queued: Queued, emails: list[str]
) -> None:
    for number, email in enumerate(emails):
        fill_in(app, make_event(city=f"City {number}"), email)

    forms_are_answered(app)

    assert len(queued("invitation")) == 3
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignUp)) == 3


def test_a_form_sent_three_times_is_one_sign_up_and_counts_once(
    app: Flask, make_event: MakeEvent
) -> None:
    event = make_event()
    with app.app_context():
        attribution_verbs.begin("leaflet")
        db.session.commit()
    fill_in(app, event, *["ada@example.org"] * 3, "grace@example.org", source="leaflet")

    forms_are_answered(app)

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignUp)) == 2
        counted = select(ConversionCount.number).where(
            ConversionCount.code == "leaflet", ConversionCount.conversion == Conversion.SIGN_UP
        )
        assert db.session.scalar(counted) == 2


def test_one_that_cannot_be_answered_stops_no_other(
    app: Flask, make_event: MakeEvent, queued: Queued, caplog: pytest.LogCaptureFixture
) -> None:
    event = make_event()
    fill_in(app, event, *people(3))
    # No form lets such an address through; a row may all the same be damaged.
    fill_in(app, event, "not an\naddress")
    fill_in(app, event, *people(3, "later"))

    with caplog.at_level(logging.INFO):
        forms_are_answered(app)

    assert sorted(mail.to_address for mail in queued("invitation")) == sorted(
        people(3) + people(3, "later")
    )
    with app.app_context():
        left = db.session.scalars(select(SignUpAsk).where(SignUpAsk.answered_at.is_(None))).all()
        assert [ask.email for ask in left] == ["not an\naddress"]
    assert "p0@example.org" not in caplog.text
