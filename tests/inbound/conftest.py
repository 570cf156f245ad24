"""What the tests of the inbox may ask for: a subscriber, and a place at an event."""

from collections.abc import Callable

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events import verbs as events
from campaign.people import verbs as people
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.events.conftest import NOW, PARTICULARS
from tests.events.deeds import comes


@pytest.fixture
def subscriber(app: Flask) -> Callable[[str], int]:
    """Give a maker of subscribers: it takes an address and gives the person's number."""

    def make(address: str) -> int:
        with app.app_context():
            person = people.remember(address, now=clock.now())
            asked = subscriptions_verbs.ask(
                person, Purpose.NEWSLETTER, wording="News.", form="test", now=clock.now()
            )
            subscriptions_verbs.confirm(asked, now=clock.now())
            db.session.commit()
            return person.id

    return make


@pytest.fixture
def place(app: Flask) -> dict[str, str]:
    """Give Ada's place at an event: its token, and the event's uid."""
    with app.app_context():
        event = events.plan(now=NOW, **PARTICULARS)
        place = comes(event, now=NOW)
        db.session.commit()
        return {"token": place.token, "uid": event.uid}
