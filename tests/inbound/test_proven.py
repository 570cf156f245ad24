"""What comes back to a proven address: whose fault it is, what must be said again, what waits."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from campaign.db import db
from campaign.inbound.models import Kind, Made
from campaign.outbox.hard_bounces.models import Bounce
from campaign.outbox.models import State
from campaign.outbox.suppressions.models import Suppression
from campaign.people.models import Purpose
from campaign.people.subscriptions.queries import subscription_of
from tests.inbound.making import (
    ADA,
    arf,
    bomb,
    dsn,
    left,
    message_of,
    personal,
    receipt,
    report,
    returned,
    take_in,
    why_suppressed,
)
from tests.visitor import Visitor

ACCESS_DENIED = {
    "status": "5.4.1",
    "words": "smtp; 550 5.4.1 Recipient address rejected: Access denied",
}


def suppressed(app: Flask) -> bool:
    with app.app_context():
        return db.session.scalar(select(Suppression).limit(1)) is not None


@pytest.mark.parametrize(
    ("status", "words", "made"),
    [
        ("5.1.1", "smtp; 550 5.7.1 IP blacklisted by recipient", Made.NOT_HELD_AGAINST),
        ("5.1.1", "smtp; 550 5.1.1 too many recipients this hour", Made.NOT_HELD_AGAINST),
        ("5.1.90", "smtp; 550 5.1.90 daily limit reached", Made.NOT_HELD_AGAINST),
        ("5.1.1", "smtp; 552 5.1.1 mailbox full", Made.COUNTED),
        ("5.2.1", "smtp; 550 5.2.1 temporarily disabled", Made.COUNTED),
        ("5.0.0", "smtp; 550 5.7.1 No such user!", Made.SUPPRESSED),
    ],
)
def test_a_report_is_held_against_its_reader_only_where_the_words_say_so(
    app: Flask, status: str, words: str, made: Made
) -> None:
    mail = take_in(app, dsn(status=status, words=words), to=left(app))

    assert (mail.kind, mail.made, mail.waits) == (Kind.BOUNCE, made, False)
    assert suppressed(app) is (made == Made.SUPPRESSED)


def test_what_mostly_means_no_such_mailbox_is_believed_after_three_times_over_a_week(
    app: Flask,
) -> None:
    made = []
    for _ in range(3):
        made.append(take_in(app, dsn(**ACCESS_DENIED), to=left(app)).made)
        assert why_suppressed(app) is None
        with app.app_context():
            for bounce in db.session.scalars(select(Bounce)):
                bounce.reported_at -= timedelta(days=3)
            db.session.commit()

    made.append(take_in(app, dsn(**ACCESS_DENIED), to=left(app)).made)

    assert made == [Made.MAYBE_GONE] * 3 + [Made.SUPPRESSED]
    assert why_suppressed(app) is not None


def test_a_burst_of_gone_at_one_provider_waits_for_a_person(app: Flask) -> None:
    made = []
    for number in range(12):
        reader = f"reader{number}@example.org"
        made.append(take_in(app, dsn(reader), to=left(app, reader)).made)

    assert made[0] == Made.SUPPRESSED
    assert made[-1] == Made.HELD_BACK
    assert not suppressed(app)


NOT_UNDERSTOOD = [
    returned("Something went wrong.\n"),
    returned("Ваше письмо не прочитано никем.\n"),
    returned(""),
    "Auto-Submitted: auto-replied\nPrecedence: bulk\n" + returned("It did not work out.\n"),
    report([]),
    "From: <>\nSubject: \n\n?\n",
    "From: postmaster@example.org\nPrecedence: junk\nSubject: Notice\n\nWe kept your mail.\n",
    "From: noreply@example.org\nPrecedence: bulk\nSubject: Notice\n\nPlease confirm who you are.\n",
    personal("I have moved.").decode(),
    bomb(40).decode(),
]


@pytest.mark.parametrize("raw", NOT_UNDERSTOOD, ids=range(len(NOT_UNDERSTOOD)))
def test_what_comes_to_a_proven_address_and_is_not_understood_waits_for_a_person(
    app: Flask, raw: str
) -> None:
    address = left(app)

    mail = take_in(app, raw, to=address)

    assert mail.kind != Kind.AUTOMATIC
    assert mail.waits
    assert not suppressed(app)
    assert message_of(app, address).state == State.SENT


def test_a_bounce_that_proves_nothing_and_is_not_understood_waits_too(app: Flask) -> None:
    mail = take_in(app, returned("It did not work out.\n"), to="hello@campaign.example")

    assert (mail.kind, mail.made, mail.waits) == (Kind.BOUNCE, Made.UNPROVEN, True)


@pytest.mark.parametrize(
    ("raw", "waits"),
    [
        (personal("My address ada@example.org is no more.", Auto_Submitted="auto-replied"), False),
        (personal("ada@example.org: no such user", X_Autoreply="yes"), False),
        (personal("ada@example.org is gone, unknown user", Subject="Automatic reply: Mail"), False),
        (receipt("displayed"), False),
    ],
    ids=["submitted", "header", "subject", "receipt"],
)
def test_an_automatic_answer_to_a_proven_address_gives_nobody_up(
    app: Flask, raw: bytes, waits: bool
) -> None:
    mail = take_in(app, raw, to=left(app))

    assert (mail.kind, mail.waits) == (Kind.AUTOMATIC, waits)
    assert not suppressed(app)


@pytest.mark.parametrize(
    ("kind", "made", "waits"),
    [
        ("abuse", Made.COMPLAINT, False),
        ("Abuse", Made.COMPLAINT, False),
        ("auth-failure", Made.AUTH_FAILURE, False),
        ("not-spam", Made.NOTED, False),
        ("fraud", Made.TO_BE_READ, True),
        ("virus", Made.TO_BE_READ, True),
        ("other", Made.TO_BE_READ, True),
        ("opt-out", Made.TO_BE_READ, True),
        ("something-new", Made.TO_BE_READ, True),
        ("", Made.TO_BE_READ, True),
    ],
)
def test_only_what_is_called_abuse_is_a_complaint(
    app: Flask, subscriber: Callable[[str], int], kind: str, made: Made, waits: bool
) -> None:
    person_id = subscriber(ADA)
    address = left(app, person_id=person_id)
    proof = f"Original-Mail-From: <{address}>\r\n"

    mail = take_in(app, arf(kind=kind, fields=proof), to="complaints@campaign.example")

    assert (mail.made, mail.waits) == (made, waits)
    assert suppressed(app) is (made == Made.COMPLAINT)
    with app.app_context():
        status = subscription_of(person_id, Purpose.NEWSLETTER)
        assert status is not None
        assert status.is_active is (made != Made.COMPLAINT)


def test_not_spam_lifts_nothing(app: Flask) -> None:
    address = left(app)
    take_in(app, dsn(), to=address)

    take_in(app, arf(kind="not-spam", fields=f"Original-Mail-From: <{address}>\r\n"), to=address)

    assert why_suppressed(app) is not None


def test_the_desk_says_that_our_mail_could_not_be_verified(app: Flask, organiser: Visitor) -> None:
    take_in(app, arf(kind="auth-failure"), to="complaints@campaign.example")

    page = organiser.open("/office/")

    assert "could not verify a mail in our name" in page.text


def test_a_bounce_of_a_megabyte_of_hostile_words_costs_little(app: Flask) -> None:
    address = left(app)
    raw = returned(f"<{ADA}>:\n" + "user mail address not no " * 40_000)
    began = time.process_time()

    take_in(app, raw, to=address)

    assert time.process_time() - began < 5
