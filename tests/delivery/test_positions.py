"""Positions: a sender for whom looking is dear looks on from where it was, and forgets nothing."""

import time
from collections.abc import Iterable
from datetime import timedelta

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.delivery.claiming import claim
from campaign.delivery.positions import Look, Positions
from campaign.delivery.settling import release
from campaign.outbox import verbs
from campaign.outbox.mail import ClaimedMessage
from campaign.outbox.models import State
from tests.mails import a_mail
from tests.outbox.readers import states
from tests.outbox.test_issues import issue_to
from tests.relaying import send
from tests.services import Sink

SENDER = "a:1:1:1"


@pytest.fixture(autouse=True)
def dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each look from the beginning cost more than nothing."""
    monkeypatch.setattr(Look, "DEAR", 0.0)


def take(app: Flask, positions: Positions, number: int) -> set[int]:
    with app.app_context():
        mails = claim(SENDER, limit=number, rate=0, positions=positions, now=clock.now())
        db.session.commit()
    return {mail.id for mail in mails}


def give_back(app: Flask, ids: Iterable[int]) -> None:
    mails = [ClaimedMessage(id, *[None] * 12) for id in ids]  # type: ignore[arg-type]
    with app.app_context():
        release(mails, sender=SENDER)
        db.session.commit()


def test_what_was_released_behind_the_mark_is_taken_when_nothing_else_is_left(app: Flask) -> None:
    issue_to(app, 30)
    positions = Positions()
    first = take(app, positions, 10)
    released = set(sorted(first)[:3])
    give_back(app, released)

    following = take(app, positions, 10)
    last = take(app, positions, 20)

    assert len(following) == 10
    assert not following & first
    assert released < last
    assert len(first | following | last) == 30


def test_a_claim_that_did_not_look_back_says_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = issue_to(app, 12)
    positions = Positions()
    released = take(app, positions, 10)
    give_back(app, released)
    for _ in range(2):
        positions.look_back(batch_id, lambda: time.sleep(0.01))
    monkeypatch.setattr(Look, "SHARE", 1e-9)

    last = take(app, positions, 10)
    none = take(app, positions, 10)

    assert len(last) == 2
    assert (none, positions.has_skipped) == (set(), True)
    # However dear it is, it is taken now and then.
    monkeypatch.setattr(Look, "AT_LEAST_EVERY", 0.0)
    assert take(app, positions, 10) == released
    assert not positions.has_skipped


def test_nobody_goes_home_before_everything_was_looked_at(app: Flask, sink: Sink) -> None:
    issue_to(app, 50)
    with app.app_context():
        for at in range(30):
            verbs.queue(a_mail(to=f"s{at}@example.org"), now=clock.now() - timedelta(seconds=at))
        db.session.commit()

    send(app)

    assert states(app) == {State.SENT: 80}
