"""Mail came back once, and then its owner signs up: they are invited, and their yes lifts it."""

from collections.abc import Callable

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events.models import Event
from campaign.events.sign_ups.queries import search_sign_ups, sign_up_by_token
from campaign.events.sign_ups.rsvps.verbs import accept
from campaign.outbox.models import Message
from campaign.outbox.suppressions.queries import suppression_of
from campaign.outbox.suppressions.verbs import suppress
from tests.events.deeds import with_people
from tests.events.test_sign_up import press, sign_up
from tests.visitor import Visitor

ADA = "ada@example.org"


def presses(app: Flask, visitor: Visitor, event: Event, mail: Message) -> None:
    press(visitor, mail)


def says_yes_in_a_calendar(app: Flask, visitor: Visitor, event: Event, mail: Message) -> None:
    with app.app_context():
        found = db.session.scalars(search_sign_ups(db.session.get_one(Event, event.id))).one()
        place = sign_up_by_token(found.token)
        assert place
        accept(place, now=clock.now())
        db.session.commit()


def reason_for(app: Flask) -> str | None:
    with app.app_context():
        found = suppression_of(ADA)
        return found.reason if found else None


@pytest.mark.parametrize("say_yes", [presses, says_yes_in_a_calendar])
@pytest.mark.parametrize("status", ["unknown", "coming"])
def test_who_signs_up_after_a_bounce_is_invited_and_the_button_lifts_it(
    app: Flask,
    visitor: Visitor,
    make_event: Callable[..., Event],
    queued: Callable[..., list[Message]],
    status: str,
    say_yes: Callable[..., None],
) -> None:
    event = make_event()
    if status == "coming":
        with_people(app, event, "ada")
    with app.app_context():
        suppress(ADA, reason="bounce", now=clock.now())
        db.session.commit()
    before = len(queued())

    sign_up(visitor, event, email=ADA)

    (mail,) = queued()[before:]
    assert (mail.kind, mail.is_own_act) == ("invitation", True)
    assert reason_for(app) == "bounce"

    say_yes(app, visitor, event, mail)

    assert reason_for(app) is None
