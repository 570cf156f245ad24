"""Signing up: an invitation whose button makes it a place, or a kind refusal."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask, before_render_template
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from campaign import clock
from campaign.db import db
from campaign.events.changes.verbs import call_off
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.sign_ups.queries import seats_taken
from campaign.outbox.models import Message
from campaign.people.models import Consent, Person, Subscription
from tests.conftest import forms_are_answered
from tests.events.deeds import asks, written
from tests.visitor import Visitor, forms_in

MakeEvent = Callable[..., Event]
Queued = Callable[..., list[Message]]


def sign_up(visitor: Visitor, event: Event, **said: Any) -> TestResponse:
    """Fill in the form, and let the worker come by."""
    given = {"name": "Ada Lovelace", "email": "ada@example.org", "guests": "1"}
    answer = visitor.send(f"/events/{event.slug}", action="/sign-up", **{**given, **said})
    forms_are_answered(visitor.client.application)
    return answer


def press(visitor: Visitor, mail: Message, **said: Any) -> TestResponse:
    """Open the link in an invitation and press its button."""
    return visitor.send(coming_link(mail), **said)


def places(app: Flask, event: Event) -> int:
    with app.app_context():
        return seats_taken([event.id])[event.id]


def rows(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def status(app: Flask) -> SignUp:
    """Give the one sign-up there is."""
    with app.app_context():
        return db.session.scalars(select(SignUp)).one()


def coming_link(message: Message) -> str:
    found = re.search(r"https://\S+/events/coming/\S+", message.text)
    assert found
    return found[0]


def withdraw_link(message: Message) -> str:
    found = re.search(r"https://\S+/events/withdraw/\S+", message.text)
    assert found
    return found[0]


def test_a_sign_up_is_an_invitation_and_its_button_makes_it_a_place(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()

    answer = sign_up(visitor, event)
    thanks = visitor.open(answer.location).text

    assert answer.status_code == 303
    assert answer.location == f"/events/{event.slug}/signed-up"
    assert "Check your mail" in thanks
    assert "Press the button in it" in thanks
    (mail,) = queued("invitation")
    assert (mail.to_address, mail.to_name) == ("ada@example.org", "")
    assert "for you and 1 guest." in mail.text
    assert places(app, event) == 0
    assert mail.is_own_act
    assert mail.thread is not None
    assert mail.thread.startswith("sign-up:")

    pressed = press(visitor, mail)

    assert pressed.status_code == 303
    assert "We count on you and your guest." in visitor.open(pressed.location).text
    assert places(app, event) == 2
    with app.app_context():
        person = db.session.scalars(select(Person)).one()
        assert person.name == "Ada Lovelace"
        assert person.confirmed_at is not None
    assert "2 people are coming" in visitor.open(f"/events/{event.slug}").text


def test_the_invitation_is_a_request_to_the_one_who_signed_up(
    visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()

    sign_up(visitor, event)

    (mail,) = queued("invitation")
    entry = written(mail)
    assert mail.calendar_method == "REQUEST"
    assert entry["uid"] == event.uid
    assert entry["attendee"] == "mailto:ada@example.org"
    assert re.fullmatch(r"mailto:rsvp\+[a-z0-9_-]{22}@campaign\.example", str(entry["organizer"]))
    assert entry["sequence"] == 0


def test_the_mail_itself_says_all_there_is_to_know(
    visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event(starts_on=date(2099, 5, 13), title="Protest <b>London</b>")

    sign_up(visitor, event)

    (mail,) = queued("invitation")
    for half in (mail.text, mail.html):
        assert "Wednesday 13 May 2099" in half
        assert "17:30–19:00" in half
        assert "Europe/London" in half
        assert "Parliament Square, London SW1P 3JX, London, United Kingdom" in half
        assert "Water and a friend." in half
        assert "Step-free from Westminster station." in half
        assert "https://calendar.google.com/" in half
        assert "https://outlook.live.com/" in half
        assert f"https://campaign.example/events/{event.slug}.ics" in half
        assert "/events/withdraw/" in half
    assert "<b>London" not in mail.html
    assert "<b>London" in mail.text


def test_the_link_that_gives_a_place_up_stands_in_the_mail_and_not_in_the_calendar(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    sign_up(visitor, make_event())

    (mail,) = queued("invitation")

    assert withdraw_link(mail)
    assert "withdraw" not in mail.calendar
    # And what stands in the calendar opens nothing.
    token = re.search(r"rsvp\+([^@]+)@", mail.calendar)
    assert token
    assert visitor.open(f"/events/withdraw/{token[1]}").status_code == 403


def test_who_signs_up_twice_keeps_one_place_and_sees_the_same_page(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    first = sign_up(visitor, event)

    second = sign_up(visitor, event, email="ADA@Example.org", guests="3")

    assert (second.status_code, second.location) == (first.status_code, first.location)
    assert rows(app, SignUp) == rows(app, Person) == 1
    assert places(app, event) == 0
    one, two = (written(mail) for mail in queued("invitation"))
    assert one["uid"] == two["uid"]
    assert one["sequence"] == two["sequence"] == 0
    assert one["dtstamp"].dt < two["dtstamp"].dt


def test_no_address_gets_more_than_three_invitations_a_day(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    events = [make_event(city=city) for city in ("London", "Leeds", "York", "Bath")]

    answers = [sign_up(visitor, event) for event in events]

    assert [answer.status_code for answer in answers] == [303, 303, 303, 303]
    assert len(queued("invitation")) == 3
    assert rows(app, SignUp) == 3


def test_the_newsletter_is_only_asked_for_with_a_tick_and_one_press_says_yes_to_both(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event, email="grace@example.org")

    sign_up(visitor, event, news="y")

    without, mail = queued("invitation")
    assert queued("confirmation") == []
    assert "newsletter" in mail.text
    assert "newsletter was" not in without.text
    assert rows(app, Subscription) == rows(app, Consent) == 0

    press(visitor, mail, news="yes")

    with app.app_context():
        (subscription,) = db.session.scalars(select(Subscription))
        (consent,) = db.session.scalars(select(Consent))
    assert subscription.is_active
    assert consent.form == "sign-up"
    assert consent.wording in visitor.open(f"/events/{event.slug}").text
    assert places(app, event) == 2


@pytest.mark.parametrize(("ticked", "pressed"), [("y", "no"), ("", "yes"), ("y", "")])
def test_nobody_is_subscribed_who_did_not_say_so_twice(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued, ticked: str, pressed: str
) -> None:
    sign_up(visitor, make_event(), **({"news": ticked} if ticked else {}))

    press(visitor, queued("invitation")[0], news=pressed)

    assert rows(app, Subscription) == 0


def test_the_box_for_the_newsletter_is_not_ticked(visitor: Visitor, make_event: MakeEvent) -> None:
    event = make_event()

    page = visitor.open(f"/events/{event.slug}").text

    assert 'name="news"' in page
    assert "checked" not in page


def test_an_event_that_is_over_refuses_kindly(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()
    page = visitor.open(f"/events/{event.slug}")
    with app.app_context():
        db.session.get_one(Event, event.id).starts_on = date(2020, 5, 13)
        db.session.commit()

    answer = visitor.fill(page, "", name="Ada", email="ada@example.org")

    assert answer.status_code == 409
    assert "This event is over." in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert rows(app, Person) == 0
    assert "/sign-up" not in visitor.open(f"/events/{event.slug}").text


def test_an_event_called_off_refuses_kindly(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    page = visitor.open(f"/events/{event.slug}")
    with app.app_context():
        call_off(db.session.get_one(Event, event.id), now=clock.now())
        db.session.commit()

    answer = visitor.fill(page, "", name="Ada", email="ada@example.org")

    assert answer.status_code == 409
    assert "called off" in answer.text
    assert queued() == []
    assert "/sign-up" not in visitor.open(f"/events/{event.slug}").text


def test_a_full_event_refuses_kindly_and_keeps_what_was_typed(
    app: Flask, visitor: Visitor, make_event: MakeEvent, action: Any, queued: Queued
) -> None:
    event = make_event(capacity=2, action_id=action.id)
    page = visitor.open(f"/events/{event.slug}")
    sign_up(visitor, event, guests="1")

    answer = visitor.fill(page, "", name="Grace", email="grace@example.org", guests="0")

    assert answer.status_code == 409
    assert "All places at this event are taken." in answer.text
    assert 'value="Grace"' in answer.text
    assert 'value="grace@example.org"' in answer.text
    assert [mail.to_address for mail in queued()] == ["ada@example.org"]
    assert rows(app, Person) == 1
    assert "All places are taken" in visitor.open(f"/events/{event.slug}").text


@contextmanager
def others_write(app: Flask) -> Iterator[list[bool]]:
    """Have another change events whenever a page is rendered; note each time that it could."""
    could: list[bool] = []

    def change(*_sender: Any, **_more: Any) -> None:
        with db.engine.connect() as other:
            if other.dialect.name == "postgresql":
                other.execute(text("SET LOCAL lock_timeout = '1s'"))
            other.execute(update(Event).values(bring="A whistle"))
            other.rollback()
        could.append(True)

    with before_render_template.connected_to(change, app):
        yield could


def test_nobody_waits_for_the_page_of_who_is_refused(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event(capacity=1)
    page = visitor.open(f"/events/{event.slug}")
    sign_up(visitor, event, guests="0")
    [mail] = queued("invitation")
    button = visitor.open(coming_link(mail))

    with others_write(app) as could:
        at_the_form = visitor.fill(page, "", name="Bo", email="bo@example.org", guests="0")
        at_the_button = visitor.fill(button, "", guests="1")

    assert at_the_form.status_code == at_the_button.status_code == 409
    assert could == [True, True]


def test_a_party_larger_than_what_is_left_hears_how_many_places_there_are(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event(capacity=3)

    answer = sign_up(visitor, event, guests="4")

    assert answer.status_code == 409
    assert "There are only 3 places left" in answer.text
    assert places(app, event) == 0


def test_a_full_event_gives_friend_and_stranger_the_same_answer_and_invites_the_friend_again(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event(capacity=2)
    page = visitor.open(f"/events/{event.slug}")
    sign_up(visitor, event, guests="1")

    friend = visitor.fill(page, "", name="N", email="ada@example.org", guests="1")
    stranger = visitor.fill(page, "", name="N", email="eve@example.org", guests="1")
    forms_are_answered(app)

    assert friend.status_code == stranger.status_code == 409
    assert _without_what_was_typed(friend.text) == _without_what_was_typed(stranger.text)
    assert len(queued("invitation", to_address="ada@example.org")) == 2
    assert queued(to_address="eve@example.org") == []
    assert rows(app, Person) == 1


def test_at_a_full_event_guests_may_become_fewer_but_not_more_by_the_button(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event(capacity=4)
    sign_up(visitor, event, guests="3")
    (mail,) = queued("invitation")
    press(visitor, mail)
    answers, counts = [], []

    for guests in ("5", "1", "4", "3"):
        answers.append(press(visitor, mail, guests=guests).status_code)
        counts.append(places(app, event))

    assert answers == [409, 303, 409, 303]
    assert counts == [4, 2, 2, 4]


def _without_what_was_typed(page: str) -> str:
    page = re.sub(r'name="csrf_token"[^>]*>', "", page)
    return re.sub(r"[a-z]+@example\.org", "address", page)


BAD = {
    "no name": ({"name": ""}, "Enter your name."),
    "a name of spaces": ({"name": "   "}, "Enter your name."),
    "a name too long": ({"name": "x" * 76}, "Use 75 characters or fewer"),
    "a name with a line end": (
        {"name": "Ada\r\nBcc: eve@example.org"}, "Use letters, digits and punctuation",
    ),
    "a name with a null": ({"name": "Ada\x00"}, "Use letters, digits and punctuation"),
    "a name that turns the text around": ({"name": "Ada\u202e"}, "Use letters, digits"),
    "a name that is HTML": ({"name": "<script>alert(1)</script>"}, "Enter a name, without"),
    "a name that is a template": ({"name": "{{ 7*7 }}"}, "Enter a name, without"),
    "no address": ({"email": ""}, "Enter your e-mail address."),
    "two addresses": ({"email": "ada@example.org, eve@example.org"}, "Enter one e-mail address"),
    "two addresses in two lines": (
        {"email": "ada@example.org\neve@example.org"}, "Enter one e-mail address",
    ),
    "an address with a line end": (
        {"email": "ada@example.org\r\nBcc: x@example.org"}, "Enter one e-mail address",
    ),
    "an address too long": ({"email": "a" * 250 + "@example.org"}, "Use 254 characters or fewer"),
    "ten guests": ({"guests": "10"}, "Enter a number of guests from 0 to 9."),
    "minus one guest": ({"guests": "-1"}, "Enter a number of guests from 0 to 9."),
    "guests in words": ({"guests": "<b>two</b>"}, "Enter a number of guests from 0 to 9."),
}  # fmt: skip


@pytest.mark.parametrize("said", BAD)
def test_what_cannot_be_is_named_beside_its_field_and_nothing_is_saved(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued, said: str
) -> None:
    fields, sentence = BAD[said]
    event = make_event()

    answer = sign_up(visitor, event, **{"name": "Kept Name", **fields})

    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2  # in the summary and beside the field
    assert "<script>" not in answer.text
    if "name" not in fields:
        assert 'value="Kept Name"' in answer.text
    assert rows(app, Person) == 0
    assert queued() == []


def test_an_empty_number_of_guests_means_none(
    visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()

    answer = sign_up(visitor, event, guests="")

    assert answer.status_code == 303
    (mail,) = queued("invitation")
    assert "for you alone." in mail.text


def test_a_form_without_its_token_is_shown_again_with_what_was_typed(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()

    answer = sign_up(visitor, event, drop=("csrf_token",))

    assert answer.status_code == 400
    assert 'value="Ada Lovelace"' in answer.text
    assert rows(app, Person) == 0
    assert visitor.fill(answer, "").status_code == 303


def test_a_token_of_another_form_is_no_token(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()

    answer = sign_up(visitor, event, csrf_token="IkZha2Ui.ZZZZ.forged")

    assert answer.status_code == 400
    assert rows(app, Person) == 0


def test_a_form_sent_twice_makes_one_place(
    app: Flask, visitor: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()
    page = visitor.open(f"/events/{event.slug}")
    said = {"name": "Ada", "email": "ada@example.org"}

    answers = [visitor.fill(page, "", **said).status_code for _ in range(2)]
    forms_are_answered(app)

    assert answers == [303, 303]
    assert rows(app, SignUp) == 1


def test_there_is_nothing_to_sign_up_for_where_there_is_no_event(visitor: Visitor) -> None:
    assert visitor.open("/events/nowhere").status_code == 404
    assert visitor.post("/events/nowhere/sign-up").status_code == 404


def test_a_sign_up_page_needs_no_cookie(visitor: Visitor, make_event: MakeEvent) -> None:
    event = make_event()

    answers = [visitor.open(f"/events/{event.slug}"), sign_up(visitor, event)]

    assert all("Set-Cookie" not in answer.headers for answer in answers)


# --- giving a place up -----------------------------------------------------------------------


def test_opening_the_link_gives_nothing_up(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)

    page = visitor.open(withdraw_link(queued("invitation")[0]))

    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "Give up my place" in page.text
    assert status(app).is_active


def test_the_button_frees_the_place_and_cancels_the_entry(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)
    (invitation,) = queued("invitation")
    press(visitor, invitation)

    answer = visitor.send(withdraw_link(invitation))

    assert answer.status_code == 303
    assert "You are no longer signed up" in visitor.open(answer.location).text
    assert places(app, event) == 0
    (mail,) = queued("sign-up-withdrawn")
    before, after = written(invitation), written(mail)
    assert mail.calendar_method == "CANCEL"
    assert mail.thread == invitation.thread
    assert after["status"] == "CANCELLED"
    assert (after["uid"], after["attendee"], after["organizer"], after["dtstart"]) == (
        before["uid"], before["attendee"], before["organizer"], before["dtstart"],
    )  # fmt: skip
    assert after["sequence"] > before["sequence"]
    assert after["dtstamp"].dt > before["dtstamp"].dt


def test_a_mail_written_while_a_request_is_answered_gathers_no_menu(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    sign_up(visitor, make_event())
    page = visitor.open(withdraw_link(queued("invitation")[0])).text
    (form,) = [form for form in forms_in(page) if "/withdraw/" in form["action"]]
    app.extensions.pop("front.menu")

    visitor.post(form["action"], form["fields"])

    assert len(queued("sign-up-withdrawn")) == 1
    assert "front.menu" not in app.extensions


def test_done_twice_it_says_the_same_and_mails_once(
    visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    sign_up(visitor, make_event())
    link = withdraw_link(queued("invitation")[0])
    page = visitor.open(link)

    answers = [visitor.fill(page, link) for _ in range(2)]

    assert answers[0].status_code == answers[1].status_code == 303
    assert answers[0].location == answers[1].location
    assert len(queued("sign-up-withdrawn")) == 1


def test_who_gave_a_place_up_may_sign_up_again_and_calendars_believe_it(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)
    visitor.send(withdraw_link(queued("invitation")[0]))

    sign_up(visitor, event)

    assert status(app).is_active
    (cancel,) = queued("sign-up-withdrawn")
    again = queued("invitation")[-1]
    assert written(again)["sequence"] > written(cancel)["sequence"]
    assert written(again)["uid"] == event.uid


@pytest.mark.parametrize("token", ["x", "IjEi.forged", "é" * 50, "a" * 2000])
def test_a_forged_link_opens_nothing(visitor: Visitor, make_event: MakeEvent, token: str) -> None:
    make_event()

    assert visitor.open(f"/events/withdraw/{token}").status_code == 403
    assert visitor.post(f"/events/withdraw/{token}").status_code == 403


def test_the_button_without_its_token_shows_the_page_again(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)
    link = withdraw_link(queued("invitation")[0])

    answer = visitor.post(link)

    assert answer.status_code == 400
    assert "Give up my place" in answer.text
    assert status(app).is_active


def test_the_link_of_somebody_forgotten_leads_nowhere(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)
    link = withdraw_link(queued("invitation")[0])
    with app.app_context():
        db.session.delete(db.session.scalars(select(Person)).one())
        db.session.commit()

    answer = visitor.open(link)

    assert answer.status_code == 404
    assert rows(app, SignUp) == 0


def test_a_day_later_invitations_go_out_again(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    for _ in range(4):
        sign_up(visitor, event)

    with app.app_context():
        asks(db.session.get_one(Event, event.id), now=clock.now() + timedelta(days=1, minutes=1))
        db.session.commit()

    assert len(queued("invitation")) == 4


def test_a_flood_from_one_connection_is_stopped_with_what_was_typed_kept(
    app: Flask, visitor: Visitor, make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "CLIENT_CAP", 1)
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    event = make_event()
    sign_up(visitor, event, email="first@example.org")

    answer = sign_up(visitor, event, name="Grace", email="second@example.org")

    assert answer.status_code == 429
    assert "Many forms came from your connection" in answer.text
    assert 'value="second@example.org"' in answer.text
    assert rows(app, SignUpAsk) == 1


def test_who_said_never_write_to_me_is_sent_no_invitation_and_nobody_can_tell(
    app: Flask, visitor: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    sign_up(visitor, event)
    never = re.search(r"https://campaign\.example(/not-me/\S+)", queued("invitation")[0].text)
    assert never is not None
    visitor.send(never[1])

    answer = sign_up(visitor, event)

    assert answer.status_code == 303
    assert len(queued("invitation")) == 1
