"""Deeds about events: announce a day of action; plan, revise and call off an event."""

from datetime import date, datetime, time
from importlib.resources.abc import Traversable
from itertools import count
from typing import TypedDict, Unpack

from flask import current_app
from sqlalchemy import select, update

from campaign import jobs, tokens
from campaign.db import db, insert_missing
from campaign.events import starter
from campaign.events.models import Action, Event, SignUp, slug_of
from campaign.events.queries import held_alone, number_coming, places_taken
from campaign.languages import lazy_gettext as _l
from campaign.refusals import Refusal


class AddressTaken(Refusal):
    status = 422
    sentence = _l("Another day of action has this address. Choose another one.")


def announce(*, title: str, slug: str, day: date, summary: str) -> Action:
    """Make a day of action, whose address is for ever. Raises `AddressTaken`."""
    values = {"title": title, "slug": slug, "day": day, "summary": summary}
    if not insert_missing(Action, values, unique=["slug"]):
        raise AddressTaken
    return db.session.scalars(select(Action).where(Action.slug == slug)).one()


def amend(action: Action, *, title: str, day: date, summary: str) -> None:
    """Say something else of a day of action. Its events keep their own days, and its address."""
    action.title = title
    action.day = day
    action.summary = summary


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
    """Say something else of an event. Returns how many people will be mailed a change of plans.

    Workers write to them once this is saved; a corrected typo mails nobody. Raises
    `CapacityTooSmall`.
    """
    event = held_alone(event)
    capacity = particulars["capacity"]
    if capacity is not None and capacity < places_taken([event.id])[event.id]:
        raise CapacityTooSmall
    before = [getattr(event, name) for name in _WHEN_AND_WHERE]
    for name, value in particulars.items():
        setattr(event, name, value)
    if not db.session.is_modified(event):
        return 0
    event.revised_at = now
    if not event.is_over(now):
        # Who came when it was held before is not coming to what is planned now.
        event.erased_places = 0
    if before == [getattr(event, name) for name in _WHEN_AND_WHERE]:
        return 0
    event.sequence += 1
    if event.is_called_off:
        _count_as_told(event)
        return 0
    return _spread(event, now=now)


def _count_as_told(event: Event) -> None:
    """Let a correction of what was called off be no news to those who know that it was."""
    db.session.execute(
        update(SignUp)
        .where(SignUp.event_id == event.id, SignUp.told_sequence == event.sequence - 1)
        .values(told_sequence=event.sequence)
        .execution_options(synchronize_session=False)
    )


def call_off(event: Event, *, now: datetime) -> int:
    """Call an event off. Returns how many people will be mailed that; done twice, nobody.

    Workers write to them once this is saved.
    """
    event = held_alone(event)
    if event.is_called_off:
        return 0
    event.cancelled_at = event.revised_at = now
    event.sequence += 1
    return _spread(event, now=now)


def _spread(event: Event, *, now: datetime) -> int:
    """Have workers tell all who mean to come what is new: thousands would hold up a request.

    That the event's sequence is ahead of theirs is what makes it known whom to tell.
    """
    if event.is_over(now):
        return 0
    jobs.wake_after_commit("events.tell")
    return number_coming(event)


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


def _free_slug(wanted: str) -> str:
    # Words that addresses beside /events/<slug> begin with.
    taken = set(db.session.scalars(select(Event.slug).where(Event.slug.startswith(wanted))))
    taken |= {"withdraw", "propose"}
    if wanted not in taken:
        return wanted
    return next(slug for n in count(2) if (slug := f"{wanted}-{n}") not in taken)
