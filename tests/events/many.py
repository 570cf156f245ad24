"""Many events at once, and the statements that a page of them asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event as listening
from sqlalchemy import insert

from campaign.db import db
from campaign.events.models import Event
from tests.events.conftest import NOW, PARTICULARS

# Where they are, again and again: country, zone, and a word that each city's name begins with.
COUNTRIES = (
    ("GB", "Europe/London", "Ton"),
    ("FR", "Europe/Paris", "Ville"),
    ("BR", "America/Sao_Paulo", "São"),
    ("JP", "Asia/Tokyo", "Mura"),
    ("DE", "Europe/Berlin", "Stadt"),
    ("US", "America/Chicago", "Burg"),
)


def plan_many(app: Flask, number: int, *, first: int = 0, **otherwise: Any) -> None:
    """Plan many events, each on a day and in a city of its own, in six countries by turns."""
    with app.app_context():
        rows = []
        for at in range(first, first + number):
            country, zone, begins = COUNTRIES[at % len(COUNTRIES)]
            city = f"{begins} {at:04}"
            days = timedelta(days=at % 300)
            row = PARTICULARS | {
                "slug": f"event-{at}", "uid": f"{at}@campaign.example", "country": country,
                "zone": zone, "city": city, "title": f"Protest in {city}", "venue": f"Hall {at}",
                "starts_on": date(2098, 1, 1) + days, "latitude": at % 140 - 58.0,
                "longitude": at * 7 % 360 - 180.0, "revised_at": NOW, "created_at": NOW,
            }  # fmt: skip
            rows.append(row | otherwise)
        db.session.execute(insert(Event), rows)
        db.session.commit()


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect what is asked of the database meanwhile."""
    with app.app_context():
        engine = db.engine
    asked: list[str] = []

    def collect(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    listening.listen(engine, "before_cursor_execute", collect)
    try:
        yield asked
    finally:
        listening.remove(engine, "before_cursor_execute", collect)
