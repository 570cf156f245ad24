"""Jobs: woken when a deed is saved, and each turn of the timetable once over all workers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from campaign import clock, jobs
from campaign.db import db
from campaign.people.models import Person


@pytest.fixture
def done() -> Iterator[list[str]]:
    """Give what a duty of the test's own has done."""
    found: list[str] = []
    jobs.duty("test.once", every=timedelta(minutes=5))(lambda: found.append("once"))
    yield found
    del jobs._duties["test.once"]


def test_a_turn_of_the_timetable_is_taken_once_however_many_workers_ask(
    app: Flask, done: list[str]
) -> None:
    noon = datetime(2027, 5, 13, 12, 0, tzinfo=UTC)
    with app.app_context():
        for seconds in (0, 1, 60, 299):
            jobs.run_timetable(now=noon + timedelta(seconds=seconds))
        within = len(done)
        jobs.run_timetable(now=noon + timedelta(seconds=300))

    assert within == 1
    assert len(done) == 2


def test_a_duty_that_fails_is_kept_in_the_log_and_stops_no_other(
    app: Flask, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("ada@example.org could not be read")

    jobs.duty("test.fails", every=timedelta(minutes=5))(fail)
    try:
        with app.app_context():
            jobs.run_timetable(now=clock.now())
    finally:
        del jobs._duties["test.fails"]

    said = capsys.readouterr().err
    assert done == ["once"]
    assert "duty.failed" in said
    assert "ada@example.org" not in said


def test_a_worker_is_woken_when_the_deed_is_saved_and_not_before(app: Flask) -> None:
    with app.app_context():
        db.session.add(Person(email="ada@example.org", remembered_at=clock.now()))
        jobs.wake_after_commit("outbox.send")
        before = jobs.queue().pending_count()
        db.session.commit()
        after = jobs.queue().pending_count()

    assert (before, after) == (0, 1)


def test_a_deed_undone_wakes_nobody(app: Flask) -> None:
    with app.app_context():
        db.session.add(Person(email="ada@example.org", remembered_at=clock.now()))
        db.session.flush()
        jobs.wake_after_commit("outbox.send")
        db.session.rollback()
        db.session.commit()

        assert jobs.queue().pending_count() == 0


def test_a_queue_that_is_gone_costs_no_sign_up(app: Flask) -> None:
    with app.app_context():
        queue = jobs.queue()
        queue.storage.drop_tables() if hasattr(queue.storage, "drop_tables") else None
        queue.storage.close()
        db.session.add(Person(email="ada@example.org", remembered_at=clock.now()))
        jobs.wake_after_commit("outbox.send")
        db.session.commit()
        kept = db.session.query(Person).count()
        jobs.prepare()

    assert kept == 1


def test_a_task_travels_as_json(app: Flask) -> None:
    with app.app_context():
        jobs.wake("outbox.send")
        (task,) = jobs.queue().pending()

    assert task.args == ["outbox.send"]
