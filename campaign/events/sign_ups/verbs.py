"""Deeds about places at events: sign up, withdraw, tell who comes the news, erase."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from campaign import tokens
from campaign.db import db, insert_missing
from campaign.events import mails
from campaign.events.models import Event, SignUp
from campaign.events.queries import held, held_alone, places_taken
from campaign.events.sign_ups.queries import place_of, some_of, untold
from campaign.languages import lazy_gettext as _l
from campaign.languages import ngettext
from campaign.outbox.mail import Mail
from campaign.outbox.queries import posted_lately
from campaign.outbox.verbs import post
from campaign.people.models import Person, Purpose
from campaign.people.queries import by_email, is_known_elsewhere, refuses_mail
from campaign.people.sources import verbs as sources
from campaign.people.sources.models import Deed
from campaign.people.verbs import hold, invite_to_confirm, let_go, remember
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
    source: str = "",
    now: datetime,
) -> SignUp:
    """Take places for a person and their guests, and post the invitation.

    `news` is the sentence with which they asked for the newsletter, if they did; `source` the
    plain code of the link by which they came, of which only a number is kept. Who signs up
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
    hold(person.id)
    is_new, place = _take_place(event, person, guests=guests, now=now)
    _invite(place, event, now=now)
    if news:
        invite_to_confirm(person, Purpose.NEWSLETTER, wording=news, form="sign-up", now=now)
    if is_new:
        sources.count(source, Deed.SIGN_UP)
    return place


def keep_place(event: Event, *, email: str, guests: int, now: datetime) -> None:
    """Do for somebody who has a place already what a full event refuses to a newcomer.

    Their guests change where that fits, and they are invited again; anybody else gets nothing.
    """
    event = _held(event)
    person = by_email(email)
    if person is None:
        return
    hold(person.id)
    place = place_of(person, event)
    if place is None or not place.is_active:
        return
    free = event.free_places(places_taken([event.id])[event.id])
    if free is None or guests - place.guests <= free:
        place.guests = guests
    _invite(place, event, now=now)


def withdraw(place: SignUp, *, now: datetime) -> bool:
    """Give a person's place up and take the entry out of their calendar. Tells if it is new."""
    event = _held(place.event)
    hold(place.person_id)
    db.session.refresh(place, ["withdrawn_at", "revisions", "stamped_at", "told_sequence"])
    if not place.is_active:
        return False
    place.withdrawn_at = now
    place.revisions += 1
    # Who has heard that it is called off has no entry left; who has not hears it now.
    has_heard = event.is_called_off and place.told_sequence == event.sequence
    if not has_heard and not event.is_over(now):
        write = mails.called_off if event.is_called_off else mails.withdrawn
        _tell(place, event, write, now=now)
    return True


def decline(place: SignUp, *, now: datetime) -> bool:
    """Give the place up of a person whose calendar has declined. Tells if it is new.

    Their calendar knows already, so nothing is mailed.
    """
    _held(place.event)
    hold(place.person_id)
    db.session.refresh(place, ["withdrawn_at"])
    if not place.is_active:
        return False
    place.withdrawn_at = now
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
    write = mails.called_off if event.is_called_off else mails.changed
    places = untold(event, most=most)
    for place in places:
        _tell(place, event, write, now=now)
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
        if place.is_active:
            event.erased_places += place.places
        db.session.delete(place)
    db.session.flush()
    for place in places:
        if not is_known_elsewhere(place.person):
            let_go(place.person)
    return len(places)


def _held(event: Event) -> Event:
    """Hold an event as it is until the deed is saved; alone where places are limited and counted.

    Elsewhere many sign up at once, and only a change of the event itself waits for them.
    """
    event = event if event.capacity is not None else held(event)
    # Unlimited a moment ago need not be unlimited now.
    return event if event.capacity is None else held_alone(event)


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


def _take_place(event: Event, person: Person, *, guests: int, now: datetime) -> tuple[bool, SignUp]:
    is_new = insert_missing(
        SignUp,
        {
            "event_id": event.id,
            "person_id": person.id,
            "guests": guests,
            # Some mail servers write local parts in small letters, and so do we.
            "token": tokens.random_token().lower(),
            "signed_up_at": now,
            "told_sequence": event.sequence,
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
        return True, place
    place.guests = guests
    if not place.is_active:
        place.withdrawn_at = None
        place.signed_up_at = now
        # Higher than the CANCEL they got, or calendars would not believe it.
        place.revisions += 1
    return False, place


def _invite(place: SignUp, event: Event, *, now: datetime) -> None:
    lately = posted_lately(
        place.person.email, kinds=[mails.INVITATION], since=now - timedelta(days=1)
    )
    # Whoever typed the address cannot tell: the page is the same.
    if lately < INVITATIONS_A_DAY and not refuses_mail(place.person.email):
        _tell(place, event, mails.invitation, now=now)


def _tell(place: SignUp, event: Event, write: Callable[..., Mail], *, now: datetime) -> None:
    post(write(place, event, place.person, stamp=place.stamp(now)), now=now)
    place.told_sequence = event.sequence
