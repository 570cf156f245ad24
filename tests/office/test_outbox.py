"""The outbox in the office: every message with its story, and who is not written to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.organisers.models import Role
from campaign.outbox.mail import Content, Mail
from campaign.outbox.models import Batch, Message, State
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.suppressions.verbs import suppress
from campaign.outbox.throttles.models import Throttle
from campaign.outbox.verbs import queue
from tests.conftest import signed_in
from tests.mails import QueuedMail, a_mail
from tests.outbox.readers import make_readers, post_news
from tests.visitor import Visitor

OUTBOX = "/office/outbox"
_GIVEN = {*Mail.__dataclass_fields__, *Content.__dataclass_fields__}


def write(app: Flask, **values: Any) -> int:
    """Put a mail into the outbox, in a state, and give its number."""
    mail = {"kind": "invitation", "to": "ada@example.org", "subject": "Hello", "text": "Dear Ada"}
    known = {name: values.pop(name) for name in list(values) if name in _GIVEN}
    with app.app_context():
        message = queue(a_mail(**{**mail, **known}), now=clock.now())
        for name, value in values.items():
            setattr(message, name, value)
        db.session.commit()
        return message.id


def test_every_message_is_listed_with_its_state_and_the_relays_reply(
    app: Flask, organiser: Visitor
) -> None:
    write(app, state=State.SENT, tries=2, last_reply="250 2.0.0 Ok: queued as 4F2A")
    write(app, subject="<script>alert(1)</script>", to="bo@example.org")

    page = organiser.open(OUTBOX)

    assert "250 2.0.0 Ok: queued as 4F2A" in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=ada@", {"One"}),
        ("q=two", {"Two"}),
        ("q=%25", set()),
        ("state=failed", {"Two"}),
        ("kind=letter", {"Two"}),
        ("state=failed&kind=invitation", set()),
        ("state=nonsense", set()),
        ("q=&state=&kind=", {"One", "Two"}),
    ],
)
def test_messages_are_found_by_words_state_and_kind(
    app: Flask, organiser: Visitor, asked: str, found: set[str]
) -> None:
    write(app, subject="One")
    write(app, subject="Two", to="bo@example.org", kind="letter", state=State.FAILED)

    page = organiser.open(f"{OUTBOX}?{asked}")

    assert {subject for subject in ("One", "Two") if f">{subject}</a>" in page.text} == found


def test_the_list_as_csv_keeps_the_filter_and_holds_no_texts(
    app: Flask, organiser: Visitor
) -> None:
    write(app, subject="=1+1", text="a secret matter", state=State.FAILED)
    write(app, subject="Other")

    answer = organiser.open(f"{OUTBOX}?state=failed&format=csv")

    lines = answer.text.splitlines()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="outbox.csv"'
    assert len(lines) == 2
    assert lines[1].startswith("'=1+1,ada@example.org,invitation,failed,")
    assert "secret" not in answer.text


def test_one_message_tells_its_whole_story(app: Flask, organiser: Visitor) -> None:
    number = write(app, state=State.RETRY, tries=3, last_reply="451 4.7.1 later", is_uncertain=True)

    page = organiser.open(f"{OUTBOX}/{number}")

    for part in ("ada@example.org", "to be tried again", "451 4.7.1 later", "Dear Ada", "twice"):
        assert part in page.text


def test_the_tokens_in_a_mail_are_the_recipients_alone(
    app: Flask, visitor: Visitor, link_mailed: Callable[[], None]
) -> None:
    admin = signed_in(app, Role.ADMINISTRATOR, email="boss@example.org")
    visitor.send("/office/sign-in", email="boss@example.org")
    link_mailed()
    with app.app_context():
        mail = QueuedMail(db.session.scalars(select(Message).filter_by(kind="sign-in")).one())
    link = next(line for line in mail.text.splitlines() if "/office/sign-in/" in line)

    page = admin.open(f"{OUTBOX}/{mail.id}")

    assert "https://campaign.example/office/sign-in/…" in page.text
    assert link.rpartition("/")[2] not in page.text


def test_a_message_of_a_batch_shows_the_recipients_own_text(app: Flask, organiser: Visitor) -> None:
    with app.app_context():
        readers = make_readers(1, name="Ada")
        post_news(
            among=readers,
            subject="The first issue",
            text="{{ greeting }}\n\nLeave: https://campaign.example/unsubscribe/{{ unsubscribe }}\n"
            "See /events/geneva-pause-frontier-ai-protest\n",
        )
        db.session.commit()
        number = db.session.scalars(select(Message.id)).one()

    listed, page = organiser.open(OUTBOX), organiser.open(f"{OUTBOX}/{number}")

    assert "The first issue" in listed.text
    assert "Dear Ada," in page.text
    assert "Leave: https://campaign.example/unsubscribe/…" in page.text
    assert "/events/geneva-pause-frontier-ai-protest" in page.text


def test_a_failed_message_is_tried_again(app: Flask, organiser: Visitor) -> None:
    number = write(app, state=State.FAILED, tries=9, settled_at=clock.now())

    answer = organiser.send(f"{OUTBOX}/{number}", action="/retry")

    assert (answer.status_code, answer.location) == (303, f"{OUTBOX}/{number}")
    assert "tried again within a minute" in organiser.open(answer.location).text
    with app.app_context():
        message = db.session.get_one(Message, number)
        assert (message.state, message.tries) == (State.WAITING, 0)


def test_all_that_failed_is_tried_again_at_once(
    app: Flask, organiser: Visitor, queued: Callable[..., Any]
) -> None:
    for state in (State.FAILED, State.FAILED, State.SENT):
        write(app, state=state)

    answer = organiser.send(f"{OUTBOX}?state=failed", action="/outbox/retry")

    assert (answer.status_code, answer.location) == (303, OUTBOX)
    assert "2 messages are tried again." in organiser.open(OUTBOX).text
    assert [one.state for one in queued()] == [State.WAITING, State.WAITING, State.SENT]


def test_a_message_that_left_is_not_sent_again(app: Flask, organiser: Visitor) -> None:
    number = write(app, state=State.FAILED)
    page = organiser.open(f"{OUTBOX}/{number}")
    with app.app_context():
        db.session.get_one(Message, number).state = State.SENT
        db.session.commit()

    answer = organiser.fill(page, "", action="/retry")

    assert answer.status_code == 409
    assert "Only a message that failed" in answer.text


def test_trouble_with_the_relay_is_said_above_the_list(app: Flask, organiser: Visitor) -> None:
    with app.app_context():
        now = clock.now()
        db.session.add(
            Throttle(
                name="relay",
                tokens=1.0,
                filled_at=now,
                failures=3,
                paused_until=now + timedelta(minutes=5),
                last_trouble="connection refused",
            )
        )
        db.session.add(
            Batch(
                kind="newsletter",
                subject="Issue nine",
                queued_at=now,
                paused_at=now,
                paused_because="550 content rejected",
            )
        )
        db.session.commit()

    page, desk = organiser.open(OUTBOX), organiser.open("/office/")

    assert "Sending rests until" in page.text
    assert "connection refused" in page.text
    for part in ("connection refused", "Issue nine", "550 content rejected"):
        assert part in desk.text


def test_a_suppressed_address_is_found_and_written_to_again(app: Flask, organiser: Visitor) -> None:
    with app.app_context():
        suppress("ada@example.org", reason="bounce", evidence="550 no such user", now=clock.now())
        db.session.commit()
        mark = db.session.scalars(select(Suppression.address_hash)).one()

    found = organiser.open(f"{OUTBOX}/suppressions?q=ada@example.org")
    other = organiser.open(f"{OUTBOX}/suppressions?q=bo@example.org")
    page = organiser.open(f"{OUTBOX}/suppressions/{mark}")
    wrong = organiser.fill(page, "", action=mark, email="bo@example.org")
    right = organiser.fill(page, "", action=mark, email="Ada@example.org")

    assert "550 no such user" in found.text
    assert "550 no such user" not in other.text
    assert wrong.status_code == 422
    assert "bo@example.org" in wrong.text
    assert right.status_code == 303
    with app.app_context():
        assert not is_suppressed("ada@example.org")


def test_suppressions_are_downloaded(
    app: Flask, organiser: Visitor, queued: Callable[..., Any]
) -> None:
    with app.app_context():
        suppress("ada@example.org", reason="complaint", evidence="@SUM(1)", now=clock.now())
        db.session.commit()

    answer = organiser.open(f"{OUTBOX}/suppressions?format=csv")

    assert ",complaint,'@SUM(1)," in answer.text
    assert "ada@example.org" not in answer.text
