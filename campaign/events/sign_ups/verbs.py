"""Deeds about places: ask for one, answer, confirm, withdraw, tell who comes the news, erase."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from campaign import jobs, tokens
from campaign.db import db, insert_missing
from campaign.events import mails
from campaign.events.models import SEATS_HELD, Event, SignUp, SignUpAsk
from campaign.events.queries import free_places, held, held_alone, places_taken
from campaign.events.sign_ups.queries import (
    held_from,
    latest_ask,
    place_of,
    seats_of_others,
    some_of,
    untold,
)
from campaign.languages import lazy_gettext as _l
from campaign.languages import ngettext
from campaign.outbox.mail import Mail
from campaign.outbox.models import mailbox_hash
from campaign.outbox.queries import posted_lately
from campaign.outbox.verbs import client_key, lift_bounce, post
from campaign.people.models import Person, Purpose
from campaign.people.queries import by_email, is_known_elsewhere, refuses_mail
from campaign.people.sources import verbs as sources
from campaign.people.sources.models import Deed
from campaign.people.verbs import agree, erases, hold, let_go, meet
from campaign.refusals import Refusal

# Anybody can type anybody's address: more than this is not sent to one mailbox.
INVITATIONS_A_DAY = 3
# Nor more than this to somebody who has never pressed a button of ours.
INVITATIONS_IN_30_DAYS = 5
# What nobody has confirmed keeps few seats free, so that forms alone cannot fill an event.
SEATS_OF_ONE, SEATS_OF_A_CONNECTION = 2, 10
# What another deed may have changed of a place before this one holds it.
_STANDING = [
    "guests", "confirmed_at", "withdrawn_at", "revisions", "stamped_at", "told_sequence",
]  # fmt: skip


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
    client: str = "",
    now: datetime,
) -> SignUpAsk:
    """Note that a form asks for a place, and keep seats for it for some hours.

    Whoever types an address need not be its owner, so nothing that is known changes and nobody is
    looked up: the same is done for every address. A duty answers with the invitation (`answer`),
    and the button in it makes true what was asked for (`confirm`). `news` is the sentence with
    which they asked for the newsletter, if they did; `source` the plain code of the link by which
    they came, of which only a number is kept; `client` the connection, of which a hash is.
    Raises `CalledOff`, `Over` or `Full`.
    """
    event = _held(event)
    if event.is_called_off:
        raise CalledOff
    if event.is_over(now):
        raise Over
    places = 1 + guests
    _refuse_if_full(free_places(event, now=now), places=places)
    ask = _ask(event, name, email, guests, news, language, source, now=now)
    if event.capacity is not None:
        _hold_seats(ask, event, places=places, client=client, email=email, now=now)
    return ask


def sign_up_in_vain(
    event: Event, *, name: str, email: str, guests: int, language: str = "", now: datetime
) -> None:
    """Note that a form asked for a place at a full event: who has one is sent the invitation again.

    Anybody else hears nothing, and the door has done the same for both.
    """
    ask = _ask(event, name, email, guests, "", language, "", now=now)
    ask.is_in_vain = True


def _ask(
    event: Event,
    name: str,
    email: str,
    guests: int,
    news: str,
    language: str,
    source: str,
    *,
    now: datetime,
) -> SignUpAsk:
    ask = SignUpAsk(
        event_id=event.id,
        name=name,
        email=email,
        guests=guests,
        news=news,
        language=language,
        source=source,
        asked_at=now,
    )
    db.session.add(ask)
    jobs.wake_after_commit("events.answer")
    return ask


def _hold_seats(
    ask: SignUpAsk, event: Event, *, places: int, client: str, email: str, now: datetime
) -> None:
    """Keep seats for what a form asks for: few for one mailbox, few for one connection.

    They are counted by what this connection has done itself. What others asked for in the same
    name must not show, or the number of free places would tell who has asked.
    """
    key = client_key(client, purpose=f"seats:{event.id}")
    mine = mailbox_hash(email)
    before = held_from(event, key, now=now)
    db.session.execute(
        update(SignUpAsk)
        .where(
            SignUpAsk.event_id == event.id,
            SignUpAsk.client_hash == key,
            SignUpAsk.mailbox_hash == mine,
        )
        .values(seats=0)
        .execution_options(synchronize_session=False)
    )
    seats = min(places, SEATS_OF_ONE)
    if key:
        others = sum(held for mailbox, held in before.items() if mailbox != mine)
        seats = max(0, min(seats, SEATS_OF_A_CONNECTION - others))
    ask.seats, ask.client_hash, ask.mailbox_hash = seats, key, mine


def answer(ask: SignUpAsk, *, now: datetime) -> SignUp | None:
    """Send the invitation that a form asked for. Gives the place it is about, if any.

    Of somebody known nothing changes; somebody new is noted as asked, and comes once they press
    the button. Beyond the caps, and to whom we must never write, nothing goes out, and of nobody
    new anything is noted.
    """
    email, ask.email, ask.answered_at = ask.email, "", now
    event = held(db.session.get_one(Event, ask.event_id))
    if not _is_worth_a_mail(ask, event, email, now=now):
        # Of what came to nothing only the seats are left, until they lapse.
        ask.name = ask.news = ask.source = ""
        return None
    person = meet(email, language=ask.language, now=now)
    is_new, place = _place_for(person, event, now=now)
    ask.sign_up_id = place.id
    _tell(place, event, partial(mails.invitation, ask=ask), now=now)
    if is_new:
        sources.count(ask.source, Deed.SIGN_UP)
    return place


def _is_worth_a_mail(ask: SignUpAsk, event: Event, email: str, *, now: datetime) -> bool:
    if event.is_called_off or event.is_over(now):
        return False
    known = by_email(email)
    if ask.is_in_vain and not _has_place(known, event):
        return False
    return _may_be_invited(email, known, now=now)


def _has_place(person: Person | None, event: Event) -> bool:
    place = place_of(person, event) if person else None
    return place is not None and place.is_active


def _may_be_invited(email: str, known: Person | None, *, now: datetime) -> bool:
    if refuses_mail(email):
        return False
    caps = [(INVITATIONS_A_DAY, timedelta(days=1))]
    if known is None or known.confirmed_at is None:
        caps.append((INVITATIONS_IN_30_DAYS, timedelta(days=30)))
    return all(
        posted_lately(email, kinds=[mails.INVITATION], since=now - time) < most
        for most, time in caps
    )


def _place_for(person: Person, event: Event, *, now: datetime) -> tuple[bool, SignUp]:
    """Find somebody's place at an event, or note that it is asked for. Tells if it is new."""
    is_new = insert_missing(
        SignUp,
        {
            "event_id": event.id,
            "person_id": person.id,
            "guests": 0,
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
        .options(joinedload(SignUp.person))
        .execution_options(populate_existing=True)
    ).one()
    if not place.is_active:
        # Given up before: asked for again it stands where a new one does.
        place.confirmed_at = place.withdrawn_at = None
        place.signed_up_at = now
        # Higher than the CANCEL they got, or calendars would not believe it.
        place.revisions += 1
    return is_new, place


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
    event = _held(place.event)
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
    event = _held(place.event)
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
        _refuse_if_full(event.free_places(taken + held), places=1 + guests)
    was_active = place.is_active
    place.guests = guests
    place.confirmed_at = place.confirmed_at or now
    place.person.confirmed_at = place.person.confirmed_at or now
    _release_seats(place)
    if not was_active:
        place.withdrawn_at = None
        place.revisions += 1
        # Their calendar has lost the entry, or has declined it.
        _tell(place, event, mails.invitation, now=now)


def _release_seats(place: SignUp) -> None:
    db.session.execute(
        update(SignUpAsk)
        .where(SignUpAsk.sign_up_id == place.id)
        .values(seats=0)
        .execution_options(synchronize_session=False)
    )


def withdraw(place: SignUp, *, now: datetime) -> bool:
    """Give a person's place up and take the entry out of their calendar. Tells if it is new."""
    event = _held(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    if not place.is_active:
        return False
    place.withdrawn_at = now
    place.revisions += 1
    _release_seats(place)
    # Who has heard that it is called off has no entry left; who has not hears it now.
    has_heard = event.is_called_off and place.told_sequence == event.sequence
    if not has_heard and not event.is_over(now):
        write = mails.called_off if event.is_called_off else mails.withdrawn
        _tell(place, event, write, now=now)
    return True


def decline(place: SignUp, *, now: datetime) -> bool:
    """Give the place up of a person whose calendar has declined. Tells if it is new.

    Whoever can write a mail can forge one, so they are told, with a button that takes it back.
    Their calendar knows already, and is sent nothing.
    """
    event = _held(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    if not place.is_active:
        return False
    place.withdrawn_at = now
    _release_seats(place)
    if not event.is_over(now) and not event.is_called_off:
        post(mails.declined(place, event, place.person, back=_way_back(place, now=now)), now=now)
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
    event = _held(place.event)
    hold(place.person_id)
    db.session.refresh(place, _STANDING)
    email = place.person.email
    lately = posted_lately(email, kinds=[mails.QUESTION], since=now - timedelta(days=1))
    if not place.is_active or event.is_over(now) or lately or refuses_mail(email):
        return False
    post(mails.question(place, event, place.person), now=now)
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
            _tell(place, event, mails.called_off, now=now)
            continue
        ask = None if place.is_coming else latest_ask(place)
        _tell(place, event, partial(mails.changed, ask=ask), now=now)
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
            event.erased_places += place.places
        db.session.delete(place)
    db.session.flush()
    for place in places:
        if not is_known_elsewhere(place.person):
            let_go(place.person)
    return len(places)


def lapse(*, now: datetime) -> None:
    """Forget who asked for seats that have lapsed, what came to nothing, what nobody could answer.

    What became an invitation stays for its button as long as the place does.
    """
    old = SignUpAsk.asked_at <= now - SEATS_HELD
    stuck = SignUpAsk.answered_at.is_(None) & (SignUpAsk.asked_at <= now - jobs.ASKS_KEPT)
    db.session.execute(
        delete(SignUpAsk).where(
            SignUpAsk.sign_up_id.is_(None), old & SignUpAsk.answered_at.is_not(None) | stuck
        )
    )
    db.session.execute(
        update(SignUpAsk)
        .where(old, SignUpAsk.mailbox_hash != "")
        .values(client_hash="", mailbox_hash="", seats=0)
        .execution_options(synchronize_session=False)
    )


@erases
def forget_asks(email: str, person: Person | None) -> None:
    """Erase what forms asked for in the name of an address and nobody has answered yet."""
    db.session.execute(delete(SignUpAsk).where(SignUpAsk.email == email))


def _held(event: Event) -> Event:
    """Hold an event as it is until the deed is saved; alone where places are limited and counted.

    Elsewhere many sign up at once, and only a change of the event itself waits for them.
    """
    event = event if event.capacity is not None else held(event)
    # Unlimited a moment ago need not be unlimited now.
    return event if event.capacity is None else held_alone(event)


def _refuse_if_full(free: int | None, *, places: int) -> None:
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


def _tell(place: SignUp, event: Event, write: Callable[..., Mail], *, now: datetime) -> None:
    post(write(place, event, place.person, stamp=place.stamp(now)), now=now)
    place.told_sequence = event.sequence
