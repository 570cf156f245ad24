"""What people and organisers do in these tests, without a page, and what came of it."""

from typing import Any

import icalendar
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events import duties
from campaign.events.models import Event
from campaign.events.sign_ups import queries, verbs
from campaign.outbox.models import Message


def with_people(app: Flask, event: Event, *people: str, guests: int = 0) -> None:
    """Sign people up for an event."""
    with app.app_context():
        for name in people:
            verbs.sign_up(
                db.session.get_one(Event, event.id),
                name=name.title(),
                email=f"{name}@example.org",
                guests=guests,
                now=clock.now(),
            )
        db.session.commit()


def withdraws(app: Flask, event: Event, name: str) -> None:
    """Let somebody give their place up."""
    with app.app_context():
        place = db.session.scalars(queries.search_sign_ups(event, f"{name}@example.org")).one()
        found = queries.sign_up_by_token(place.token)
        assert found
        verbs.withdraw(found, now=clock.now())
        db.session.commit()


def news_is_told(app: Flask) -> None:
    """Let the duty come by that tells people the news."""
    with app.app_context():
        duties.tell()


def reread(app: Flask, event: Event) -> Event:
    """Give an event as it now is."""
    with app.app_context():
        return db.session.get_one(Event, event.id)


def written(message: Message) -> Any:
    """Give the entry in the calendar of a mail."""
    (event,) = icalendar.Calendar.from_ical(message.calendar).walk("VEVENT")
    return event
