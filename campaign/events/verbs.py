"""Deeds about events: announce a day of action; plan, revise and call off an event."""

from datetime import date, datetime, time, timedelta
from importlib.resources.abc import Traversable
from typing import TypedDict, Unpack

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from campaign import jobs, tokens
from campaign.db import db, insert_missing
from campaign.events import starter
from campaign.events.models import Action, Event, SignUp
from campaign.events.queries import event_by_slug, held_alone, number_coming, places_taken
from campaign.languages import _, ngettext, short_date
from campaign.languages import lazy_gettext as _l
from campaign.places import cities
from campaign.refusals import Refusal
from campaign.slugs import free_slug, slug_of


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


_WHEN = ("zone", "starts_on", "starts", "ends")
# A change of these is a change of plans: calendars and people must hear of it.
_WHEN_AND_WHERE = (*_WHEN, "venue", "address", "city", "country", "latitude", "longitude")
# An event is put off by days or weeks. What moves further is more often a year typed wrong.
FURTHEST_MOVE = timedelta(days=60)


class UnlikelyDay(Refusal):
    """People signed up, and the new day is hardly meant: somebody must say that it is."""

    def __init__(self, why: str, *, coming: int, told: int, forgotten: int = 0) -> None:
        said = [why]
        if coming:
            said += [
                ngettext("%(num)s person signed up.", "%(num)s people signed up.", coming),
                ngettext(
                    "A mail would tell them the new time.",
                    "A mail would tell each of them the new time.",
                    told,
                )
                if told
                else _("Nobody would get a mail about it."),
            ]
        if forgotten:
            said.append(
                ngettext(
                    "That %(num)s place was taken then would be forgotten.",
                    "That %(num)s places were taken then would be forgotten.",
                    forgotten,
                )
            )
        super().__init__(" ".join([*map(str, said), _("Nothing is saved yet.")]))


def plan(*, now: datetime, **particulars: Unpack[Particulars]) -> Event:
    """Make an event, with an address of its own and a UID for ever."""
    action_id = particulars["action_id"]
    action = db.session.get(Action, action_id) if action_id is not None else None
    prefix = action.slug if action else particulars["starts_on"].isoformat()
    event = Event(
        uid=f"{tokens.random_token()}@{current_app.config['MAIL_DOMAIN']}",
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


def revise(
    event: Event, *, sure_of: date | None = None, now: datetime, **particulars: Unpack[Particulars]
) -> int:
    """Say something else of an event. Returns how many people will be mailed a change of plans.

    Workers write to them once this is saved; a corrected typo mails nobody. `sure_of` is the day
    that somebody said was meant, after they were asked. Raises `CapacityTooSmall`, `UnlikelyDay`.
    """
    event = held_alone(event)
    capacity = particulars["capacity"]
    if capacity is not None and capacity < places_taken([event.id])[event.id]:
        raise CapacityTooSmall
    was = _When(event, now)
    before = [getattr(event, name) for name in _WHEN_AND_WHERE]
    with db.session.no_autoflush:
        for name, value in particulars.items():
            setattr(event, name, value)
        if sure_of != event.starts_on:
            _refuse_if_unlikely(event, was, now=now)
    if not db.session.is_modified(event):
        return 0
    event.revised_at = now
    if was.hours != _When(event, now).hours:
        event.moved_at = now
        # What has been stays true when the record is set right.
        event.took_place_at = was.ended_at
    if not event.is_over(now):
        # Who came when it was held before is not coming to what is planned now.
        event.erased_sign_ups = 0
        event.took_place_at = None
    if before == [getattr(event, name) for name in _WHEN_AND_WHERE]:
        return 0
    event.sequence += 1
    if event.is_called_off:
        _count_as_told(event)
        return 0
    return _spread(event, now=now)


class _When:
    """When an event is, as it stood before a change."""

    def __init__(self, event: Event, now: datetime) -> None:
        self.day = event.starts_on
        self.hours = [getattr(event, name) for name in _WHEN]
        self.is_over = event.is_over(now)
        self.ended_at = event.ended_at if self.is_over else None


def _refuse_if_unlikely(event: Event, was: _When, *, now: datetime) -> None:
    is_over, day = event.is_over(now), short_date(event.starts_on)
    if is_over and not was.is_over:
        why = _("%(day)s has passed already.", day=day)
    elif was.is_over and not is_over:
        why = _("The event was over, and would be held again on %(day)s.", day=day)
    elif abs(event.starts_on - was.day) > FURTHEST_MOVE:
        why = _("%(day)s is far from the day people signed up for.", day=day)
    else:
        return
    coming = number_coming(event)
    forgotten = 0 if is_over else event.erased_sign_ups
    is_told = not is_over and not event.is_called_off
    if coming or forgotten:
        # What was typed is in the form; the event stays as it is.
        db.session.refresh(event)
        raise UnlikelyDay(why, coming=coming, told=coming if is_told else 0, forgotten=forgotten)


def _count_as_told(event: Event) -> None:
    """Let a correction of what was called off be no news to those who know that it was."""
    db.session.execute(
        update(SignUp)
        .where(SignUp.event_id == event.id, SignUp.notified_sequence == event.sequence - 1)
        .values(notified_sequence=event.sequence)
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
