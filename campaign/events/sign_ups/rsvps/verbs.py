"""Verbs of what calendars reply: accept, decline, and ask whether a decline is genuine."""

from datetime import datetime

from campaign.db import db
from campaign.events.policy import DECLINE_ASKED_AGAIN_AFTER
from campaign.events.sign_ups import mails
from campaign.events.sign_ups.asks.queries import latest_ask
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.sign_ups.verbs import attend, lock_with_event, release_seats
from campaign.outbox.hard_bounces.verbs import lift_bounce
from campaign.outbox.queries import queued_lately
from campaign.outbox.verbs import queue
from campaign.people.queries import refuses_mail


def accept(sign_up: SignUp, *, now: datetime) -> None:
    """Note that somebody's calendar says yes: for as many as the invitation was for.

    Who has confirmed already said it before. Raises `CalledOff`, `Over` or `Full`.
    """
    event = lock_with_event(sign_up)
    # The mail with the entry has arrived.
    lift_bounce(sign_up.person.email)
    if not sign_up.is_coming:
        ask = latest_ask(sign_up)
        attend(sign_up, event, guests=ask.guests if ask else sign_up.guests, now=now)


def decline(sign_up: SignUp, *, now: datetime) -> bool:
    """Withdraw the sign-up of a person whose calendar has declined. Tells if it is new.

    Whoever can write a mail can forge one, so they are notified, with a button that takes it back.
    Their calendar knows already, and is sent nothing.
    """
    event = lock_with_event(sign_up)
    if not sign_up.is_active:
        return False
    sign_up.withdrawn_at = now
    release_seats(sign_up)
    if not event.is_over(now) and not event.is_called_off:
        undo = _ask_to_undo(sign_up, now=now)
        queue(mails.declined(sign_up, event, sign_up.person, undo=undo), now=now)
    return True


def _ask_to_undo(sign_up: SignUp, *, now: datetime) -> SignUpAsk:
    """Note what a sign-up was, so that its owner can have it again with one press."""
    ask = SignUpAsk(
        event_id=sign_up.event_id,
        sign_up_id=sign_up.id,
        guests=sign_up.guests,
        asked_at=now,
        answered_at=now,
    )
    db.session.add(ask)
    db.session.flush()
    return ask


def verify_decline(sign_up: SignUp, *, now: datetime) -> bool:
    """Ask somebody whether a mail from another address, which declined for them, was theirs.

    Nothing changes before they press the button. Tells whether they are asked: once a day.
    """
    event = lock_with_event(sign_up)
    email = sign_up.person.email
    lately = queued_lately(email, kinds=[mails.QUESTION], since=now - DECLINE_ASKED_AGAIN_AFTER)
    if not sign_up.is_active or event.is_over(now) or lately or refuses_mail(email):
        return False
    queue(mails.question(sign_up, event, sign_up.person), now=now)
    return True
