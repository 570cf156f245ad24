"""Questions about who comes, who has not heard the news, and whose sign-up is to be erased."""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from campaign.db import count_of, db, lock
from campaign.events.models import SEATS_HELD, SIGN_UPS_KEPT, Event, SignUp, SignUpAsk
from campaign.people.models import Person
from campaign.tables import contains_word

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


def ask_by_id(id: int) -> SignUpAsk | None:
    """Find what a form asked for, with the place it became, its event and its person."""
    place = joinedload(SignUpAsk.sign_up, innerjoin=True)
    return db.session.scalar(
        select(SignUpAsk)
        .where(SignUpAsk.id == id, SignUpAsk.sign_up_id.is_not(None))
        .options(place.joinedload(SignUp.event), place.joinedload(SignUp.person))
    )


def latest_ask(place: SignUp) -> SignUpAsk | None:
    """Find what a form asked for last in the name of somebody."""
    return db.session.scalar(
        select(SignUpAsk)
        .where(SignUpAsk.sign_up_id == place.id)
        .order_by(SignUpAsk.id.desc())
        .limit(1)
    )


def seats_of_others(event: Event, place: SignUp, *, now: datetime) -> int:
    """Count the seats at an event that are held for others than one person."""
    theirs = or_(SignUpAsk.sign_up_id.is_(None), SignUpAsk.sign_up_id != place.id)
    held = select(func.sum(SignUpAsk.seats)).where(
        SignUpAsk.event_id == event.id, SignUpAsk.asked_at > now - SEATS_HELD, theirs
    )
    return int(db.session.scalar(held) or 0)


def number_asked(event: Event) -> int:
    """Count the people for whom a form asked and who have not confirmed it."""
    return count_of(search_sign_ups(event, state="asked"))


def search_sign_ups(event: Event, words: str = "", *, state: str = "") -> Select[SignUp]:
    """Find who signed up for an event, newest first, by name or address; coming, asked, withdrawn.

    With what was asked for in their name: who has not confirmed it has told us nothing yet.
    """
    query = (
        select(SignUp)
        .join(SignUp.person)
        .options(contains_eager(SignUp.person), selectinload(SignUp.asks))
        .where(SignUp.event_id == event.id)
        .order_by(SignUp.signed_up_at.desc(), SignUp.id.desc())
    )
    if words:
        asked_as = SignUp.asks.any(contains_word(words, SignUpAsk.name))
        query = query.where(or_(contains_word(words, Person.email, Person.name), asked_as))
    if state == "coming":
        query = query.where(SignUp.withdrawn_at.is_(None), SignUp.confirmed_at.is_not(None))
    if state == "asked":
        query = query.where(SignUp.withdrawn_at.is_(None), SignUp.confirmed_at.is_(None))
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
            SignUp.notified_sequence < Event.sequence,
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
            SignUp.notified_sequence < event.sequence,
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
