"""Two hundred people at once, and fifty places: threads against both databases."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import func, select

from campaign.db import db
from campaign.events import queries
from campaign.events.models import Event, SignUp
from campaign.outbox.models import Message
from campaign.people.models import Person
from tests.visitor import Visitor, forms_in

ASKING = 200
PLACES = 50


def _insist(app: Flask, path: str, said: dict[str, str]) -> int:
    """Send a form until it is answered yes or no: a busy machine may ask to come back later."""
    while True:
        status = app.test_client().post(path, data=said).status_code
        if status != 503:
            return status


def test_two_hundred_at_once_for_the_last_fifty_places_fill_exactly_fifty(
    app: Flask, make_event: Callable[..., Event]
) -> None:
    event = make_event(capacity=PLACES)
    path = f"/events/{event.slug}"
    token = forms_in(Visitor(app).open(path).text)[0]["fields"]["csrf_token"]

    def ask(number: int) -> int:
        said = {"name": "Ada", "email": f"ada{number}@example.org", "csrf_token": token}
        return _insist(app, f"{path}/sign-up", said)

    with ThreadPoolExecutor(20) as crowd:
        answers = Counter(crowd.map(ask, range(ASKING)))

    assert answers == {303: PLACES, 409: ASKING - PLACES}
    with app.app_context():
        assert queries.places_taken([event.id])[event.id] == PLACES
        assert [
            db.session.scalar(select(func.count()).select_from(table))
            for table in (SignUp, Person, Message)
        ] == [PLACES, PLACES, PLACES]


def test_one_person_signing_up_thirty_times_at_once_takes_one_place(
    app: Flask, make_event: Callable[..., Event]
) -> None:
    event = make_event()
    path = f"/events/{event.slug}"
    token = forms_in(Visitor(app).open(path).text)[0]["fields"]["csrf_token"]
    said = {"name": "Ada", "email": "ada@example.org", "csrf_token": token, "news": "y"}

    def ask(_: int) -> int:
        return _insist(app, f"{path}/sign-up", said)

    with ThreadPoolExecutor(10) as crowd:
        answers = set(crowd.map(ask, range(30)))

    assert answers == {303}
    with app.app_context():
        assert queries.places_taken([event.id])[event.id] == 1
        kinds = Counter(db.session.scalars(select(Message.kind)))
    assert kinds["invitation"] == 3
