"""Readers of a batch: people made for a test, and the audience that names them."""

from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import Select, func, literal, select

from campaign import clock
from campaign.db import db
from campaign.outbox import verbs
from campaign.outbox.models import Batch, Message, Text, address_hash
from campaign.people.models import Person


def make_readers(number: int, *, domain: str = "example.org", name: str = "") -> list[int]:
    """Make people p0@…, p1@… known; give their numbers."""
    people = [
        Person(
            email=f"p{at}@{domain}",
            name=name,
            address_hash=address_hash(f"p{at}@{domain}"),
            remembered_at=clock.now(),
        )
        for at in range(number)
    ]
    db.session.add_all(people)
    db.session.flush()
    return [person.id for person in people]


def audience(*, among: list[int] | None = None, variant: str = "en") -> Select[Any]:
    """Name everyone known, or some of them, as `queue_batch` asks for it."""
    query = select(
        Person.id.label("person_id"),
        Person.email.label("to_address"),
        Person.name.label("to_name"),
        Person.address_hash.label("address_hash"),
        Person.country.label("country"),
        Person.city_id.label("city_id"),
        literal(variant).label("variant"),
    )
    return query if among is None else query.where(Person.id.in_(among))


def post_news(
    *,
    among: list[int] | None = None,
    subject: str = "News",
    text: str = "Dear {{ name | friend }},\nyours: {{ unsubscribe }}\n",
    html: str = "<p>Dear {{ name | friend }},</p>",
    rate: float = 0.0,
    now: datetime | None = None,
) -> Batch:
    """Post a small issue."""
    return verbs.queue_batch(
        audience(among=among),
        kind="newsletter",
        variants=[Text(key="en", language="en", subject=subject, text=text, html=html)],
        headers={"List-Id": "<news.campaign.example>", "X-Token": "<{{ unsubscribe }}>"},
        rate=rate,
        now=now or clock.now(),
    )


def states(app: Flask) -> dict[str, int]:
    """Count the messages of the outbox by their state."""
    with app.app_context():
        counted = select(Message.state, func.count()).group_by(Message.state)
        return dict(db.session.execute(counted).all())
