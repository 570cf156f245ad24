"""Verbs of what forms asked for: answer it by mail, end its reservation, forget it."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from campaign import jobs, tokens
from campaign.attribution import verbs as attribution_verbs
from campaign.attribution.models import Conversion
from campaign.db import db, insert_missing
from campaign.events.models import Event
from campaign.events.policy import INVITATIONS_A_DAY, INVITATIONS_IN_30_DAYS, RESERVATION
from campaign.events.queries import lock_shared
from campaign.events.sign_ups import mails
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.sign_ups.queries import sign_up_of
from campaign.events.sign_ups.verbs import queue_with_calendar
from campaign.outbox.queries import queued_lately
from campaign.people.models import Person
from campaign.people.queries import by_email, refuses_mail
from campaign.people.verbs import erases, meet


def answer(ask: SignUpAsk, *, now: datetime) -> SignUp | None:
    """Send the invitation that a form asked for. Gives the sign-up it is about, if any.

    Of somebody known nothing changes; somebody new is noted as asked, and comes once they press
    the button. Beyond the caps, and to whom we must never write, nothing goes out, and of nobody
    new anything is noted.
    """
    email, ask.email, ask.answered_at = ask.email, "", now
    event = lock_shared(ask.event_id)
    if not _is_worth_a_mail(ask, event, email, now=now):
        # Of what came to nothing only the reservation is left, until it expires.
        ask.name = ask.news = ask.source = ""
        return None
    person = meet(email, language=ask.language, now=now)
    is_new, sign_up = _sign_up_for(person, event, now=now)
    ask.sign_up_id = sign_up.id
    queue_with_calendar(sign_up, event, partial(mails.invitation, ask=ask), now=now)
    if is_new:
        attribution_verbs.count(ask.source, Conversion.SIGN_UP)
    return sign_up


def _is_worth_a_mail(ask: SignUpAsk, event: Event, email: str, *, now: datetime) -> bool:
    if event.is_called_off or event.is_over(now):
        return False
    known = by_email(email)
    if ask.is_in_vain and not _is_signed_up(known, event):
        return False
    return _may_be_invited(email, known, now=now)


def _is_signed_up(person: Person | None, event: Event) -> bool:
    sign_up = sign_up_of(person, event) if person else None
    return sign_up is not None and sign_up.is_active


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


def _sign_up_for(person: Person, event: Event, *, now: datetime) -> tuple[bool, SignUp]:
    """Find somebody's sign-up for an event, or note that it is asked for. Tells if it is new."""
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
    sign_up = db.session.scalars(
        select(SignUp)
        .where(SignUp.event_id == event.id, SignUp.person_id == person.id)
        .options(joinedload(SignUp.person))
        .execution_options(populate_existing=True)
    ).one()
    if not sign_up.is_active:
        # Withdrawn before: asked for again it stands where a new one does.
        sign_up.confirmed_at = sign_up.withdrawn_at = None
        sign_up.signed_up_at = now
        # Higher than the CANCEL they got, or calendars would not believe it.
        sign_up.revisions += 1
    return is_new, sign_up


def expire(*, now: datetime) -> None:
    """End old reservations and forget whose they were, what came to nothing or was never answered.

    What became an invitation stays for its button as long as the sign-up does.
    """
    old = SignUpAsk.asked_at <= now - RESERVATION
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
