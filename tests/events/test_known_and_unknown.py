"""Who comes to a protest can neither be found out nor changed nor crowded out by a form."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event as happens
from sqlalchemy import select

from campaign import clock
from campaign.db import count_of, db
from campaign.events.models import Event
from campaign.events.policy import RESERVATION, SEATS_OF_A_CONNECTION, SEATS_OF_ONE
from campaign.events.sign_ups import queries
from campaign.events.sign_ups.asks.verbs import expire
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.outbox.models import Message
from campaign.outbox.suppressions.verbs import suppress
from campaign.people.models import NOT_ME, Person
from tests.conftest import forms_are_answered
from tests.events.deeds import asks, changes_are_notified, comes, with_people, withdraws
from tests.events.test_notifying import call_off, change
from tests.events.test_sign_up import coming_link, press, sign_up
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]
Queued = Callable[..., list[Message]]

# Whatever is known of an address, the form does the same.
KNOWN = ("coming", "asked", "withdrawn", "of another event", "refuses mail", "unknown")


def known_as(app: Flask, event: Event, other: Event, what: str) -> str:
    """Make somebody known in one of these ways, and give the address."""
    name = what.replace(" ", "-")
    email = f"{name}@example.org"
    with app.app_context():
        found = db.session.get_one(Event, (other if "another" in what else event).id)
        if what == "asked":
            asks(found, email=email, now=clock.now() - timedelta(days=1))
        elif what not in {"unknown", "refuses mail"}:
            comes(found, email=email, now=clock.now() - timedelta(days=1))
        if what == "refuses mail":
            suppress(email, reason=NOT_ME, now=clock.now())
        db.session.commit()
    if what == "withdrawn":
        withdraws(app, event, name)
    return email


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Give what is asked of the database about people meanwhile, and all that is written.

    What the frame of every page looks up now and then (the next action) is no part of it.
    """
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        about_people = re.search(r"\b(?:person|sign_up|outbox)", statement)
        if about_people or not statement.startswith("SELECT"):
            asked.append(statement)

    with app.app_context():
        engine = db.engine
    happens.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        happens.remove(engine, "before_cursor_execute", note)


def shown(visitor: Visitor, event: Event) -> str:
    """Give what the page of an event says, without the tokens of its form."""
    return re.sub(r'value="[^"]{30,}"', "", visitor.open(f"/events/{event.slug}").text)


@pytest.mark.parametrize("capacity", [None, 40, 4])
def test_the_door_does_and_says_the_same_whatever_is_known(
    app: Flask, visitor: Visitor, make_event: MakeEvent, capacity: int | None
) -> None:
    seen = []
    for what in KNOWN:
        event, other = make_event(capacity=capacity), make_event()
        with_people(app, event, "one", "two")
        email = known_as(app, event, other, what)
        coming = queries_of(app, event)
        page = visitor.open(f"/events/{event.slug}")
        before = shown(visitor, event)

        with statements(app) as asked:
            said = {"name": "Eve", "email": email, "guests": "1"}
            answer = visitor.fill(page, "", action="/sign-up", **said)
        after = shown(visitor, event)
        forms_are_answered(app)

        assert shown(visitor, event) == after
        assert queries_of(app, event) == coming
        seen.append((answer.status_code, tuple(asked), _numbers(before), _numbers(after)))

    # At an event of four places, one who comes leaves fewer free: that is another event.
    alike = {(status, asked) for status, asked, _before, _after in seen if status == seen[-1][0]}
    assert len(alike) == 1
    changes = {after - before for _s, _a, before, after in seen if after and before}
    assert len(changes) <= 1


def queries_of(app: Flask, event: Event) -> int:
    with app.app_context():
        return queries.seats_taken([event.id])[event.id]


def _numbers(page: str) -> int:
    found = re.search(r"(\d+) places? (?:is|are) free", page)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("what", KNOWN)
def test_a_full_event_answers_everybody_with_the_same_statements(
    app: Flask, visitor: Visitor, make_event: MakeEvent, what: str
) -> None:
    event, other = make_event(capacity=2), make_event()
    page = visitor.open(f"/events/{event.slug}")
    email = known_as(app, event, other, what)
    with_people(app, event, *(["one", "two"] if queries_of(app, event) == 0 else ["one"]))
    stranger = {"name": "Eve", "email": "nobody@example.org"}
    with statements(app) as usual:
        visitor.fill(page, "", action="/sign-up", **stranger)

    with statements(app) as asked:
        answer = visitor.fill(page, "", action="/sign-up", name="Eve", email=email)

    assert answer.status_code == 409
    assert asked == usual


def test_a_strangers_form_changes_nothing_of_somebody_known(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", guests=1)

    sign_up(visitor, event, name="Evil Twin", email="ada@example.org", guests="9", news="y")

    with app.app_context():
        place = db.session.scalars(select(SignUp)).one()
        person = db.session.scalars(select(Person)).one()
    assert (place.guests, place.is_coming, person.name) == (1, True, "Ada")
    again = queued("invitation")[-1]
    assert "Nothing has changed." in again.text
    assert "Evil" not in again.text + again.html + again.calendar + again.to_name
    # "It was not me" means the form and not the place: nobody gives theirs up by mistake.
    page = visitor.open(coming_link(again)).text
    for words in (again.text, again.html, page):
        assert "your place is kept" in re.sub(r"\s+", " ", words)
    assert "it was not me" not in page

    press(visitor, again, name="Ada B.", guests="2")

    with app.app_context():
        assert db.session.scalars(select(SignUp)).one().guests == 2
        assert db.session.scalars(select(Person)).one().name == "Ada B."


FLOODS = {
    "one address": ["ada@example.org"] * 14,
    "one mailbox, written anew": [f"ada+{n}@example.org" for n in range(14)],
    "one mailbox with dots": [f"{'a.da'[: n % 3 + 1]}ada.b.c@gmail.com" for n in range(14)],
}


@pytest.mark.parametrize("flood", FLOODS)
def test_one_mailbox_holds_few_seats_however_often_it_asks(
    app: Flask, visitor: Visitor, make_event: MakeEvent, flood: str
) -> None:
    event = make_event(capacity=150)
    page = visitor.open(f"/events/{event.slug}")

    for email in FLOODS[flood]:
        said = {"name": "Eve", "email": email, "guests": "9"}
        assert visitor.fill(page, "", action="/sign-up", **said).status_code == 303

    with app.app_context():
        reserved = queries.seats_reserved([event.id], now=clock.now())[event.id]
    assert reserved <= 3 * SEATS_OF_ONE
    if "dots" not in flood:
        assert reserved == SEATS_OF_ONE


def test_one_connection_holds_few_seats_whatever_names_it_gives(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event(capacity=150)
    page = visitor.open(f"/events/{event.slug}")
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"

    for number in range(14):
        said = {"name": "Eve", "email": f"eve{number}@example.org", "guests": "9"}
        assert visitor.fill(page, "", action="/sign-up", **said).status_code == 303

    with app.app_context():
        reserved = queries.seats_reserved([event.id], now=clock.now())[event.id]
    assert reserved == SEATS_OF_A_CONNECTION


def test_seats_lapse_and_the_button_takes_what_is_free_then(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event(capacity=2)
    sign_up(visitor, event, email="slow@example.org", guests="1")
    (slow,) = queued("invitation")

    with time_machine.travel(clock.now() + RESERVATION + timedelta(minutes=1), tick=True):
        sign_up(visitor, event, email="quick@example.org", guests="0")
        quick = queued("invitation")[-1]
        assert press(visitor, quick).status_code == 303
        late = press(visitor, slow)
        alone = press(visitor, slow, guests="0")

    assert late.status_code == 409
    assert "There is only 1 place left" in late.text
    assert alone.status_code == 303
    assert queries_of(app, event) == 2


def test_nothing_of_who_asked_is_kept_once_the_seats_have_lapsed(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event(capacity=1)
    page = visitor.open(f"/events/{event.slug}")
    sign_up(visitor, event, guests="0")
    visitor.fill(page, "", action="/sign-up", name="Late", email="late@example.org")
    forms_are_answered(app)

    with app.app_context():
        expire(now=clock.now() + RESERVATION)
        db.session.commit()
        (kept,) = db.session.scalars(select(SignUpAsk))

    assert kept.sign_up_id is not None
    assert (kept.email, kept.client_hash, kept.mailbox_hash, kept.seats) == ("", "", "", 0)


def test_who_only_asked_hears_the_news_and_that_it_is_called_off(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)

    change(app, event, venue="Elsewhere")
    changes_are_notified(app)
    call_off(app, event)
    changes_are_notified(app)

    invited, changed, off = queued()
    assert [mail.calendar_method for mail in (invited, changed, off)] == [
        "REQUEST", "REQUEST", "CANCEL",
    ]  # fmt: skip
    assert "/events/coming/" in changed.text
    assert all("/not-me/" in mail.text for mail in (invited, changed, off))


def test_who_gave_a_place_up_has_it_again_with_one_press_and_calendars_believe_it(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)
    (invitation,) = queued("invitation")
    press(visitor, invitation)
    withdraws(app, event, "ada")

    press(visitor, invitation)

    assert queries_of(app, event) == 2
    kinds = [mail.kind for mail in queued()]
    assert kinds == ["invitation", "sign-up-withdrawn", "invitation"]


@pytest.mark.parametrize("token", ["x", "MQ.forged", "é" * 50])
def test_a_forged_button_opens_nothing(visitor: Visitor, make_event: MakeEvent, token: str) -> None:
    make_event()

    assert visitor.open(f"/events/coming/{token}").status_code == 403
    assert visitor.post(f"/events/coming/{token}").status_code == 403


def test_opening_the_link_in_the_invitation_confirms_nothing(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)
    found = re.search(r"https://\S+/events/coming/\S+", queued("invitation")[0].text)
    assert found

    page = visitor.open(found[0])

    assert page.headers["Cache-Control"] == "no-store"
    assert 'value="Ada Lovelace"' in page.text
    assert queries_of(app, event) == 0


def test_the_office_tells_who_only_asked_from_who_comes(
    app: Flask, visitor: Visitor, organiser: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()
    with_people(app, event, "grace")
    sign_up(visitor, event)

    rows = organiser.open(f"/office/events/{event.slug}?format=csv").text.splitlines()
    asked = organiser.open(f"/office/events/{event.slug}?format=csv&state=asked").text

    assert rows[1].startswith("Ada Lovelace,ada@example.org,1,asked,")
    assert rows[2].startswith("Grace,grace@example.org,0,coming,")
    assert "grace" not in asked


def test_an_ask_that_cannot_be_answered_stops_no_other(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with app.app_context():
        broken = {"email": "no address", "event_id": event.id, "asked_at": clock.now()}
        db.session.add(SignUpAsk(**broken))
        db.session.commit()

    sign_up(visitor, event)

    assert [mail.to_address for mail in queued("invitation")] == ["ada@example.org"]
    with app.app_context():
        assert count_of(select(SignUpAsk).where(SignUpAsk.answered_at.is_(None))) == 1


KEPT = {
    "all": ({"guests": "1"}, 0, "We keep room for you for 6 hours"),
    "some": ({"guests": "4"}, 0, "For 6 hours we keep room for some of you"),
    "after an hour's rest of the worker": ({"guests": "0"}, 59, "for 5 hours"),
    "after a long rest": ({"guests": "0"}, 365, "none is kept for you"),
}


@pytest.mark.parametrize("how", KEPT)
def test_the_invitation_says_for_how_long_seats_are_kept_and_for_whom(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued, how: str
) -> None:
    said, minutes, words = KEPT[how]
    event = make_event(capacity=40)
    page = visitor.open(f"/events/{event.slug}")
    given = {"name": "Ada", "email": "ada@example.org", **said}
    visitor.fill(page, "", action="/sign-up", **given)

    with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
        (mail,) = queued("invitation")

    assert words in re.sub(r"\s+", " ", mail.text)
    assert words in re.sub(r"\s+", " ", mail.html)


def test_a_mail_about_a_change_does_not_promise_seats_that_have_lapsed(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event(capacity=40)
    sign_up(visitor, event)

    with time_machine.travel(clock.now() + timedelta(days=1), tick=True):
        change(app, event, venue="Elsewhere", capacity=40)
        changes_are_notified(app)
        (changed,) = queued("event-changed")

    assert "none is kept for you" in re.sub(r"\s+", " ", changed.text)


def test_an_event_without_a_limit_notes_nothing_of_the_connection(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()

    sign_up(visitor, event)

    with app.app_context():
        (ask,) = db.session.scalars(select(SignUpAsk))
    assert (ask.client_hash, ask.mailbox_hash, ask.seats) == ("", "", 0)


def test_the_last_press_says_with_whom_somebody_comes(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event(capacity=9)
    sign_up(visitor, event, guests="1")
    sign_up(visitor, event, guests="3")
    first, second = queued("invitation")

    for mail, coming in ((second, 4), (second, 4), (first, 2)):
        assert press(visitor, mail).status_code == 303
        assert queries_of(app, event) == coming

    withdraws(app, event, "ada")
    assert press(visitor, second).status_code == 303
    assert queries_of(app, event) == 4
    call_off(app, event)
    page = visitor.open(coming_link(second))
    assert "nothing to confirm" in page.text
