"""What the tests of the events may ask for: a day of action, and events on it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask

from campaign.db import db
from campaign.events import verbs
from campaign.events.models import Action, Event

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

PARTICULARS: dict[str, Any] = {
    "title": "Protest in London",
    "action_id": None,
    "city": "London",
    "country": "GB",
    "zone": "Europe/London",
    "starts_on": date(2099, 5, 13),
    "starts": time(17, 30),
    "ends": time(19, 0),
    "venue": "Parliament Square",
    "address": "London SW1P 3JX",
    "latitude": 51.5007,
    "longitude": -0.1268,
    "description": "We ask for a treaty.",
    "bring": "Water and a friend.",
    "access": "Step-free from Westminster station.",
    "host": "Ada and friends",
    "languages": ["en"],
    "capacity": None,
    "is_example": False,
}


@pytest.fixture
def action(app: Flask) -> Action:
    """Give a day of action far ahead."""
    with app.app_context():
        day = Action(
            slug="may-2099", title="Worldwide protest", summary="One day.", day=date(2099, 5, 13)
        )
        db.session.add(day)
        db.session.commit()
        return day


@pytest.fixture
def make_event(app: Flask) -> Callable[..., Event]:
    """Give a way to plan an event in London, far ahead, but for what is said otherwise."""

    def make(**otherwise: Any) -> Event:
        with app.app_context():
            event = verbs.plan(now=NOW, **{**PARTICULARS, **otherwise})
            db.session.commit()
            return event

    return make
