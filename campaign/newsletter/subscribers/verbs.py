"""Deeds of readers: subscribe, confirm, come back."""

from datetime import datetime

from campaign import tokens
from campaign.db import db
from campaign.newsletter import mails
from campaign.outbox.queries import is_suppressed
from campaign.outbox.verbs import post
from campaign.people import verbs as people
from campaign.people.models import Person, Purpose
from campaign.people.queries import subscription_of

NEWSLETTER = Purpose.NEWSLETTER


def subscribe(*, email: str, name: str, language: str, wording: str, now: datetime) -> None:
    """Ask the owner of an address by mail whether they want the newsletter."""
    if is_suppressed(email):
        # Who said "never write to me" is not remembered anew because a stranger typed the address.
        return
    person = people.remember(email, name=name, language=language, now=now)
    people.invite_to_confirm(person, NEWSLETTER, wording=wording, form="newsletter", now=now)


def check_waiting(person_id: int) -> None:
    """Refuse with `ExpiredToken` when nothing waits for the button that confirms any more."""
    subscription = subscription_of(person_id, NEWSLETTER)
    if subscription is None or subscription.left_at is not None:
        raise tokens.ExpiredToken


def confirm(person_id: int, *, now: datetime) -> None:
    """Record the agreement and welcome the subscriber; done twice it stays done.

    Raises `ExpiredToken` as `check_waiting` does.
    """
    check_waiting(person_id)
    subscription = subscription_of(person_id, NEWSLETTER)
    if subscription is not None and people.confirm(subscription, now=now):
        post(mails.welcome(db.session.get_one(Person, person_id)), now=now)


def come_back(person_id: int, *, wording: str, now: datetime) -> bool:
    """Ask by mail somebody who left. Returns whether they are known still."""
    person = db.session.get(Person, person_id)
    if person is None:
        return False
    people.invite_to_confirm(person, NEWSLETTER, wording=wording, form="come back", now=now)
    return True
