"""Deeds about events: sign up, withdraw; plan, revise, call off; and who is told."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from importlib.resources.abc import Traversable
from itertools import count
from typing import TypedDict, Unpack

from flask import current_app
from sqlalchemy import select

from campaign import tokens
from campaign.db import db, insert_missing, lock
from campaign.events import mails, starter
from campaign.events.models import Action, Event, SignUp, slug_of
from campaign.events.queries import coming, place_of, places_taken
from campaign.languages import lazy_gettext as _l
from campaign.languages import ngettext
from campaign.outbox.mail import Mail
from campaign.outbox.queries import posted_lately
from campaign.outbox.verbs import post
from campaign.people.models import Person, Purpose
from campaign.people.queries import by_email
from campaign.people.verbs import invite_to_confirm, remember
from campaign.refusals import Refusal

# Anybody can type anybody's address: more than this in a day is not sent.
INVITATIONS_A_DAY = 3


class Over(Refusal):
    sentence = _l("This event is over.")


class CalledOff(Refusal):
    sentence = _l("This event has been called off. Perhaps another one is near you.")


class Full(Refusal):
    sentence = _l(
        "All places at this event are taken. If you signed up before, your place is kept."
    )


def sign_up(
    event: Event,
    *,
    name: str,
    email: str,
    guests: int,
    news: str = "",
    language: str = "",
    now: datetime,
) -> SignUp:
    """Take places for a person and their guests, and post the invitation.

    `news` is the sentence with which they asked for the newsletter, if they did. Who signs up
    again keeps the one place, with the guests named last, and is invited again.
    Raises `CalledOff`, `Over` or `Full`, before anything is known of who asks: the answer must
    not tell whether an address has a place.
    """
    event = _held(event)
    if event.is_called_off:
        raise CalledOff
    if event.is_over(now):
        raise Over
    _refuse_if_full(event, places=1 + guests)
    person = remember(email, name=name, language=language, now=now)
    _hold(person.id)
    place = _take_place(event, person, guests=guests, now=now)
    _invite(place, event, person, now=now)
    if news:
        invite_to_confirm(person, Purpose.NEWSLETTER, wording=news, form="sign-up", now=now)
    return place


def keep_place(event: Event, *, email: str, guests: int, now: datetime) -> None:
    """Do for somebody who has a place already what a full event refuses to a newcomer.

    Their guests change where that fits, and they are invited again; anybody else gets nothing.
    """
    event = _held(event)
    person = by_email(email)
    if person is None:
        return
    _hold(person.id)
    place = place_of(person, event)
    if place is None or not place.is_active:
        return
    free = event.free_places(places_taken([event.id])[event.id])
    if free is None or guests - place.guests <= free:
        place.guests = guests
    _invite(place, event, person, now=now)


def withdraw(place: SignUp, *, now: datetime) -> bool:
    """Give a person's place up and take the entry out of their calendar. Tells if it is new."""
    event = _held(place.event)
    _hold(place.person_id)
    person = place.person
    db.session.refresh(place, ["withdrawn_at", "revisions", "stamped_at"])
    if not place.is_active:
        return False
    place.withdrawn_at = now
    place.revisions += 1
    if not event.is_called_off and not event.is_over(now):
        post(mails.withdrawn(place, event, person, stamp=place.stamp(now)), now=now)
    return True


def _held(event: Event) -> Event:
    """Read an event anew and hold it as it is until the deed is saved.

    Where places are limited one deed counts them at a time; elsewhere many share the row, and
    only a change of the event itself waits for them (on SQLite every deed is alone anyway).
    Always the event first, then the person: two deeds never wait for each other.
    """
    if event.capacity is None:
        query = select(Event).where(Event.id == event.id).with_for_update(read=True)
        event = db.session.scalars(query.execution_options(populate_existing=True)).one()
    # Unlimited a moment ago need not be unlimited now.
    return event if event.capacity is None else _held_alone(event)


def _hold(person_id: int) -> None:
    """Let one deed about a person happen at a time: what is sent to them in a day is counted."""
    db.session.execute(lock(select(Person.id).where(Person.id == person_id)))


def _refuse_if_full(event: Event, *, places: int) -> None:
    if event.capacity is None:
        return
    free = event.free_places(places_taken([event.id])[event.id]) or 0
    if free == 0:
        raise Full
    if places > free:
        raise Full(
            ngettext(
                "There is only %(num)s place left: come without guests.",
                "There are only %(num)s places left: bring fewer guests.",
                free,
            )
        )


def _take_place(event: Event, person: Person, *, guests: int, now: datetime) -> SignUp:
    is_new = insert_missing(
        SignUp,
        {
            "event_id": event.id,
            "person_id": person.id,
            "guests": guests,
            # Some mail servers write local parts in small letters, and so do we.
            "token": tokens.random_token().lower(),
            "signed_up_at": now,
            "stamped_at": now - timedelta(seconds=1),
        },
        unique=["event_id", "person_id"],
    )
    place = db.session.scalars(
        select(SignUp)
        .where(SignUp.event_id == event.id, SignUp.person_id == person.id)
        .execution_options(populate_existing=True)
    ).one()
    if is_new:
        return place
    place.guests = guests
    if not place.is_active:
        place.withdrawn_at = None
        place.signed_up_at = now
        # Higher than the CANCEL they got, or calendars would not believe it.
        place.revisions += 1
    return place


def _invite(place: SignUp, event: Event, person: Person, *, now: datetime) -> None:
    lately = posted_lately(person.email, kinds=[mails.INVITATION], since=now - timedelta(days=1))
    if lately < INVITATIONS_A_DAY:
        post(mails.invitation(place, event, person, stamp=place.stamp(now)), now=now)


class CapacityTooSmall(Refusal):
    status = 422
    sentence = _l("More places than that are taken already.")


class Particulars(TypedDict):
    """What organisers say of an event."""

    title: str
    action_id: int | None
    city: str
    country: str
    zone: str
    starts_on: date
    starts: time | None
    ends: time | None
    venue: str
    address: str
    latitude: float | None
    longitude: float | None
    description: str
    bring: str
    access: str
    host: str
    languages: list[str]
    capacity: int | None
    is_example: bool


# A change of these is a change of plans: calendars and people must hear of it.
_WHEN_AND_WHERE = (
    "zone", "starts_on", "starts", "ends",
    "venue", "address", "city", "country", "latitude", "longitude",
)  # fmt: skip


def plan(*, now: datetime, **particulars: Unpack[Particulars]) -> Event:
    """Make an event, with an address of its own and a UID for ever."""
    action_id = particulars["action_id"]
    action = db.session.get(Action, action_id) if action_id is not None else None
    prefix = action.slug if action else particulars["starts_on"].isoformat()
    event = Event(
        slug=_free_slug(f"{prefix}-{slug_of(particulars['city'])}"),
        uid=f"{tokens.random_token()}@{current_app.config['MAIL_DOMAIN']}",
        created_at=now,
        revised_at=now,
        **particulars,
    )
    db.session.add(event)
    db.session.flush()
    return event


def revise(event: Event, *, now: datetime, **particulars: Unpack[Particulars]) -> int:
    """Say something else of an event. Returns to how many people a change of plans was mailed.

    A corrected typo mails nobody. Raises `CapacityTooSmall`.
    """
    event = _held_alone(event)
    capacity = particulars["capacity"]
    if capacity is not None and capacity < places_taken([event.id])[event.id]:
        raise CapacityTooSmall
    before = [getattr(event, name) for name in _WHEN_AND_WHERE]
    for name, value in particulars.items():
        setattr(event, name, value)
    if not db.session.is_modified(event):
        return 0
    event.revised_at = now
    if before == [getattr(event, name) for name in _WHEN_AND_WHERE]:
        return 0
    event.sequence += 1
    if event.is_called_off or event.is_over(now):
        return 0
    return _tell_all(event, mails.changed, now=now)


def call_off(event: Event, *, now: datetime) -> int:
    """Call an event off and tell all who meant to come. Returns how many; done twice, nobody."""
    event = _held_alone(event)
    if event.is_called_off:
        return 0
    event.cancelled_at = event.revised_at = now
    event.sequence += 1
    if event.is_over(now):
        return 0
    return _tell_all(event, mails.called_off, now=now)


def load_starter(folder: Traversable, *, now: datetime) -> None:
    """Load the starter's days of action and their events, where there are none yet."""
    if db.session.scalar(select(Action.id).limit(1)) or db.session.scalar(
        select(Event.id).limit(1)
    ):
        return
    text = (folder / "events.yaml").read_text(encoding="utf-8")
    for action_values, events in starter.read(text, today=now.date()):
        action = Action(**action_values)
        db.session.add(action)
        db.session.flush()
        for values in events:
            plan(now=now, action_id=action.id, **values)


def _held_alone(event: Event) -> Event:
    query = lock(select(Event).where(Event.id == event.id))
    held: Event = db.session.scalars(query.execution_options(populate_existing=True)).one()
    return held


def _tell_all(event: Event, write: Callable[..., Mail], *, now: datetime) -> int:
    places = coming(event)
    for place in places:
        post(write(place, event, place.person, stamp=place.stamp(now)), now=now)
    return len(places)


def _free_slug(wanted: str) -> str:
    # Words that addresses beside /events/<slug> begin with.
    taken = set(db.session.scalars(select(Event.slug).where(Event.slug.startswith(wanted))))
    taken |= {"withdraw", "propose"}
    if wanted not in taken:
        return wanted
    return next(slug for n in count(2) if (slug := f"{wanted}-{n}") not in taken)
