"""What people and organisers do in these tests, without a page, and what came of it."""

from datetime import datetime
from typing import Any

import icalendar
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events.changes import duties as changes_duties
from campaign.events.models import Event
from campaign.events.sign_ups import queries, verbs
from campaign.events.sign_ups.asks.queries import ask_by_id
from campaign.events.sign_ups.asks.verbs import answer
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.outbox.models import Message
from campaign.people.verbs import remember


def asks(event: Event, *, now: datetime, **said: Any) -> SignUpAsk:
    """Fill in the form, and let the duty come by that sends the invitation; nothing is pressed."""
    given = {"name": "Ada", "email": "ada@example.org", "guests": 0, **said}
    ask = db.session.get_one(SignUpAsk, verbs.sign_up(event, now=now, **given))
    answer([ask], now=now)
    db.session.flush()
    return ask


def comes(event: Event, *, now: datetime, **said: Any) -> SignUp:
    """Sign somebody up who presses the button in the invitation at once."""
    ask = ask_by_id(asks(event, now=now, **said).id)
    assert ask
    assert ask.sign_up
    verbs.confirm(
        ask.sign_up, ask, name=ask.name, guests=ask.guests, wants_news=bool(ask.news), now=now
    )
    return ask.sign_up


def with_people(app: Flask, event: Event, *people: str, guests: int = 0) -> None:
    """Sign people up for an event, who say that they come."""
    with app.app_context():
        for name in people:
            # Known by their name already, so that their mails can be told apart.
            email = f"{name}@example.org"
            remember(email, name=name.title(), now=clock.now())
            said = {"name": name.title(), "email": email, "guests": guests}
            found = db.session.get_one(Event, event.id)
            if asks(found, now=clock.now(), **said).sign_up_id is not None:
                comes_of(found, email, guests=guests)
        db.session.commit()


def comes_of(event: Event, email: str, *, guests: int) -> None:
    """Press the button of the invitation that came last to an address."""
    sign_up = db.session.scalars(queries.search_sign_ups(event, email)).one()
    ask = ask_by_id(sign_up.asks[-1].id)
    assert ask
    assert ask.sign_up
    verbs.confirm(ask.sign_up, ask, guests=guests, now=clock.now())


def withdraws(app: Flask, event: Event, name: str) -> None:
    """Let somebody withdraw."""
    with app.app_context():
        sign_up = db.session.scalars(queries.search_sign_ups(event, f"{name}@example.org")).one()
        found = queries.sign_up_by_token(sign_up.token)
        assert found
        verbs.withdraw(found, now=clock.now())
        db.session.commit()


def changes_are_notified(app: Flask) -> None:
    """Let the duty come by that notifies people of changes."""
    with app.app_context():
        changes_duties.notify()


def reread(app: Flask, event: Event) -> Event:
    """Give an event as it now is."""
    with app.app_context():
        return db.session.get_one(Event, event.id)


def written(message: Message) -> Any:
    """Give the entry in the calendar of a mail."""
    (event,) = icalendar.Calendar.from_ical(message.calendar).walk("VEVENT")
    return event
