"""Questions about one reader: what they chose."""

from typing import NamedTuple

from sqlalchemy import select

from campaign.db import db
from campaign.people.models import Person, Purpose, RefusedTopic, Subscription
from campaign.people.subscriptions.queries import subscription_of


class Choices(NamedTuple):
    """A reader with what they chose."""

    person: Person
    subscription: Subscription
    refused: frozenset[str]


def choices_of(person_id: int) -> Choices | None:
    """Give what a person chose about the newsletter; None when they never had it."""
    subscription = subscription_of(person_id, Purpose.NEWSLETTER)
    if subscription is None:
        return None
    topics = select(RefusedTopic.topic).where(RefusedTopic.person_id == person_id)
    return Choices(
        person=db.session.get_one(Person, person_id),
        subscription=subscription,
        refused=frozenset(db.session.scalars(topics)),
    )
