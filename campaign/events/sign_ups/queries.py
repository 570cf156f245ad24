"""Questions about who comes, who has not heard the news, and whose sign-up is to be erased."""

from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from campaign.db import db, lock
from campaign.events.models import SIGN_UPS_KEPT, Event, SignUp
from campaign.people.models import Person
from campaign.tables import holds

# The clocks of the world lie this far apart: a day has not begun or ended everywhere at once.
_ELSEWHERE = timedelta(days=1)


def place_of(person: Person, event: Event) -> SignUp | None:
    """Find a person's place at an event, given up or not."""
    return db.session.scalar(
        select(SignUp).where(SignUp.person_id == person.id, SignUp.event_id == event.id)
    )


def sign_up_by_token(token: str) -> SignUp | None:
    """Find a sign-up, with its event and its person, by its token."""
    return db.session.scalar(
        select(SignUp)
        .where(SignUp.token == token)
        .options(joinedload(SignUp.event).joinedload(Event.action), joinedload(SignUp.person))
    )


def search_sign_ups(event: Event, words: str = "", *, state: str = "") -> Select[SignUp]:
    """Find who signed up for an event, newest first, by name or address; coming or withdrawn."""
    query = (
        select(SignUp)
        .join(SignUp.person)
        .options(contains_eager(SignUp.person))
        .where(SignUp.event_id == event.id)
        .order_by(SignUp.signed_up_at.desc(), SignUp.id.desc())
    )
    if words:
        query = query.where(holds(words, Person.email, Person.name))
    if state == "coming":
        query = query.where(SignUp.withdrawn_at.is_(None))
    if state == "withdrawn":
        query = query.where(SignUp.withdrawn_at.is_not(None))
    return query


def with_news(*, now: datetime) -> list[Event]:
    """List the events, not over yet, of which somebody who means to come has not heard the news."""
    untold = (
        select(SignUp.id)
        .where(
            SignUp.event_id == Event.id,
            SignUp.withdrawn_at.is_(None),
            SignUp.told_sequence < Event.sequence,
        )
        .exists()
    )
    first = (now - _ELSEWHERE).date()
    query = select(Event).where(Event.starts_on >= first, Event.sequence > 0, untold)
    return [event for event in db.session.scalars(query) if not event.is_over(now)]


def untold(event: Event, *, most: int) -> list[SignUp]:
    """Take some who mean to come and have not heard the news of an event, each with their person.

    They are held until the deed is saved. Whom another deed holds is passed over: another duty is
    telling them, or they are about to be invited again or to give their place up.
    """
    query = (
        select(SignUp)
        .join(SignUp.person)
        .options(contains_eager(SignUp.person))
        .where(
            SignUp.event_id == event.id,
            SignUp.withdrawn_at.is_(None),
            SignUp.told_sequence < event.sequence,
        )
        .order_by(SignUp.id)
        .limit(most)
        # The person too, as every deed about a place does; `key_share`, because a mail that is
        # posted to somebody elsewhere need not stand in the way.
        .with_for_update(of=[SignUp, Person], skip_locked=True, key_share=True)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def long_over(*, now: datetime) -> list[Event]:
    """List the events that are so long over that those who signed up are to be forgotten."""
    long_ago = now - SIGN_UPS_KEPT
    anybody = select(SignUp.id).where(SignUp.event_id == Event.id).exists()
    query = select(Event).where(
        or_(
            Event.starts_on <= (long_ago + _ELSEWHERE).date(),
            Event.took_place_at <= long_ago,
            Event.cancelled_at <= long_ago,
        ),
        anybody,
    )
    return [event for event in db.session.scalars(query) if event.is_long_over(now)]


def some_of(event: Event, *, most: int) -> list[SignUp]:
    """Take some sign-ups of an event, each with their person; both are held for the deed."""
    query = (
        select(SignUp)
        .join(SignUp.person)
        .options(contains_eager(SignUp.person))
        .where(SignUp.event_id == event.id)
        .order_by(SignUp.person_id)
        .limit(most)
    )
    return list(db.session.scalars(lock(query).execution_options(populate_existing=True)))
