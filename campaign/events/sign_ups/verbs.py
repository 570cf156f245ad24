"""Deeds about places: confirm, accept, withdraw, tell who comes the news, erase."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import update

from campaign.db import db
from campaign.events import mails
from campaign.events.models import Event, SignUp, SignUpAsk
from campaign.events.queries import held, held_alone, places_taken
from campaign.events.sign_ups.queries import (
    latest_ask,
    seats_of_others,
    some_of,
    untold,
)
from campaign.languages import lazy_gettext as _l
from campaign.languages import ngettext
from campaign.outbox.bounces.verbs import lift_bounce
from campaign.outbox.mail import Mail
from campaign.outbox.queries import queued_lately
from campaign.outbox.verbs import queue
from campaign.people.models import Purpose
from campaign.people.queries import is_known_elsewhere, refuses_mail
from campaign.people.verbs import agree, hold, let_go
from campaign.refusals import Refusal

# What another deed may have changed of a place before this one holds it.
_STANDING = [
    "guests", "confirmed_at", "withdrawn_at", "revisions", "stamped_at", "notified_sequence",
]  # fmt: skip


class Over(Refusal):
    sentence = _l("This event is over.")


class CalledOff(Refusal):
    sentence = _l("This event has been called off. Perhaps another one is near you.")


class Full(Refusal):
    sentence = _l(
        "All places at this event are taken. If you signed up before, your place is kept."
    )


def confirm(
    place: SignUp,
    ask: SignUpAsk,
    *,
    name: str = "",
    guests: int,
    wants_news: bool = False,
    now: datetime,
) -> None:
    """Make true what a form asked for: the owner of the address has said that they come.

    With their name, if they give one, their guests, and the newsletter if it was asked for too.
    Done twice it stays done. Raises `CalledOff`, `Over` or `Full`.
    """
    event = held_for_a_place(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    _come(place, event, guests=guests, now=now)
    person = place.person
    # The mail with the button has arrived.
    lift_bounce(person.email)
    person.name = name or person.name
    person.language = person.language or ask.language
    if wants_news and ask.news:
        agree(person, Purpose.NEWSLETTER, wording=ask.news, form="sign-up", now=now)


def accept(place: SignUp, *, now: datetime) -> None:
    """Note that somebody's calendar says yes: for as many as the invitation was for.

    Who has confirmed already said it before. Raises `CalledOff`, `Over` or `Full`.
    """
    event = held_for_a_place(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    # The mail with the entry has arrived.
    lift_bounce(place.person.email)
    if not place.is_coming:
        ask = latest_ask(place)
        _come(place, event, guests=ask.guests if ask else place.guests, now=now)


def _come(place: SignUp, event: Event, *, guests: int, now: datetime) -> None:
    if event.is_called_off:
        raise CalledOff
    if event.is_over(now):
        raise Over
    if event.capacity is not None:
        taken = places_taken([event.id])[event.id] - (place.places if place.is_coming else 0)
        held = seats_of_others(event, place, now=now)
        refuse_if_full(event.free_places(taken + held), places=1 + guests)
    was_active = place.is_active
    place.guests = guests
    place.confirmed_at = place.confirmed_at or now
    place.person.confirmed_at = place.person.confirmed_at or now
    _release_seats(place)
    if not was_active:
        place.withdrawn_at = None
        place.revisions += 1
        # Their calendar has lost the entry, or has declined it.
        write_to(place, event, mails.invitation, now=now)


def _release_seats(place: SignUp) -> None:
    db.session.execute(
        update(SignUpAsk)
        .where(SignUpAsk.sign_up_id == place.id)
        .values(seats=0)
        .execution_options(synchronize_session=False)
    )


def withdraw(place: SignUp, *, now: datetime) -> bool:
    """Give a person's place up and take the entry out of their calendar. Tells if it is new."""
    event = held_for_a_place(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    if not place.is_active:
        return False
    place.withdrawn_at = now
    place.revisions += 1
    _release_seats(place)
    # Who has heard that it is called off has no entry left; who has not hears it now.
    has_heard = event.is_called_off and place.notified_sequence == event.sequence
    if not has_heard and not event.is_over(now):
        write = mails.called_off if event.is_called_off else mails.withdrawn
        write_to(place, event, write, now=now)
    return True


def decline(place: SignUp, *, now: datetime) -> bool:
    """Give the place up of a person whose calendar has declined. Tells if it is new.

    Whoever can write a mail can forge one, so they are told, with a button that takes it back.
    Their calendar knows already, and is sent nothing.
    """
    event = held_for_a_place(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    if not place.is_active:
        return False
    place.withdrawn_at = now
    _release_seats(place)
    if not event.is_over(now) and not event.is_called_off:
        queue(mails.declined(place, event, place.person, back=_way_back(place, now=now)), now=now)
    return True


def _way_back(place: SignUp, *, now: datetime) -> SignUpAsk:
    """Note what a place was, so that its owner can have it again with one press."""
    ask = SignUpAsk(
        event_id=place.event_id,
        sign_up_id=place.id,
        guests=place.guests,
        asked_at=now,
        answered_at=now,
    )
    db.session.add(ask)
    db.session.flush()
    return ask


def question(place: SignUp, *, now: datetime) -> bool:
    """Ask somebody whether a mail was theirs that gave their place up from another address.

    Nothing changes before they press the button. Tells whether they are asked: once a day.
    """
    event = held_for_a_place(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    email = place.person.email
    lately = queued_lately(email, kinds=[mails.QUESTION], since=now - timedelta(days=1))
    if not place.is_active or event.is_over(now) or lately or refuses_mail(email):
        return False
    queue(mails.question(place, event, place.person), now=now)
    return True


def tell(event: Event, *, most: int, now: datetime) -> int:
    """Write the news of an event to some of those who mean to come. Returns to how many.

    They hear how it stands now: what was changed twice is told once. The mail and the mark that
    somebody has heard are saved together, so wherever this is broken off, and however many do it
    at once, nobody is told twice and nobody is left out.
    """
    event = held(event)
    if event.is_over(now):
        return 0
    places = untold(event, most=most)
    for place in places:
        if event.is_called_off:
            write_to(place, event, mails.called_off, now=now)
            continue
        ask = None if place.is_coming else latest_ask(place)
        write_to(place, event, partial(mails.changed, ask=ask), now=now)
    return len(places)


def erase(event: Event, *, most: int, now: datetime) -> int:
    """Erase some sign-ups of an event that is long over. Returns how many.

    How many places were taken stays with the event. With a sign-up goes a person of whom nothing
    else is known.
    """
    event = held_alone(event)
    if not event.is_long_over(now):
        return 0
    places = some_of(event, most=most)
    for place in places:
        if place.is_coming:
            event.erased_sign_ups += place.places
        db.session.delete(place)
    db.session.flush()
    for place in places:
        if not is_known_elsewhere(place.person):
            let_go(place.person)
    return len(places)


def held_for_a_place(event: Event) -> Event:
    """Hold an event as it is until the deed is saved; alone where places are limited and counted.

    Elsewhere many sign up at once, and only a change of the event itself waits for them.
    """
    event = event if event.capacity is not None else held(event)
    # Unlimited a moment ago need not be unlimited now.
    return event if event.capacity is None else held_alone(event)


def refuse_if_full(free: int | None, *, places: int) -> None:
    """Refuse kindly what does not fit in the free places; None is no limit. Raises `Full`."""
    if free is None:
        return
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


def write_to(place: SignUp, event: Event, write: Callable[..., Mail], *, now: datetime) -> None:
    """Post a mail with a calendar to who has a place, and note what they have heard by it."""
    queue(write(place, event, place.person, stamp=place.stamp(now)), now=now)
    place.notified_sequence = event.sequence
