"""Questions about segments: those that are saved, and whom a mail to many may go to by a rule."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text

from campaign.db import db
from campaign.outbox.suppressions.models import Suppression
from campaign.people.models import Person, Purpose, Subscription
from campaign.segments import rules
from campaign.segments.models import Segment


def audience(purpose: Purpose, *, rule: Mapping[str, Any], now: datetime) -> Select[Person]:
    """Find those a mail to many may go to: subscribed, not suppressed, and meant by the rule."""
    people = select(Person).join(Subscription, Subscription.person_id == Person.id)
    return people.outerjoin(_REFUSED, _REFUSED.c.id == Person.id).where(
        *_may_be_written_to(purpose), rules.where(rule, now=now)
    )


def size_of_audience(purpose: Purpose, *, rule: Mapping[str, Any], now: datetime) -> int:
    """Count those a mail to many may go to."""
    if db.engine.dialect.name == "postgresql":
        # To compile the question takes it longer than to answer it; and the numbers of a million
        # people fit into memory.
        db.session.execute(text("SET LOCAL jit = off"))
        db.session.execute(text("SET LOCAL work_mem = '64MB'"))
    meant = rules.where(rule, now=now, number=Subscription.person_id)
    query = select(func.count()).select_from(Subscription)
    if rules.is_of_person(meant):
        query = query.join(Person, Person.id == Subscription.person_id)
        # By the person's own number: SQLite looks into a set only for those left by the columns.
        meant = rules.where(rule, now=now)
    query = query.outerjoin(_REFUSED, _REFUSED.c.id == Subscription.person_id)
    return db.session.scalar(query.where(*_may_be_written_to(purpose), meant)) or 0


# Joined, not asked as NOT IN: both databases find the few once and leave them out by a hash.
_REFUSED = (
    select(Person.id)
    .join(Suppression, Suppression.address_hash == Person.address_hash)
    .subquery("refused")
)


def _may_be_written_to(purpose: Purpose) -> tuple[ColumnElement[bool], ...]:
    return (
        Subscription.purpose == purpose,
        Subscription.confirmed_at.is_not(None),
        Subscription.left_at.is_(None),
        _REFUSED.c.id.is_(None),
    )


def segment(id: int) -> Segment | None:
    """Find a saved segment."""
    return db.session.get(Segment, id)


def segments_by_name() -> Select[Segment]:
    """Find the saved segments, in the order of the alphabet."""
    return select(Segment).order_by(func.lower(Segment.name), Segment.id)


def latest_of(people: Select[Person], *, most: int) -> list[Person]:
    """Take a few people of some: those of whom we have known for the shortest time."""
    return list(db.session.scalars(people.order_by(Person.id.desc()).limit(most)))
