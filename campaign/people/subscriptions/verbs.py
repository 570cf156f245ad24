"""Verbs of subscriptions: ask, remind, confirm, agree, leave, refuse."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update

from campaign.db import db, insert_missing, lock
from campaign.outbox.hard_bounces.verbs import keep_from, lift_bounce
from campaign.outbox.mail import Mail
from campaign.outbox.models import Message, State, address_hash
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.suppressions.verbs import suppress_hash
from campaign.outbox.verbs import queue
from campaign.people import mails
from campaign.people.models import (
    NOT_ME,
    Consent,
    Person,
    Purpose,
    Subscription,
)
from campaign.people.policy import CONFIRM_WITHIN, REMIND_AFTER
from campaign.people.queries import is_known_elsewhere
from campaign.people.subscriptions import queries
from campaign.people.subscriptions.queries import may_be_asked, may_be_reminded, subscription_of
from campaign.people.verbs import let_go, lock_person


def ask(
    person: Person,
    purpose: Purpose,
    *,
    wording: str,
    form: str,
    name: str = "",
    now: datetime,
) -> Subscription:
    """Note that somebody asked for a purpose in this person's name; nothing is agreed yet."""
    insert_missing(
        Subscription,
        {"person_id": person.id, "purpose": purpose, "asked_at": now},
        unique=["person_id", "purpose"],
    )
    subscription = db.session.scalars(
        select(Subscription).where(
            Subscription.person_id == person.id, Subscription.purpose == purpose
        )
    ).one()
    if subscription.is_active:
        return subscription
    # Who left has left still: whoever typed the address need not be its owner.
    if subscription.left_at is not None and not subscription.is_pending:
        subscription.reminded_at = None
    subscription.asked_at = now
    subscription.asked_name = "" if person.name else name
    db.session.add(
        Consent(
            person_id=person.id,
            purpose=purpose,
            wording=wording,
            wording_version=hashlib.sha256(wording.encode()).hexdigest()[:12],
            form=form,
            asked_at=now,
        )
    )
    return subscription


def invite_to_confirm(
    person: Person,
    purpose: Purpose,
    *,
    wording: str,
    form: str,
    name: str = "",
    now: datetime,
) -> None:
    """Ask the owner of an address by mail whether they want what a form asked for.

    `wording` is the sentence of the form, word for word; `form` names the form. Subscribers are
    told that they are in already. Beyond the caps, and to an address whose owner wants no mail,
    nothing goes out and nothing is noted; the door answers the same in every case. Where mail came
    back from the address before, its owner is asked all the same: the button lifts that.
    """
    # Two forms sent at once are counted one after the other.
    lock_person(person.id)
    if not may_be_asked(person.email, now=now):
        return
    subscription = ask(person, purpose, wording=wording, form=form, name=name, now=now)
    has_bounced = is_suppressed(person.email)
    is_in = subscription.is_active and not has_bounced
    mail = (mails.already_subscribed if is_in else mails.confirmation)(person, purpose)
    queue(replace(mail, is_own_act=has_bounced), now=now)


def remind_pending(purpose: Purpose, *, write: Callable[[Person], Mail], now: datetime) -> None:
    """Ask once more those who have not answered for three days; never a third time.

    `write` makes the mail for each.
    """
    waiting = queries.waiting_for_a_reminder(
        purpose, asked_after=now - CONFIRM_WITHIN, asked_before=now - REMIND_AFTER
    )
    for subscription in db.session.scalars(lock(waiting)).all():
        person = db.session.get_one(Person, subscription.person_id)
        if may_be_reminded(person.email, now=now):
            subscription.reminded_at = now
            queue(write(person), now=now)


def expire_pending(purpose: Purpose, *, now: datetime) -> None:
    """Erase what was asked for 30 days ago and never agreed to."""
    old = queries.never_confirmed(purpose, asked_before=now - CONFIRM_WITHIN)
    for subscription in db.session.scalars(lock(old)).all():
        _drop(subscription)


def _drop(subscription: Subscription) -> None:
    """Undo what was only asked; with it goes a person of whom nothing else is known."""
    theirs = (
        Consent.person_id == subscription.person_id,
        Consent.purpose == subscription.purpose,
    )
    db.session.execute(delete(Consent).where(*theirs, Consent.given_at.is_(None)))
    if subscription.left_at is not None:
        # They had left before somebody asked again: so they have left still.
        subscription.asked_at = subscription.left_at
        subscription.asked_name = ""
        return
    db.session.delete(subscription)
    db.session.flush()
    person = db.session.get_one(Person, subscription.person_id)
    if person.confirmed_at is None and not is_known_elsewhere(person):
        let_go(person)


def confirm(subscription: Subscription, *, now: datetime) -> bool:
    """Record the agreement the person gave with the button. Returns whether it is new."""
    # Pressed twice at once, the second press waits here and finds the first.
    lock_person(subscription.person_id)
    db.session.refresh(subscription, with_for_update=True)
    person = db.session.get_one(Person, subscription.person_id)
    # The mail with the button has arrived.
    lift_bounce(person.email)
    if subscription.is_active:
        return False
    subscription.confirmed_at = now
    subscription.left_at = None
    person.confirmed_at = person.confirmed_at or now
    # They have seen it on the page with the button.
    person.name = person.name or subscription.asked_name
    subscription.asked_name = ""
    latest = db.session.scalars(
        select(Consent)
        .where(Consent.person_id == subscription.person_id, Consent.purpose == subscription.purpose)
        .order_by(Consent.id.desc())
        .limit(1)
    ).one()
    latest.given_at = now
    latest.withdrawn_at = None
    return True


# What follows once somebody has agreed to a purpose; the room it belongs to says so (`welcomes`).
_welcomes: dict[Purpose, Callable[..., None]] = {}


def welcomes(purpose: Purpose) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register what is done for a person, `now=`, who has just agreed to a purpose."""

    def register(do: Callable[..., None]) -> Callable[..., None]:
        _welcomes[purpose] = do
        return do

    return register


def agree(person: Person, purpose: Purpose, *, wording: str, form: str, now: datetime) -> None:
    """Record what the owner of an address agreed to with a button in another mail of ours."""
    lock_person(person.id)
    if confirm(ask(person, purpose, wording=wording, form=form, now=now), now=now):
        _welcomes[purpose](person, now=now)


def leave(person_id: int, purpose: Purpose, *, through: str, now: datetime) -> bool:
    """Take back what a person agreed to; done twice it stays done. Returns whether it is new."""
    lock_person(person_id)
    subscription = subscription_of(person_id, purpose)
    if subscription is None:
        return False
    db.session.refresh(subscription, with_for_update=True)
    if subscription.left_at is not None and not subscription.is_pending:
        return False
    subscription.left_at = now
    for consent in db.session.scalars(
        select(Consent).where(
            Consent.person_id == person_id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
    ):
        consent.withdrawn_at = now
        consent.withdrawn_through = through
    _withhold(person_id, purpose, now=now)
    return True


def _withhold(person_id: int, purpose: Purpose, *, now: datetime) -> None:
    """Keep back what was queued for somebody under a purpose and is not sent yet."""
    db.session.execute(
        update(Message)
        .where(
            Message.person_id == person_id,
            Message.kind == purpose.value,
            # What failed or came back could be sent again.
            Message.state.in_([State.WAITING, State.RETRY, State.FAILED]),
        )
        .values(state=State.WITHHELD, settled_at=now, last_reply="not sent: they have left")
        .execution_options(synchronize_session=False)
    )
    keep_from(person_id, kind=purpose.value)


def never_write(
    person_id: int, hashed: str, *, because: str = NOT_ME, evidence: str = "", now: datetime
) -> None:
    """Never write to an address again, and drop what was asked for or agreed to in its name.

    `hashed` is `outbox.models.address_hash` of the address: it counts when the person is erased.
    """
    lock_person(person_id)
    suppress_hash(hashed, reason=because, evidence=evidence, now=now)
    person = db.session.get(Person, person_id)
    if person is None or address_hash(person.email) != hashed:
        return
    for subscription in queries.subscriptions_of(person_id):
        if subscription.is_pending:
            _drop(subscription)
        else:
            leave(person_id, Purpose(subscription.purpose), through=because, now=now)


def leave_all(person_id: int, *, through: str, now: datetime) -> None:
    """Take back all that a person agreed to, and what they were asked and have not answered."""
    lock_person(person_id)
    for subscription in queries.subscriptions_of(person_id):
        leave(person_id, Purpose(subscription.purpose), through=through, now=now)
