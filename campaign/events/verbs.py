"""Verbs of events: announce and amend a day of action, plan an event (`changes` revises it)."""

from datetime import date, datetime, time
from importlib.resources.abc import Traversable
from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from campaign import tokens
from campaign.db import db, insert_missing
from campaign.events import starter
from campaign.events.models import Action, Event
from campaign.events.queries import event_by_slug
from campaign.languages import lazy_gettext as _l
from campaign.places import cities
from campaign.refusals import Refusal
from campaign.slugs import free_slug, slug_of
from campaign.templating import our_campaign


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


def plan(*, now: datetime, **particulars: Unpack[Particulars]) -> Event:
    """Make an event, with an address of its own and a UID for ever."""
    action_id = particulars["action_id"]
    action = db.session.get(Action, action_id) if action_id is not None else None
    prefix = action.slug if action else particulars["starts_on"].isoformat()
    event = Event(
        uid=f"{tokens.random_token()}@{our_campaign().mail_domain}",
        created_at=now,
        revised_at=now,
        **particulars,
    )
    while event.id is None:
        event.slug = _slug(particulars["city"], particulars["country"], prefix=prefix)
        try:
            with db.session.begin_nested():
                db.session.add(event)
        except IntegrityError:
            # Somebody else has taken the address since it was looked up.
            if event_by_slug(event.slug) is None:
                raise
    return event


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


def _slug(city: str, country: str, *, prefix: str) -> str:
    """Make the address of an event, for ever: may-2027-lodz.

    Latin, Greek and Cyrillic names are written letter by letter. Of others few would know what
    comes of that, so the gazetteer's name comes first: Tokyo, not dong-jing.
    """
    known = cities.find(city, country) if max(city) > _LAST_CYRILLIC else None
    name = slug_of(known.name if known else city)
    wanted = f"{prefix}-{name or country.lower()}"[:_LONGEST_SLUG].rstrip("-")
    # Words that addresses beside /events/<slug> begin with.
    taken = {"withdraw", "propose"}
    return free_slug(
        wanted,
        most=_LONGEST_SLUG,
        is_taken=lambda slug: slug in taken or event_by_slug(slug) is not None,
    )


_LONGEST_SLUG = 120
_LAST_CYRILLIC = "\u052f"
