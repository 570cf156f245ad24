"""The log of a whole process names no person, no path and no token, whatever happens in it."""

import json
import logging
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog

from campaign import logs
from campaign.logs import MOST_TROUBLES, Repeats

PROGRAM = """
import sys
from campaign import create_app
from campaign.db import db

app = create_app({
    "SECRET_KEY": "a secret of the tests, long enough",
    "INSTANCE": sys.argv[1],
})
with app.app_context():
    db.create_all()

@app.get("/break/<word>")
def fail(word):
    raise RuntimeError(f"hidden-words {word}")

@app.get("/twice/<word>")
def fail_twice(word):
    app.jinja_env.globals.pop("campaign")
    raise RuntimeError(f"hidden-words {word}")

client = app.test_client()
client.get("/confirm/hidden-token")
client.get("/hidden-path?email=hidden@example.org")
client.post("/newsletter/subscribe", data={"email": "hidden@example.org", "name": "Hidden Name"})
client.post("/events/hidden-event/sign-up", data={"email": "hidden@example.org"})
client.get("/unsubscribe/hidden-token", headers={"Cookie": "session=hidden-cookie"})
assert client.get("/break/hidden-token").status_code == 500
assert client.get("/twice/hidden-token").status_code == 500
"""


def test_nothing_private_reaches_the_log(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ran.returncode == 0, ran.stderr
    assert "hidden" not in (ran.stdout + ran.stderr).lower()
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert {"method", "rule", "status", "ms"} <= set(requests[0])
    faults = [line for line in lines if line["event"] == "request.failed"]
    assert [fault["fault"] for fault in faults] == ["RuntimeError", "RuntimeError"]
    assert faults[0]["places"]


def test_an_outage_is_said_once_and_then_at_growing_intervals_with_a_count() -> None:
    repeats = Repeats()
    said = {}

    # Two hours of an outage that is met ten times a second, and another trouble in the middle.
    for tenth in range(2 * 60 * 60 * 10):
        if times := repeats.times("the database is away", now=tenth / 10):
            said[tenth / 10] = times
        if tenth == 30_000:
            assert repeats.times("the relay is away", now=tenth / 10) == 1

    moments = list(said)
    assert moments[:5] == [0.0, 1.0, 3.0, 7.0, 15.0]
    assert moments[-1] - moments[-2] == 600
    assert len(said) < 25
    assert sum(said.values()) + 6000 > 72_000
    # After long quiet it is news.
    assert repeats.times("the database is away", now=20_000) >= 1
    assert repeats.times("the database is away", now=20_001.5) == 1


def test_no_more_troubles_are_remembered_than_have_room() -> None:
    repeats = Repeats()

    for number in range(10_000):
        assert repeats.times(number, now=0.0) == 1

    assert len(repeats._said) == MOST_TROUBLES


def test_our_own_log_and_the_libraries_leave_out_what_was_just_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "_repeats", Repeats())
    said = []

    def say(level: str, **event: Any) -> None:
        with suppress(structlog.DropEvent):
            said.append(logs._not_over_and_over(None, level, {"level": level, **event}))

    def of_a_library(number: int) -> bool:
        return logs._has_not_just_been_said(
            logging.LogRecord("huey", logging.ERROR, "", 1, "no queue: %s", (number,), None)
        )

    for number in range(50):
        say("error", event="duty.failed", duty="a", ms=number)
        say("info", event="request", status=200)
    say("error", event="duty.failed", duty="b")
    libraries = [of_a_library(number) for number in range(50)]

    assert [event["duty"] for event in said if event["event"] == "duty.failed"] == ["a", "b"]
    assert sum(event["event"] == "request" for event in said) == 50
    assert libraries == [True] + [False] * 49
