"""Deeds about people: remember, ask, confirm, leave, forget."""

import hashlib
from datetime import datetime

from sqlalchemy import select

from campaign.db import db, insert_missing, lock
from campaign.outbox.verbs import post
from campaign.people import mails
from campaign.people.models import Consent, Person, Purpose, Subscription
from campaign.people.queries import may_be_asked, subscription_of


def remember(
    email: str, *, name: str = "", language: str = "", country: str = "", now: datetime
) -> Person:
    """Find the person with an address or make them known; two at once make one person.

    What is known already is kept: whoever types an address need not be its owner.
    """
    insert_missing(
        Person,
        {
            "email": email,
            "name": name,
            "language": language,
            "country": country,
            "remembered_at": now,
        },
        unique=["email"],
    )
    person = db.session.scalars(select(Person).where(Person.email == email)).one()
    person.name = person.name or name
    person.language = person.language or language
    person.country = person.country or country
    return person


def ask(
    person: Person, purpose: Purpose, *, wording: str, form: str, now: datetime
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
    if subscription.left_at is not None:
        subscription.left_at = None
        subscription.confirmed_at = None
        subscription.reminded_at = None
    subscription.asked_at = now
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
    person: Person, purpose: Purpose, *, wording: str, form: str, now: datetime
) -> None:
    """Ask the owner of an address by mail whether they want what a form asked for.

    `wording` is the sentence of the form, word for word; `form` names the form. Subscribers are
    told that they are in already. Beyond the caps, and to an address that must not be written to,
    nothing goes out and nothing is noted; the door answers the same in every case.
    """
    # Two forms sent at once are counted one after the other.
    db.session.execute(lock(select(Person.id).where(Person.id == person.id)))
    if not may_be_asked(person.email, now=now):
        return
    subscription = ask(person, purpose, wording=wording, form=form, now=now)
    write = mails.already_subscribed if subscription.is_active else mails.confirmation
    post(write(person, purpose), now=now)


def confirm(subscription: Subscription, *, now: datetime) -> bool:
    """Record the agreement the person gave with the button. Returns whether it is new."""
    if subscription.is_active:
        return False
    subscription.confirmed_at = now
    subscription.left_at = None
    person = db.session.get_one(Person, subscription.person_id)
    person.confirmed_at = person.confirmed_at or now
    latest = db.session.scalars(
        select(Consent)
        .where(Consent.person_id == subscription.person_id, Consent.purpose == subscription.purpose)
        .order_by(Consent.id.desc())
        .limit(1)
    ).one()
    latest.given_at = now
    latest.withdrawn_at = None
    return True


def leave(person_id: int, purpose: Purpose, *, through: str, now: datetime) -> bool:
    """Take back what a person agreed to; done twice it stays done. Returns whether it is new."""
    subscription = subscription_of(person_id, purpose)
    if subscription is None or subscription.left_at is not None:
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
    return True


def forget(person: Person) -> None:
    """Erase a person: everything that hangs on the row goes with it."""
    db.session.delete(person)
