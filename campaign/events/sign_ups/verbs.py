"""Verbs of sign-ups: sign up by a form, confirm it, withdraw it, erase it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update

from campaign import jobs
from campaign.db import db
from campaign.events.models import Event
from campaign.events.policy import SEATS_OF_A_CONNECTION, SEATS_OF_ONE
from campaign.events.queries import lock_by_seats, lock_exclusive
from campaign.events.sign_ups import mails
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.sign_ups.queries import (
    free_seats,
    seats_reserved_by_client,
    seats_reserved_for_others,
    seats_taken,
    some_of,
)
from campaign.languages import lazy_gettext as _l
from campaign.languages import ngettext
from campaign.outbox.caps.verbs import client_key
from campaign.outbox.hard_bounces.verbs import lift_bounce
from campaign.outbox.mail import Mail
from campaign.outbox.mailboxes import mailbox_hash
from campaign.outbox.verbs import queue, withhold_waiting
from campaign.people.models import Purpose
from campaign.people.queries import is_known_elsewhere
from campaign.people.subscriptions.verbs import agree
from campaign.people.verbs import let_go, lock_person
from campaign.refusals import Refusal

# What another verb may have changed of a sign-up before this one locks it.
_CHANGEABLE = [
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
) -> int:
    """Note that a form asks for a sign-up to a locked event, and reserve seats for some hours.

    Whoever types an address need not be its owner, so nothing that is known changes and nobody is
    looked up: the same is done for every address. A duty answers with the invitation
    (`asks.verbs.answer`), and the button in it makes true what was asked for (`confirm`). `news` is
    the sentence with which they asked for the newsletter, if they did; `source` the plain code of
    the link by which they came, of which only a number is kept; `client` the connection, of which
    a hash is. Gives the id of the `SignUpAsk`. Raises `CalledOff`, `Over` or `Full`.
    """
    _refuse_if_closed(event, now=now)
    reserved = {}
    if event.capacity is not None:
        seats = 1 + guests
        _refuse_if_full(free_seats(event, now=now), seats=seats)
        reserved = _reserve_seats(event, email, seats=seats, client=client, now=now)
    return _note(
        event,
        name=name,
        email=email,
        guests=guests,
        news=news,
        language=language,
        source=source,
        asked_at=now,
        **reserved,
    )


def sign_up_when_full(
    event: Event, *, name: str, email: str, guests: int, language: str = "", now: datetime
) -> None:
    """Note that a form asked to come to a full event: who is signed up is invited once more.

    Anybody else hears nothing, and the door has done the same for both.
    """
    _note(
        event,
        name=name,
        email=email,
        guests=guests,
        language=language,
        is_in_vain=True,
        asked_at=now,
    )


_NOTED = insert(SignUpAsk).returning(SignUpAsk.id)


def _note(event: Event, **asked: Any) -> int:
    """Note what a form asks for. Gives its id."""
    jobs.wake_after_commit("sign_ups.answer")
    noted = db.session.connection().execute(_NOTED, {"event_id": event.id, **asked})
    return int(noted.scalar_one())


def _reserve_seats(
    event: Event, email: str, *, seats: int, client: str, now: datetime
) -> dict[str, Any]:
    """Reserve seats for what a form asks for: few for one mailbox, few for one connection.

    They are counted by what this connection has done itself. What others asked for in the same
    name must not show, or the number of free seats would tell who has asked.
    """
    key = client_key(client, purpose=f"seats:{event.id}")
    mine = mailbox_hash(email)
    before = seats_reserved_by_client(event, key, now=now)
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
    seats = min(seats, SEATS_OF_ONE)
    if key:
        others = sum(reserved for mailbox, reserved in before.items() if mailbox != mine)
        seats = max(0, min(seats, SEATS_OF_A_CONNECTION - others))
    return {"seats": seats, "client_hash": key, "mailbox_hash": mine}


def confirm(
    sign_up: SignUp,
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
    event = lock_with_event(sign_up)
    attend(sign_up, event, guests=guests, now=now)
    person = sign_up.person
    # The mail with the button has arrived.
    lift_bounce(person.email)
    person.name = name or person.name
    person.language = person.language or ask.language
    if wants_news and ask.news:
        agree(person, Purpose.NEWSLETTER, wording=ask.news, form="sign-up", now=now)


def attend(sign_up: SignUp, event: Event, *, guests: int, now: datetime) -> None:
    """Note that somebody comes, to an event that is locked. Raises `CalledOff`, `Over`, `Full`."""
    _refuse_if_closed(event, now=now)
    if event.capacity is not None:
        taken = seats_taken([event.id])[event.id] - (sign_up.seats if sign_up.is_coming else 0)
        reserved = seats_reserved_for_others(event, sign_up, now=now)
        _refuse_if_full(event.free_seats(taken + reserved), seats=1 + guests)
    was_active = sign_up.is_active
    sign_up.guests = guests
    sign_up.confirmed_at = sign_up.confirmed_at or now
    sign_up.person.confirmed_at = sign_up.person.confirmed_at or now
    release_seats(sign_up)
    if not was_active:
        sign_up.withdrawn_at = None
        sign_up.revisions += 1
        # Their calendar has lost the entry, or has declined it.
        queue_with_calendar(sign_up, event, mails.invitation, now=now)


def release_seats(sign_up: SignUp) -> None:
    """Reserve no more seats for what forms asked for in somebody's name."""
    db.session.execute(
        update(SignUpAsk)
        .where(SignUpAsk.sign_up_id == sign_up.id)
        .values(seats=0)
        .execution_options(synchronize_session=False)
    )


def withdraw(sign_up: SignUp, *, now: datetime) -> bool:
    """Withdraw a sign-up and take the entry out of the person's calendar. Tells if it is new."""
    event = lock_with_event(sign_up)
    if not sign_up.is_active:
        return False
    sign_up.withdrawn_at = now
    sign_up.revisions += 1
    release_seats(sign_up)
    withhold_waiting(
        sign_up.person_id,
        kind=mails.NEWS,
        about_id=event.id,
        because="not sent: they do not come any more",
        now=now,
    )
    # Who has heard that it is called off has no entry left; who has not hears it now.
    has_heard = event.is_called_off and sign_up.notified_sequence == event.sequence
    if not has_heard and not event.is_over(now):
        write = mails.called_off if event.is_called_off else mails.withdrawn
        queue_with_calendar(sign_up, event, write, now=now)
    return True


def erase(event: Event, *, most: int, now: datetime) -> int:
    """Erase some sign-ups of an event that is long over. Returns how many.

    How many seats were taken stays with the event. With a sign-up goes a person of whom nothing
    else is known.
    """
    event = lock_exclusive(event.id)
    if not event.is_long_over(now):
        return 0
    sign_ups = some_of(event, most=most)
    for sign_up in sign_ups:
        if sign_up.is_coming:
            event.erased_seats += sign_up.seats
        db.session.delete(sign_up)
    db.session.flush()
    for sign_up in sign_ups:
        if not is_known_elsewhere(sign_up.person):
            let_go(sign_up.person)
    return len(sign_ups)


def lock_with_event(sign_up: SignUp) -> Event:
    """Lock a sign-up with its event and its person, and read it anew. Gives the event."""
    event = lock_by_seats(sign_up.event_id, is_limited=sign_up.event.capacity is not None)
    lock_person(sign_up.person_id)
    db.session.refresh(sign_up, _CHANGEABLE)
    return event


def _refuse_if_closed(event: Event, *, now: datetime) -> None:
    if event.is_called_off:
        raise CalledOff
    if event.is_over(now):
        raise Over


def _refuse_if_full(free: int | None, *, seats: int) -> None:
    """Refuse kindly what does not fit in the free seats; None is no limit. Raises `Full`."""
    if free is None:
        return
    if free == 0:
        raise Full
    if seats > free:
        raise Full(
            ngettext(
                "There is only %(num)s place left: come without guests.",
                "There are only %(num)s places left: bring fewer guests.",
                free,
            )
        )


def queue_with_calendar(
    sign_up: SignUp, event: Event, write: Callable[..., Mail], *, now: datetime
) -> None:
    """Queue a mail with a calendar to who signed up, and note that they are notified by it."""
    queue(write_with_calendar(sign_up, event, write, now=now), now=now)


def write_with_calendar(
    sign_up: SignUp, event: Event, write: Callable[..., Mail], *, now: datetime
) -> Mail:
    """Write a mail with a calendar to who signed up, and note that they are notified by it."""
    sign_up.notified_sequence = event.sequence
    return write(sign_up, event, sign_up.person, stamp=sign_up.stamp(now))
