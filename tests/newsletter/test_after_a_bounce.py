"""Mail came back once, and then its owner subscribes: they are asked, and the button lifts it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.delivery import worker
from campaign.newsletter import queries
from campaign.newsletter.automations import verbs as automations
from campaign.outbox.models import Message, State
from campaign.outbox.suppressions.queries import suppression_of
from campaign.outbox.suppressions.verbs import suppress
from campaign.people.models import NOT_ME, Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.conftest import forms_are_answered
from tests.newsletter.conftest import link_in, person_with
from tests.visitor import Visitor

Queued = Callable[..., list[Message]]
ADA = "ada@example.org"


def suppressed(app: Flask, reason: str, address: str = ADA) -> None:
    with app.app_context():
        suppress(address, reason=reason, now=clock.now())
        db.session.commit()


def reason_for(app: Flask) -> str | None:
    with app.app_context():
        found = suppression_of(ADA)
        return found.reason if found else None


@pytest.mark.parametrize("status", ["unknown", "pending", "subscribed", "left"])
def test_who_subscribes_after_a_bounce_is_asked_and_the_button_lifts_it(
    app: Flask,
    visitor: Visitor,
    queued: Queued,
    subscribers: Callable[..., None],
    status: str,
) -> None:
    if status in {"subscribed", "left"}:
        subscribers(ADA)
    if status == "pending":
        visitor.send("/newsletter", email=ADA)
    if status == "left":
        with app.app_context():
            ada = person_with(ADA)
            subscriptions_verbs.leave(ada.id, Purpose.NEWSLETTER, through="test", now=clock.now())
            db.session.commit()
    suppressed(app, "bounce")
    before = len(queued())

    answer = visitor.send("/newsletter", email=ADA)

    assert answer.location == "/newsletter/check-your-mail"
    (mail,) = queued()[before:]
    assert (mail.kind, mail.is_own_act) == ("confirmation", True)
    assert reason_for(app) == "bounce"

    pressed = visitor.send(link_in(mail, "confirm"))

    assert pressed.location == "/newsletter/confirmed"
    assert reason_for(app) is None
    with app.app_context():
        assert queries.number_of_subscribers() == 1


@pytest.mark.parametrize("reason", ["complaint", NOT_ME])
@pytest.mark.parametrize("is_known", [True, False])
def test_who_wants_no_mail_is_not_asked_whatever_a_form_says(
    app: Flask,
    visitor: Visitor,
    queued: Queued,
    subscribers: Callable[..., None],
    reason: str,
    is_known: bool,
) -> None:
    if is_known:
        subscribers(ADA)
    suppressed(app, reason)
    before = len(queued())

    answer = visitor.send("/newsletter", email=ADA)

    assert answer.location == "/newsletter/check-your-mail"
    assert queued()[before:] == []
    assert reason_for(app) == reason


@pytest.mark.parametrize("reason", ["complaint", NOT_ME])
def test_an_old_button_lifts_no_wish_of_the_owner(
    app: Flask, visitor: Visitor, queued: Queued, reason: str
) -> None:
    visitor.send("/newsletter", email=ADA)
    link = link_in(queued()[0], "confirm")
    suppressed(app, reason)

    visitor.send(link)

    assert reason_for(app) == reason


def test_the_mail_after_a_bounce_truly_leaves_and_no_reminder_follows(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    suppressed(app, "bounce")
    visitor.send("/newsletter", email=ADA)
    forms_are_answered(app)

    with app.app_context():
        worker.send_due()
        worker.hang_up()
        automations.remind(now=clock.now() + timedelta(days=4))
        db.session.commit()

    assert [(mail.kind, mail.state) for mail in queued()] == [("confirmation", State.SENT)]


def test_strangers_cannot_write_to_a_dead_address_beyond_the_caps(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    suppressed(app, "bounce")

    answers = {visitor.send("/newsletter", email=ADA).location for _ in range(5)}

    assert answers == {"/newsletter/check-your-mail"}
    assert len(queued("confirmation")) == 3


def test_the_door_answers_alike_whatever_is_known_of_an_address(
    app: Flask, visitor: Visitor, subscribers: Callable[..., None]
) -> None:
    subscribers("known@example.org")
    for address, reason in (("dead@example.org", "bounce"), ("hurt@example.org", "complaint")):
        suppressed(app, reason, address)

    answers = [
        visitor.send("/newsletter", email=f"{who}@example.org")
        for who in ("new", "known", "dead", "hurt")
    ]

    assert len({(one.status_code, one.location, one.data) for one in answers}) == 1
    assert len({tuple(sorted(one.headers.keys())) for one in answers}) == 1
