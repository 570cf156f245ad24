"""Two hundred people at once and fifty places: processes and threads, on both databases."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import func, select

from campaign import clock
from campaign.config import ROOT
from campaign.db import count_of, db
from campaign.events.models import Event
from campaign.events.sign_ups import duties, queries
from campaign.events.sign_ups.models import SignUp
from campaign.outbox.models import Message
from campaign.people.models import Person
from tests.conftest import SECRET
from tests.events.crowd import insist, token_of

ASKING = 200
PLACES = 50
PROCESSES = 4


def test_two_hundred_at_once_for_the_last_fifty_places_fill_exactly_fifty(
    app: Flask, database_url: str, make_event: Callable[..., Event]
) -> None:
    event = make_event(capacity=PLACES)
    each = ASKING // PROCESSES
    settings = {
        "CAMPAIGN_SECRET_KEY": SECRET,
        "CAMPAIGN_DATABASE_URL": database_url,
        "CAMPAIGN_INSTANCE": app.config["INSTANCE"],
        "CAMPAIGN_BASE_URL": app.config["BASE_URL"],
    }
    crowd = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.events.crowd", f"/events/{event.slug}",
             str(part * each), str(each)],
            cwd=ROOT, env={**os.environ, **settings}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        for part in range(PROCESSES)
    ]  # fmt: skip
    assert [part.stdout.readline() for part in crowd if part.stdout] == ["ready\n"] * PROCESSES

    for part in crowd:
        assert part.stdin
        part.stdin.write("go\n")
        part.stdin.flush()
    answers: Counter[str] = Counter()
    for part in crowd:
        said, _ = part.communicate(timeout=120)
        answers.update(json.loads(said))

    assert answers == {"303": PLACES, "409": ASKING - PLACES}
    with app.app_context():
        duties.answer()
        assert queries.seats_reserved([event.id], now=clock.now())[event.id] == PLACES
        assert [
            db.session.scalar(select(func.count()).select_from(table))
            for table in (SignUp, Person, Message)
        ] == [PLACES, PLACES, PLACES]


def test_one_person_signing_up_thirty_times_at_once_takes_one_place(
    app: Flask, make_event: Callable[..., Event]
) -> None:
    event = make_event()
    path = f"/events/{event.slug}"
    said = {"name": "Ada", "email": "ada@example.org", "news": "y"}
    said["csrf_token"] = token_of(app, path)

    with ThreadPoolExecutor(10) as crowd:
        answers = set(crowd.map(lambda _: insist(app, path, said), range(30)))

    assert answers == {303}
    with app.app_context():
        duties.answer()
        assert count_of(select(SignUp)) == 1
        kinds = Counter(db.session.scalars(select(Message.kind)))
    assert kinds["invitation"] == 3
