"""Deeds about what forms ask for: note it, keep seats for it, answer it by mail, forget it."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from campaign import jobs, tokens
from campaign.attribution import verbs as attribution
from campaign.attribution.models import Conversion
from campaign.db import db, insert_missing
from campaign.events import mails
from campaign.events.asks.queries import held_from
from campaign.events.models import SEATS_HELD, Event, SignUp, SignUpAsk
from campaign.events.queries import free_places, held
from campaign.events.sign_ups.queries import place_of
from campaign.events.sign_ups.verbs import (
    CalledOff,
    Over,
    held_for_a_place,
    refuse_if_full,
    write_to,
)
from campaign.outbox.caps.verbs import client_key
from campaign.outbox.models import mailbox_hash
from campaign.outbox.queries import queued_lately
from campaign.people.models import Person
from campaign.people.queries import by_email, refuses_mail
from campaign.people.verbs import erases, meet

# Anybody can type anybody's address: more than this is not sent to one mailbox.
INVITATIONS_A_DAY = 3
# Nor more than this to somebody who has never pressed a button of ours.
INVITATIONS_IN_30_DAYS = 5
# What nobody has confirmed keeps few seats free, so that forms alone cannot fill an event.
SEATS_OF_ONE, SEATS_OF_A_CONNECTION = 2, 10


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
    and the button in it makes true what was asked for (`sign_ups.verbs.confirm`). `news` is the
    sentence with which they asked for the newsletter, if they did; `source` the plain code of the
    link by which they came, of which only a number is kept; `client` the connection, of which a
    hash is.
    Raises `CalledOff`, `Over` or `Full`.
    """
    event = held_for_a_place(event)
    if event.is_called_off:
        raise CalledOff
    if event.is_over(now):
        raise Over
    places = 1 + guests
    refuse_if_full(free_places(event, now=now), places=places)
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
    write_to(place, event, partial(mails.invitation, ask=ask), now=now)
    if is_new:
        attribution.count(ask.source, Conversion.SIGN_UP)
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
        queued_lately(email, kinds=[mails.INVITATION], since=now - time) < most
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
            "notified_sequence": event.sequence,
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
