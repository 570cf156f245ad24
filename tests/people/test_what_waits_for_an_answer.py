"""What forms asked for and no duty has answered yet: answered in turn, forgotten in time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaign import clock, jobs
from campaign.db import count_of, db
from campaign.events import verbs as events
from campaign.events.sign_ups import verbs as sign_ups
from campaign.events.sign_ups.models import SignUpAsk
from campaign.letters import verbs as letters
from campaign.letters.models import LetterAsk
from campaign.organisers import verbs as organisers
from campaign.organisers.models import LinkRequest, Role
from campaign.outbox.models import Message
from campaign.people.asks.models import PersonAsk
from campaign.people.asks.verbs import take_ask
from campaign.people.models import Purpose
from campaign.people.verbs import forget_address
from campaign.summits.queries import posts_of
from campaign.summits.verbs import load_starter
from tests.events.conftest import NOW, PARTICULARS

Ask = Callable[[str, datetime], Any]
ADA, BO = "ada@example.org", "bo@example.org"


def newsletter(email: str, now: datetime) -> None:
    take_ask(email, Purpose.NEWSLETTER, name="Ada", wording="News.", form="test", now=now)


def sign_up(email: str, now: datetime) -> None:
    event = events.plan(now=NOW, **PARTICULARS)
    sign_ups.sign_up(event, name="Ada", email=email, guests=0, now=now)


def letter(email: str, now: datetime) -> None:
    if not posts_of("GB"):
        load_starter(files("campaign.starter"), now=now)
    said = {"name": "Ada", "subject": "A letter", "body": "Act.", "own_words": "Please."}
    letters.write(
        posts_of("GB")[0], summit=None, email=email, letter_language="en", language="en", now=now,
        **said,
    )  # fmt: skip


def sign_in(email: str, now: datetime) -> None:
    organisers.ask_for_link(email, language="en", now=now)


# door -> (what it writes, the duty that answers it, the duty that forgets it)
DOORS: dict[str, tuple[Ask, type[Any], str, str]] = {
    "newsletter": (newsletter, PersonAsk, "people.answer", "people.expire"),
    "sign-up": (sign_up, SignUpAsk, "sign_ups.answer", "sign_ups.expire"),
    "letter": (letter, LetterAsk, "letters.answer", "letters.erase"),
    "sign-in": (sign_in, LinkRequest, "organisers.send-links", "organisers.tidy"),
}
doors = pytest.mark.parametrize("door", DOORS)


def asked(app: Flask, door: str, *addresses: str, at: datetime | None = None) -> type[Any]:
    """Fill in a form for some addresses, all of them organisers', and give the table it fills."""
    ask, table, _answer, _forget = DOORS[door]
    with app.app_context():
        for email in addresses:
            ask(email, at or clock.now())
            if door == "sign-in":
                organisers.add(email, role=Role.EDITOR, now=clock.now())
        db.session.commit()
    return table


def run(app: Flask, duty: str) -> None:
    with app.app_context():
        jobs.run(duty)


def mailed(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Message.to_address).order_by(Message.id)))


@pytest.mark.parametrize("door", ["newsletter", "sign-up", "letter"])
def test_who_is_forgotten_is_asked_nothing_that_waited(app: Flask, door: str) -> None:
    table = asked(app, door, ADA, BO)

    with app.app_context():
        forget_address(ADA)
        db.session.commit()

        assert list(db.session.scalars(select(table.email))) == [BO]


@doors
def test_what_waits_is_answered_in_turn_and_once(app: Flask, door: str) -> None:
    asked(app, door, BO, ADA)
    duty = DOORS[door][2]

    run(app, duty)
    run(app, duty)

    assert mailed(app) == [BO, ADA]


@doors
def test_one_that_cannot_be_answered_stops_no_other(app: Flask, door: str) -> None:
    table = asked(app, door, "no address" if door != "sign-in" else ADA, BO)
    if door == "sign-in":
        with app.app_context():
            account = organisers.queries.by_email(ADA)
            assert account
            account.email = "no address"
            db.session.scalars(select(table).where(table.email == ADA)).one().email = "no address"
            db.session.commit()

    run(app, DOORS[door][2])

    assert mailed(app) == [BO]


@doors
def test_what_could_not_be_answered_is_not_kept_for_ever(app: Flask, door: str) -> None:
    table = asked(app, door, ADA)

    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        run(app, DOORS[door][3])

    with app.app_context():
        assert count_of(select(table)) == 0


def test_a_link_nobody_waits_for_any_more_is_not_mailed(app: Flask) -> None:
    table = asked(app, "sign-in", ADA, at=clock.now() - timedelta(hours=2))

    run(app, "organisers.send-links")

    with app.app_context():
        assert count_of(select(table)) == 0
    assert mailed(app) == []
