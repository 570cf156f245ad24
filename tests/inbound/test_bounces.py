"""What comes back: who is given up, who is counted, and who is left alone for want of proof."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from campaign.db import db
from campaign.inbound.models import InboundMail, Kind, Made
from campaign.outbox.models import Message, State
from campaign.outbox.suppressions.models import Suppression
from campaign.people.mail_links import unsubscribe_token
from campaign.people.models import Purpose
from campaign.people.subscriptions.queries import subscription_of
from tests.inbound.making import (
    ADA,
    arf,
    bomb,
    dsn,
    left,
    long_ago,
    message_of,
    report,
    take_in,
    why_suppressed,
)
from tests.inbound.test_reading import QMAIL

FORGED = "bounces+1m0123456789abcdef0123@campaign.example"


def number_suppressed(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Suppression)) or 0


def test_an_address_that_is_no_more_is_given_up_with_its_evidence(app: Flask) -> None:
    address = left(app)

    mail = take_in(app, dsn(), to=address)

    assert (mail.kind, mail.made, mail.waits) == (Kind.BOUNCE, Made.SUPPRESSED, False)
    suppression = why_suppressed(app)
    assert suppression is not None
    assert suppression.reason == "bounce"
    assert "5.1.1" in suppression.evidence
    assert "User unknown" in suppression.evidence
    assert "@" not in suppression.evidence
    message = message_of(app, address)
    assert message.state == State.BOUNCED
    assert message.last_reply.startswith("DSN: 550 5.1.1")


def test_an_address_written_large_on_its_way_is_the_same(app: Flask) -> None:
    address = left(app)

    take_in(app, dsn("ADA@Example.ORG"), to=address.upper())

    assert why_suppressed(app) is not None


def test_a_bounce_of_the_old_kind_counts_where_its_address_proves_it(app: Flask) -> None:
    address = left(app)

    mail = take_in(app, QMAIL, to=address)

    assert mail.made == Made.SUPPRESSED
    assert why_suppressed(app) is not None


def test_a_full_mailbox_is_counted_and_given_up_after_five_mails_over_two_weeks(
    app: Flask,
) -> None:
    full = dsn(status="5.2.2", words="smtp; 552 5.2.2 mailbox full")
    made = []

    for _ in range(5):
        made.append(take_in(app, full + "\r\n", to=left(app)).made)
        assert why_suppressed(app) is None
        long_ago(app, timedelta(days=2))
    long_ago(app, timedelta(days=5))
    last = take_in(app, full, to=left(app))

    assert made == [Made.COUNTED] * 5
    assert last.made == Made.SUPPRESSED_AT_LAST
    suppression = why_suppressed(app)
    assert suppression is not None
    assert suppression.evidence.startswith("6 soft bounces since")


def test_many_soft_bounces_of_one_mail_or_in_one_week_are_not_enough(app: Flask) -> None:
    full = dsn(status="4.2.2")
    address = left(app)

    for number in range(8):
        take_in(app, full.replace("This is", f"This, {number}, is"), to=address)
        long_ago(app, timedelta(days=3))
    for _ in range(8):
        take_in(app, dsn("bo@example.org", status="4.2.2"), to=left(app, "bo@example.org"))

    assert number_suppressed(app) == 0


@pytest.mark.parametrize(
    ("values", "kind", "made", "state"),
    [
        ({"status": "5.7.1", "words": "smtp; spam"}, Kind.BOUNCE, Made.NOT_HELD_AGAINST, "bounced"),
        ({"status": "4.4.1", "action": "delayed"}, Kind.NOTICE, Made.NOTED, "sent"),
        ({"status": "2.1.5", "action": "relayed"}, Kind.NOTICE, Made.NOTED, "sent"),
    ],
)
def test_a_refused_text_or_a_delay_is_not_held_against_the_address(
    app: Flask, values: dict[str, str], kind: Kind, made: Made, state: str
) -> None:
    address = left(app)

    mail = take_in(app, dsn(**values), to=address)

    assert (mail.kind, mail.made, mail.waits) == (kind, made, False)
    assert message_of(app, address).state == state
    assert number_suppressed(app) == 0


@pytest.mark.parametrize(
    "to",
    [FORGED, "bounces+x@campaign.example", "bounces@campaign.example", "hello@campaign.example"],
)
def test_a_bounce_without_a_token_of_ours_suppresses_nobody_and_waits(app: Flask, to: str) -> None:
    left(app)

    mail = take_in(app, dsn(), to=to)

    assert mail.waits
    assert mail.made in {Made.FORGED, Made.UNPROVEN}
    assert number_suppressed(app) == 0


def test_a_token_within_a_report_proves_nothing_if_it_was_sent_elsewhere(app: Flask) -> None:
    address = left(app)
    token = address.partition("+")[2].partition("@")[0]
    returned = f"Message-ID: <{token}@campaign.example>\r\nReturn-Path: <{address}>"

    mail = take_in(
        app,
        report([f"Final-Recipient: rfc822; {ADA}\r\nAction: failed\r\n"], returned=returned),
        to="hello@campaign.example",
    )

    assert mail.made == Made.UNPROVEN
    assert number_suppressed(app) == 0


def test_a_report_that_says_nothing_of_our_recipient_waits(app: Flask) -> None:
    address = left(app)

    two = take_in(app, dsn("bo@example.org", "cy@example.org"), to=address)
    none = take_in(app, report([]), to=address)

    assert (two.made, none.made) == (Made.UNCLEAR, Made.UNCLEAR)
    assert two.waits
    assert none.waits
    assert number_suppressed(app) == 0
    assert message_of(app, address).state == State.SENT


def test_a_dead_address_to_which_theirs_leads_is_only_counted(app: Flask) -> None:
    address = left(app)

    mail = take_in(app, dsn("forwarded@example.net"), to=address)

    assert mail.made == Made.COUNTED
    assert number_suppressed(app) == 0


def fields(original: str, final: str) -> str:
    return (
        f"Original-Recipient: rfc822; {original}\r\nFinal-Recipient: rfc822; {final}\r\n"
        'Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: x-mail; unknown user: "x"\r\n'
    )


@pytest.mark.parametrize(
    "final", ["bo@example.org", "bo@example.net", "ada@example.net", "ada@notexample.org"]
)
def test_who_is_named_as_the_first_on_a_way_is_not_gone_where_another_is(
    app: Flask, final: str
) -> None:
    address = left(app)

    one = take_in(app, report([fields(ADA, final)]), to=address)
    two = take_in(app, report([fields(ADA, final), fields(ADA, "cy@example.org")]), to=address)

    assert (one.made, two.made) == (Made.COUNTED, Made.COUNTED)
    assert number_suppressed(app) == 0


@pytest.mark.parametrize(
    ("original", "final"),
    [
        (ADA, ADA),
        (ADA, "Ada@Example.ORG"),
        (ADA, "ada@mx.example.org"),
        ("ada+news@example.org", "ada@example.org"),
        ("ada@mx.example.org", "ada@example.org"),
    ],
)
def test_who_is_only_called_otherwise_by_their_own_server_is_gone(
    app: Flask, original: str, final: str
) -> None:
    address = left(app, original)

    mail = take_in(app, report([fields(original, final)]), to=address)

    assert mail.made == Made.SUPPRESSED


def test_of_many_to_whom_an_address_leads_its_own_failure_counts(app: Flask) -> None:
    address = left(app)

    mail = take_in(app, report([fields(ADA, "bo@example.org"), fields(ADA, ADA)]), to=address)

    assert mail.made == Made.SUPPRESSED


def test_a_report_on_thousands_costs_little_and_takes_only_the_one_it_proves(app: Flask) -> None:
    people = [f"p{n}@example.org" for n in range(5000)]
    address = left(app)
    began = time.monotonic()

    mine = take_in(app, dsn(ADA, *people), to=address)
    without = take_in(app, dsn(*people), to=address)

    assert time.monotonic() - began < 10
    assert mine.made == Made.SUPPRESSED
    assert without.made == Made.UNCLEAR
    assert number_suppressed(app) == 1


def test_a_bounce_of_a_thousand_parts_within_each_other_is_kept_whole_and_waits(
    app: Flask,
) -> None:
    address = left(app)

    mail = take_in(app, bomb(1000), to=address)

    assert (mail.made, mail.waits) == (Made.UNREADABLE, True)
    assert number_suppressed(app) == 0


def test_a_bounce_of_a_mail_that_is_erased_is_too_late(app: Flask) -> None:
    address = left(app)
    with app.app_context():
        db.session.delete(db.session.scalars(select(Message)).one())
        db.session.commit()

    mail = take_in(app, dsn(), to=address)

    assert (mail.made, mail.waits) == (Made.TOO_LATE, False)


def test_the_same_mail_fed_twice_is_one_row_and_one_deed(app: Flask) -> None:
    address = left(app)

    for raw in (dsn(status="5.2.2"), dsn(status="5.2.2").replace("\r\n", "\n")):
        take_in(app, raw, to=address)

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(InboundMail)) == 1


def complained(app: Flask, subscriber: Callable[[str], int]) -> tuple[str, str, int]:
    person_id = subscriber(ADA)
    address = left(app, person_id=person_id)
    return address, address.partition("+")[2].partition("@")[0], person_id


@pytest.mark.parametrize(
    "proof", ["Original-Mail-From: <{address}>", "Message-ID: <{token}@campaign.example>"]
)
def test_a_complaint_is_the_end_at_once(
    app: Flask, subscriber: Callable[[str], int], proof: str
) -> None:
    address, token, person_id = complained(app, subscriber)
    said = proof.format(address=address, token=token)
    where = {"fields": f"{said}\r\n"} if said.startswith("Orig") else {"returned": said}

    mail = take_in(app, arf(**where), to="complaints@campaign.example", sender="f@provider.example")

    assert (mail.kind, mail.made, mail.waits) == (Kind.COMPLAINT, Made.COMPLAINT, False)
    suppression = why_suppressed(app)
    assert suppression is not None
    assert suppression.reason == "complaint"
    assert message_of(app, address).last_reply == "complaint: abuse"
    with app.app_context():
        status = subscription_of(person_id, Purpose.NEWSLETTER)
        assert status is not None
        assert not status.is_active


def test_a_complaint_about_an_erased_mail_is_known_by_its_way_to_leave(
    app: Flask, subscriber: Callable[[str], int]
) -> None:
    person_id = subscriber(ADA)
    with app.app_context():
        token = unsubscribe_token(person_id, Purpose.NEWSLETTER)
    returned = f"List-Unsubscribe: <https://x.example>,\r\n <mailto:unsubscribe+{token}@x.example>"

    take_in(app, arf(returned=returned), to="complaints@campaign.example")

    assert why_suppressed(app) is not None


@pytest.mark.parametrize(
    ("kind", "returned", "made"),
    [
        ("abuse", "Subject: Hello", Made.UNPROVEN),
        ("abuse", f"Message-ID: <{FORGED[8:]}>", Made.UNPROVEN),
        ("not-spam", "Subject: Hello", Made.NOTED),
    ],
)
def test_a_complaint_that_proves_nothing_takes_nobody_off(
    app: Flask, kind: str, returned: str, made: Made
) -> None:
    left(app)

    mail = take_in(app, arf(kind=kind, returned=returned), to="complaints@campaign.example")

    assert mail.made == made
    assert mail.waits is (made == Made.UNPROVEN)
    assert number_suppressed(app) == 0
