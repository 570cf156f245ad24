"""What becomes of those who were asked: one reminder, and forgotten when they do not answer."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.outbox.models import Batch, Message
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import duties, verbs
from campaign.people.mails import Words, confirmation_reminder
from campaign.people.models import Consent, Person, Purpose, Subscription
from campaign.people.queries import is_known_elsewhere
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.people.subscriptions.queries import subscription_of

NEWSLETTER = Purpose.NEWSLETTER
WORDING = "Send me the newsletter."
Queued = Callable[..., list[Message]]


def asked(email: str = "ada@example.org", *, days_ago: float = 0) -> Person:
    """Make a person who was asked some days ago."""
    then = clock.now() - timedelta(days=days_ago)
    person = verbs.remember(email, now=then)
    subscriptions_verbs.invite_to_confirm(
        person, NEWSLETTER, wording=WORDING, form="test", now=then
    )
    db.session.commit()
    return person


def remind() -> None:
    """Remind who is to be reminded, with a mail of few words."""
    subscriptions_verbs.remind_pending(
        NEWSLETTER,
        write=lambda person: confirmation_reminder(
            person, NEWSLETTER, Words("Still?", "Do you want it?", "<p>Do you want it?</p>")
        ),
        now=clock.now(),
    )
    db.session.commit()


def test_who_has_not_answered_in_three_days_is_reminded_once(app: Flask, queued: Queued) -> None:
    with app.app_context():
        asked("early@example.org", days_ago=2.9)
        asked("late@example.org", days_ago=3.1)
        asked("too-late@example.org", days_ago=30.1)

        remind()
        remind()

    assert [m.to_address for m in queued("confirmation-reminder")] == ["late@example.org"]


def test_who_answered_left_or_is_suppressed_is_not_reminded(app: Flask, queued: Queued) -> None:
    with app.app_context():
        for email in ("in@example.org", "out@example.org"):
            person = asked(email, days_ago=4)
            subscription = subscription_of(person.id, NEWSLETTER)
            assert subscription
            subscriptions_verbs.confirm(subscription, now=clock.now())
        subscriptions_verbs.leave(person.id, NEWSLETTER, through="link", now=clock.now())
        asked("hurt@example.org", days_ago=4)
        suppress("hurt@example.org", reason="bounce", now=clock.now())
        db.session.commit()

        remind()

    assert queued("confirmation-reminder") == []


def test_who_has_not_answered_in_thirty_days_is_forgotten(app: Flask) -> None:
    with app.app_context():
        asked("late@example.org", days_ago=30.1)
        asked("early@example.org", days_ago=29)

        duties.expire()

        assert list(db.session.scalars(select(Person.email))) == ["early@example.org"]
        assert len(db.session.scalars(select(Consent)).all()) == 1


def test_somebody_known_for_something_else_stays_known(app: Flask) -> None:
    with app.app_context():
        person = asked(days_ago=31)
        person.confirmed_at = clock.now()
        db.session.commit()

        duties.expire()

        assert db.session.scalars(select(Subscription)).all() == []
        assert db.session.scalars(select(Person)).one().id == person.id


def test_whatever_refers_to_a_person_makes_them_known(app: Flask) -> None:
    with app.app_context():
        person = verbs.remember("ada@example.org", now=clock.now())
        assert not is_known_elsewhere(person)

        subscriptions_verbs.ask(person, NEWSLETTER, wording=WORDING, form="test", now=clock.now())

        assert is_known_elsewhere(person)


def test_who_left_and_never_answered_a_stranger_has_left_still(app: Flask) -> None:
    with app.app_context():
        person = asked(days_ago=90)
        subscription = subscription_of(person.id, NEWSLETTER)
        assert subscription
        subscriptions_verbs.confirm(subscription, now=clock.now() - timedelta(days=89))
        subscriptions_verbs.leave(
            person.id, NEWSLETTER, through="link", now=clock.now() - timedelta(days=80)
        )
        asked(days_ago=31)

        duties.expire()

        db.session.refresh(subscription)
        assert subscription.left_at is not None
        assert subscription.confirmed_at is not None
        (consent,) = db.session.scalars(select(Consent))
        assert consent.withdrawn_through == "link"


def test_beyond_the_cap_nothing_goes_out_and_nothing_is_noted(app: Flask, queued: Queued) -> None:
    with app.app_context():
        for _ in range(5):
            asked()

        assert len(db.session.scalars(select(Consent)).all()) == 3
    assert len(queued()) == 3


def test_an_id_is_never_given_twice(app: Flask) -> None:
    with app.app_context():
        first = verbs.remember("ada@example.org", now=clock.now())
        old = first.id
        verbs.forget(first)
        db.session.commit()

        second = verbs.remember("bob@example.org", now=clock.now())

        assert second.id != old


def test_forgetting_takes_messages_and_leaves_the_batch(app: Flask) -> None:
    with app.app_context():
        person = asked()
        batch = Batch(kind="issue", queued_at=clock.now())
        db.session.add(batch)
        db.session.commit()

        verbs.forget(person)
        db.session.commit()

        assert db.session.scalars(select(Message)).all() == []
        assert db.session.scalars(select(Batch)).one().id == batch.id
