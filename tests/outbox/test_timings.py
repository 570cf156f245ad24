"""What bounds the speed of sending: measured by the senders themselves, and said in the office."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.delivery import settling, worker
from campaign.outbox.timings import queries, verbs
from campaign.outbox.timings.models import Timing
from campaign.outbox.verbs import queue
from tests.mails import a_mail
from tests.outbox.test_issues import issue_to
from tests.relaying import send, use
from tests.services import Sink
from tests.visitor import Visitor


@pytest.fixture
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let senders tell of short turns, too, and the office of a short while."""
    monkeypatch.setattr(worker, "TELL_EVERY", 0.0)
    monkeypatch.setattr(queries, "LEAST", 0.0)


def bound(app: Flask) -> queries.Bound | None:
    with app.app_context():
        found = queries.what_bounds(now=clock.now())
        db.session.rollback()
    return found


@pytest.mark.usefixtures("told_at_once")
def test_a_slow_relay_bounds_the_speed(app: Flask, sink: Sink) -> None:
    async def be_slow(stage: str, subject: str) -> None:
        await asyncio.sleep(0.3)

    sink.behaviour = be_slow
    issue_to(app, 4)

    send(app)

    found = bound(app)
    assert found is not None
    assert (found.kind, found.each_minute > 0) == ("relay", True)
    assert found.share > 0.5


@pytest.mark.usefixtures("told_at_once")
def test_a_rate_bounds_the_speed(app: Flask, sink: Sink) -> None:
    use(app, sink, MAIL_RATE=1.0)
    issue_to(app, 5)

    send(app)

    found = bound(app)
    assert found is not None
    assert found.kind == "rate"


@pytest.mark.usefixtures("told_at_once")
def test_a_slow_database_bounds_the_speed(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle: Callable[..., None] = settling.settle

    def settle_slowly(*given: object, **named: object) -> None:
        time.sleep(1.5)
        settle(*given, **named)

    monkeypatch.setattr(settling, "settle", settle_slowly)
    issue_to(app, 4)

    send(app)

    found = bound(app)
    assert found is not None
    assert found.kind == "database"


def test_of_next_to_nothing_nothing_is_said(app: Flask, sink: Sink, organiser: Visitor) -> None:
    with app.app_context():
        queue(a_mail(), now=clock.now())
        db.session.commit()

    send(app)

    assert bound(app) is None
    assert "bounds the speed" not in organiser.open("/office/outbox").text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("relay", "The mail server bounds the speed now: the senders wait for it 60%"),
        ("rate", "The rate that was set bounds the speed now: the senders wait for it 60%"),
        ("database", "The database bounds the speed now: the senders wait for it 60%"),
        ("processor", "The processor bounds the speed now: the senders work, or wait for it, 60%"),
    ],
)
def test_the_outbox_says_what_bounds_the_speed(
    app: Flask, organiser: Visitor, kind: str, words: str
) -> None:
    spent = {each: 18.0 if each == kind else 4.0 for each in queries.KINDS}
    with app.app_context():
        now = clock.now()
        # Two senders of one minute, and one of long ago.
        for _ in range(2):
            verbs.record(spent, settled=600, now=now)
        verbs.record(dict.fromkeys(queries.KINDS, 900.0), settled=9, now=now - timedelta(hours=1))
        db.session.commit()

    page = organiser.open("/office/outbox").text

    assert words in page
    assert "1200 mails left in a minute." in page


def test_what_is_a_day_old_is_erased(app: Flask) -> None:
    with app.app_context():
        now = clock.now()
        for days in (0, 2):
            spent = dict.fromkeys(queries.KINDS, 1.0)
            verbs.record(spent, settled=1, now=now - timedelta(days=days))
        db.session.commit()

        worker.tidy(now=now)

        assert db.session.query(Timing).count() == 1
        db.session.rollback()
