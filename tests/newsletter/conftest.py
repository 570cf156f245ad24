"""What tests of the newsletter share: subscribers, links out of mails, and a written issue."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.newsletter import verbs
from campaign.newsletter.models import Issue
from campaign.newsletter.subscribers import verbs as subscribers_verbs
from campaign.outbox import fields
from campaign.outbox.fields import Recipient, Value
from campaign.outbox.models import Message
from campaign.people import duties as people_duties
from campaign.people import verbs as people
from campaign.people.models import Person, Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs

WORDING = "Send me the newsletter."


def link_in(message: Message, path: str) -> str:
    """Find the address under a path in the text of a mail."""
    found = re.search(rf"https://campaign\.example/{path}/\S+", message.text)
    assert found, message.text
    return found[0]


def subscribed(*addresses: str, name: str = "") -> None:
    """Make subscribers, as if each had pressed the button in the mail."""
    for address in addresses:
        person = people.remember(address, name=name, now=clock.now())
        subscription = subscriptions_verbs.ask(
            person, Purpose.NEWSLETTER, wording=WORDING, form="test", now=clock.now()
        )
        subscriptions_verbs.confirm(subscription, now=clock.now())
    db.session.commit()


def asked_for(address: str, *, name: str = "") -> None:
    """Let a form have asked for the newsletter, and a worker have written to the owner."""
    subscribers_verbs.subscribe(
        email=address, name=name, language="en", wording=WORDING, now=clock.now()
    )
    db.session.commit()
    people_duties.answer()


def person_with(address: str) -> Person:
    """Find a person who must be there."""
    return db.session.scalars(select(Person).where(Person.email == address)).one()


def went_out(number: int) -> None:
    """Let an issue have gone to its readers, as far as the issue itself knows."""
    found = db.session.get_one(Issue, number)
    found.queued_at = found.published_at = clock.now()
    db.session.commit()


@pytest.fixture
def subscribers(app: Flask) -> Callable[..., None]:
    """Give a maker of subscribers."""

    def make(*addresses: str, name: str = "") -> None:
        with app.app_context():
            subscribed(*addresses, name=name)

    return make


@pytest.fixture
def card() -> Iterator[None]:
    """Offer a field that is a whole card."""
    kept = dict(fields._fields)

    @fields.field("a_card", "a card")
    def make(reader: Recipient, now: datetime) -> Value:
        return Value("Berlin: /events/berlin", "<table><tr><td>Berlin</td></tr></table>")

    yield
    fields._fields.clear()
    fields._fields.update(kept)


@pytest.fixture
def issue(app: Flask) -> int:
    """Give the number of a draft."""
    with app.app_context():
        written = verbs.draft(
            title="Welcome",
            slug="",
            subject="Welcome to you",
            preview="Three things to do.",
            source="Read [the proposal](/proposal).\n\n- one\n- two",
            language="en",
            by=None,
            now=clock.now(),
        )
        db.session.commit()
        return written.id


@pytest.fixture
def read(app: Flask, issue: int) -> Callable[[], Issue]:
    """Give a question: how does the issue stand now?"""

    def ask() -> Issue:
        with app.app_context():
            return db.session.get_one(Issue, issue)

    return ask
