"""The inbox in the office: what waits, shown as plain text, and settled by a person."""

import pytest
from flask import Flask

from campaign.db import db
from campaign.inbound.models import Settlement
from campaign.organisers.models import Organiser, Role
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.suppressions.verbs import lift
from campaign.people.models import Purpose
from campaign.people.subscriptions.queries import subscription_of
from tests.conftest import signed_in
from tests.inbound.making import ADA, dsn, left, only, personal, take_in, why_suppressed
from tests.visitor import Visitor

INBOX = "/office/inbound"
HELLO = "hello@campaign.example"


def write(app: Flask, text: str = "Please take me off.", **headers: str) -> int:
    return take_in(app, personal(text, **headers), to=HELLO, sender="bo@example.org").id


def test_only_what_waits_is_in_the_inbox_and_all_is_in_the_other_list(
    app: Flask, organiser: Visitor
) -> None:
    take_in(app, dsn(), to=left(app))
    write(app, Subject="A question of Bo")

    inbox = organiser.open(INBOX).text
    everything = organiser.open(f"{INBOX}/all").text
    bounces = organiser.open(f"{INBOX}/all?kind=bounce").text
    found = organiser.open(f"{INBOX}?q=question").text

    assert "A question of Bo" in inbox
    assert "Undelivered" not in inbox
    assert "A question of Bo" in everything
    assert "Undelivered" in everything
    assert "A question of Bo" not in bounces
    assert "A question of Bo" in found


def test_the_desk_says_that_somebody_has_to_look(app: Flask, organiser: Visitor) -> None:
    before = organiser.open("/office/").text
    write(app)

    after = organiser.open("/office/").text

    assert "One mail came in and waits" not in before
    assert "One mail came in and waits" in after


def test_a_strangers_mail_is_shown_as_text_and_nothing_else(app: Flask, organiser: Visitor) -> None:
    script = "<script>alert(1)</script><img src=https://x.example/p.png>"
    number = write(app, text=script, Subject=f"Hi {script}")

    page = organiser.open(f"{INBOX}/{number}").text
    lists = organiser.open(INBOX).text + organiser.open(f"{INBOX}?format=csv").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img" in page
    for text in (page, lists.partition("subject,")[0]):
        assert "<script>alert" not in text
        assert "<img src=https://x.example" not in text


def test_nothing_to_do_is_one_press_and_names_who_pressed(app: Flask, organiser: Visitor) -> None:
    number = write(app)

    answer = organiser.send(f"{INBOX}/{number}", action="/nothing")

    assert answer.status_code == 303
    mail = only(app)
    assert mail.settled_as == Settlement.NOTHING
    with app.app_context():
        assert db.session.get_one(Organiser, mail.settled_by_id).email == "organiser@example.org"
    assert "A question" not in organiser.open(INBOX).text
    assert "Nothing to do</button>" not in organiser.open(f"{INBOX}/{number}").text


def test_who_writes_that_they_want_to_leave_is_taken_off_by_hand(
    app: Flask, organiser: Visitor, subscriber
) -> None:
    person_id = subscriber("bo@example.org")
    number = write(app)

    answer = organiser.send(f"{INBOX}/{number}", action="/address", settlement="left")

    assert answer.status_code == 303
    with app.app_context():
        status = subscription_of(person_id, Purpose.NEWSLETTER)
        assert status is not None
        assert status.left_at is not None
    assert only(app).person_id == person_id


def test_somebody_unknown_cannot_be_taken_off_and_the_page_says_so(
    app: Flask, organiser: Visitor
) -> None:
    number = write(app)

    answer = organiser.send(f"{INBOX}/{number}", action="/address", settlement="left")

    assert answer.status_code == 422
    assert "Nobody with this address is known" in answer.text
    assert only(app).waits


def test_a_bounce_without_proof_names_its_address_for_a_person_to_give_up(
    app: Flask, organiser: Visitor
) -> None:
    number = take_in(app, dsn(), to=HELLO).id
    assert why_suppressed(app) is None

    page = organiser.open(f"{INBOX}/{number}")
    answer = organiser.fill(page, f"{INBOX}/{number}", action="/address", settlement="gone")

    assert f'value="{ADA}"' in page.text
    assert answer.status_code == 303
    suppression = why_suppressed(app)
    assert suppression is not None
    assert f"read mail {number}" in suppression.evidence
    assert not only(app).waits


def test_a_suppression_shows_its_evidence_and_is_lifted_by_hand(
    app: Flask, organiser: Visitor
) -> None:
    take_in(app, dsn(), to=left(app))
    suppression = why_suppressed(app)
    assert suppression is not None
    path = f"/office/outbox/suppressions/{suppression.address_hash}"

    page = organiser.open(path)
    answer = organiser.fill(page, path, action=path, email=ADA)

    assert "User unknown" in page.text
    assert answer.status_code == 303
    assert why_suppressed(app) is None


def test_after_lifting_the_next_bounce_gives_the_address_up_again(app: Flask) -> None:
    take_in(app, dsn(), to=left(app))
    with app.app_context():
        lift(ADA)
        db.session.commit()

    take_in(app, dsn(), to=left(app))

    with app.app_context():
        assert is_suppressed(ADA)


@pytest.mark.parametrize("door", ["nothing", "address"])
def test_a_reader_of_the_office_changes_nothing(app: Flask, door: str) -> None:
    number = write(app)
    reader = signed_in(app, Role.READER, email="reader@example.org")

    page = reader.open(f"{INBOX}/{number}")
    answer = reader.fill(page, f"{INBOX}/{number}", action=f"/{door}", settlement="gone")

    assert answer.status_code == 403
    assert only(app).waits


def test_a_mail_that_is_not_there_is_not_found(organiser: Visitor) -> None:
    assert organiser.open(f"{INBOX}/4711").status_code == 404
    assert organiser.open(f"{INBOX}/{2**40}").status_code == 404


WORDS = "I teach physics in Leeds"


@pytest.mark.parametrize(
    "returned",
    [
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n{letter}\r\n",
        "--b\r\nContent-Type: text/plain\r\n\r\n{letter}\r\n",
    ],
)
def test_a_letter_that_comes_back_is_not_shown_with_the_report(
    app: Flask, organiser: Visitor, returned: str
) -> None:
    raw = (
        "From: MAILER-DAEMON@mx.example.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        f"{returned.format(letter=WORDS)}--b--\r\n"
    )
    plain = (
        "From: MAILER-DAEMON@mx.example.test\r\nSubject: failure notice\r\n\r\nIt did not arrive."
        f"\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n{WORDS}\r\n"
    )
    numbers = [take_in(app, one, to=HELLO).id for one in (raw, plain)]

    for number in numbers:
        page = organiser.open(f"/office/inbound/{number}").text
        assert "It did not arrive." in page
        assert WORDS not in page
