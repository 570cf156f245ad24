"""What became of a mailing: counted from the ledger and from deeds, and told to organisers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.attribution.queries import came_from
from campaign.db import db
from campaign.inbound.models import Kind
from campaign.mailings import queries
from campaign.mailings.models import Mailing
from campaign.mailings.report import progress
from campaign.mailings.report import queries as report
from campaign.mailings.running import verbs
from campaign.newsletter.models import Issue
from campaign.newsletter.verbs import draft
from campaign.outbox.models import Batch, Message, State
from campaign.outbox.suppressions.verbs import suppress
from campaign.outbox.verbs import bounced
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.inbound.making import personal, receipt, take_in
from tests.mailings.conftest import begun, planned
from tests.newsletter.conftest import person_with, subscribed
from tests.visitor import Visitor

NAMES = ("ada", "bob", "cleo", "dan", "eve", "fay")


@pytest.fixture
def send(app: Flask, issue: int) -> Callable[..., Mailing]:
    """Give a way to let an issue leave: to those who subscribe and have not got it."""

    def do(*, moment: datetime | None = None, number: int = issue) -> Mailing:
        moment = moment or clock.now()
        mailing = begun(number, now=moment)
        for message in db.session.scalars(
            select(Message).where(Message.batch_id == mailing.batch_id)
        ):
            message.state, message.settled_at = State.SENT, moment
        batch = db.session.get_one(Batch, mailing.batch_id)
        batch.finished_at = moment
        db.session.commit()
        return mailing

    return do


def message_to(name: str, mailing: Mailing) -> Message:
    return db.session.scalars(
        select(Message).where(
            Message.batch_id == mailing.batch_id, Message.to_address == f"{name}@example.org"
        )
    ).one()


def leave(name: str, now: datetime) -> None:
    known = person_with(f"{name}@example.org").id
    subscriptions_verbs.leave(known, Purpose.NEWSLETTER, through="link", now=now)


def test_the_figures_add_up_and_bounces_are_told_by_kind(
    app: Flask, send: Callable[..., Mailing], organiser: Visitor
) -> None:
    with app.app_context():
        subscribed(*(f"{name}@example.org" for name in NAMES))
        mailing = send()
        bounced(message_to("ada", mailing), status="5.1.1", words="No such user", now=clock.now())
        bounced(message_to("bob", mailing), status="5.2.2", words="Over quota", now=clock.now())
        for name in ("cleo", "dan"):
            message_to(name, mailing).state = State.FAILED
            message_to(name, mailing).last_reply = f"554 5.6.0 <{name}@example.org> bad"
        message_to("eve", mailing).state = State.WITHHELD
        message_to("eve", mailing).last_reply = "not sent: they have left"
        db.session.commit()
        batches = queries.batches(mailing)

        counts = report.counts_of(batches)
        kinds = {str(kind): number for kind, number in report.bounces_by_kind(batches)}
        failures = report.replies_to(batches, State.FAILED)
        number = mailing.id

    page = organiser.open(f"/office/mailings/{number}")

    assert (counts.queued, counts.sent, counts.delivered, counts.still_open) == (6, 3, 1, 0)
    assert kinds == {"There is no such address": 1, "The mailbox is full": 1}
    assert failures == [("554 5.6.0 … bad", 2)]
    assert page.status_code == 200
    assert "554 5.6.0 … bad" in page.text
    assert "not sent: they have left" in page.text
    assert "@example.org" not in page.text.replace("organiser@example.org", "")
    assert "Why nobody counts who opened it" in page.text


def test_who_leaves_is_counted_for_the_last_issue_they_got_and_only_for_a_week(
    app: Flask, send: Callable[..., Mailing]
) -> None:
    with app.app_context():
        now = clock.now()
        subscribed(*(f"{name}@example.org" for name in NAMES))
        mailing = send(moment=now)
        later = _another_issue(send, moment=now + timedelta(days=2))
        leave("ada", now + timedelta(days=1))
        leave("bob", now + timedelta(days=3))
        leave("cleo", now + timedelta(days=30))
        db.session.commit()
        far = now + timedelta(days=60)

        of_first = report.leavers(queries.batches(mailing), now=far)
        of_later = report.leavers(queries.batches(later), now=far)

    assert [leaver.left_at for leaver in of_first] == [now + timedelta(days=1)]
    assert [leaver.left_at for leaver in of_later] == [now + timedelta(days=3)]


def _another_issue(send: Callable[..., Mailing], *, moment: datetime) -> Mailing:
    second = draft(
        title="Second", slug="", subject="", preview="", source="Words.", language="en", by=None,
        now=moment,
    )  # fmt: skip
    db.session.commit()
    return send(moment=moment, number=second.id)


def test_who_complains_is_counted_for_the_issue_they_got(
    app: Flask, send: Callable[..., Mailing]
) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org", "cleo@example.org")
        mailing = send()
        suppress("ada@example.org", reason="complaint", now=clock.now())
        suppress("bob@example.org", reason="bounce", now=clock.now())
        suppress("stranger@example.org", reason="complaint", now=clock.now())
        db.session.commit()

        complaints = report.complaints(queries.batches(mailing), now=clock.now())

    assert complaints == ["en"]


def test_an_answer_to_an_issue_is_counted_and_an_answer_to_another_mail_is_not(
    app: Flask, send: Callable[..., Mailing], issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        mailing = send()
        verbs.count_reply(message_to("ada", mailing))
        verbs.count_reply(Message(batch_id=None, variant=""))
        db.session.commit()

        conversions = came_from(["welcome"])

    assert {str(deed): number for deed, number in conversions.items()} == {
        "sign-up": 0, "letter": 0, "reply": 1,
    }  # fmt: skip


def test_only_what_people_answer_counts_for_an_issue(
    app: Flask, send: Callable[..., Mailing], issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        ours = f"<{message_to('ada', send()).token}@campaign.example>"
        answers = [
            personal(In_Reply_To=ours, Subject="Urlaub"),
            personal(In_Reply_To=ours, X_Mail_Autoreply="1"),
            personal(In_Reply_To=ours, Precedence="auto-reply"),
            personal(In_Reply_To=ours, X_Auto_Response_Suppress="All"),
            f"In-Reply-To: {ours}\r\n".encode() + receipt("displayed"),
            personal(In_Reply_To=ours, Subject="Re: Urlaub in Kiel"),
        ]

    kinds = [
        take_in(app, raw, to="hello@campaign.example", sender="bo@example.org").kind
        for raw in answers
    ]

    assert kinds == [Kind.AUTOMATIC] * 5 + [Kind.PERSONAL]
    with app.app_context():
        conversions = came_from(["welcome"])
    assert sum(number for deed, number in conversions.items() if str(deed) == "reply") == 1


def test_the_chart_tells_what_left_in_each_minute_hour_or_day(
    app: Flask, send: Callable[..., Mailing]
) -> None:
    with app.app_context():
        subscribed(*(f"{name}@example.org" for name in NAMES))
        now = datetime(2027, 5, 13, 9, 0, tzinfo=UTC)
        mailing = send(moment=now)
        batch = db.session.get_one(Batch, mailing.batch_id)
        batch.finished_at = None
        for name in ("ada", "bob"):
            message_to(name, mailing).state = State.WAITING
        assert [one.id for one in queries.running()] == [mailing.id]
        verbs.record_progress(mailing, now=now + timedelta(minutes=1))
        verbs.record_progress(mailing, now=now + timedelta(minutes=2))
        message_to("ada", mailing).state = State.SENT
        db.session.commit()
        batches, counts = queries.batches(mailing), report.counts_of(queries.batches(mailing))
        samples = queries.samples(mailing)

        def points(moment: datetime) -> list[progress.Point]:
            return progress.progress(mailing, batches, samples, counts.sent, now=moment)

        soon = points(now + timedelta(minutes=3))
        by_minute = progress.sent_by_time(soon, zone="Europe/Berlin")
        by_hour = progress.sent_by_time(points(now + timedelta(hours=3)), zone="Europe/Berlin")
        by_day = progress.sent_by_time(points(now + timedelta(days=3)), zone="Europe/Berlin")
        left = progress.remaining(
            soon, counts.still_open, rate=0.0, last_due=None, now=now + timedelta(minutes=3)
        )

    assert len(samples) == 1
    assert by_minute == [("11:00", 0), ("11:01", 4), ("11:02", 0), ("11:03", 1)]
    assert [number for _hour, number in by_hour] == [4, 0, 0, 1]
    assert [number for _day, number in by_day] == [4, 0, 0, 1]
    assert by_hour[0][0] == "13 May 2027, 11:00"
    assert left is not None
    assert left == timedelta(seconds=36)


def test_a_mail_that_is_due_later_makes_the_rest_take_as_long(
    app: Flask, send: Callable[..., Mailing]
) -> None:
    now = datetime(2027, 5, 13, 9, 0, tzinfo=UTC)
    points = [(now - timedelta(minutes=1), 0), (now, 10)]

    left = progress.remaining(points, 1, rate=0.0, last_due=now + timedelta(hours=3), now=now)

    assert left == timedelta(hours=3)


def test_the_list_of_mailings_and_a_planned_one_are_shown(
    app: Flask, organiser: Visitor, issue: int
) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        mailing = planned(issue, starts_at=clock.now() + timedelta(days=1))
        number = mailing.id

    before = organiser.open(f"/office/mailings/{number}")
    with app.app_context():
        db.session.get_one(Issue, issue).version += 1
        db.session.commit()
    changed = organiser.open(f"/office/mailings/{number}")
    answer = organiser.send(f"/office/mailings/{number}", action="/call-off")
    after = organiser.open(f"/office/mailings/issue/{issue}")

    assert "Call it off" in before.text
    assert "was changed" not in before.text
    assert "was changed" in changed.text
    assert answer.status_code == 303
    assert "called off" in after.text
