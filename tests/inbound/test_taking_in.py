"""Taking in: stored before anything is done; what people and calendars say; what waits; erasing."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import count_of, db
from campaign.events import verbs as events
from campaign.events.sign_ups.models import SignUp
from campaign.inbound import duties, queries, verbs, worker
from campaign.inbound.models import InboundMail, Kind, Made
from campaign.outbox.models import Message
from campaign.people.mail_links import unsubscribe_token
from campaign.people.models import Consent, Person, Purpose
from campaign.people.queries import is_known_elsewhere
from campaign.people.subscriptions.queries import subscription_of
from campaign.people.verbs import remember
from tests.events.conftest import NOW, PARTICULARS
from tests.events.deeds import asks
from tests.inbound.making import (
    ADA,
    calendar_reply,
    dsn,
    left,
    long_ago,
    only,
    personal,
    take_in,
)
from tests.mails import QueuedMail
from tests.visitor import Visitor


def queued(app: Flask) -> int:
    with app.app_context():
        return count_of(select(Message))


def way_out(app: Flask, person_id: int) -> str:
    with app.app_context():
        token = unsubscribe_token(person_id, Purpose.NEWSLETTER)
    return f"unsubscribe+{token}@campaign.example"


def test_who_writes_to_the_address_to_leave_has_left_and_gets_no_answer(
    app: Flask, subscriber: Callable[[str], int]
) -> None:
    person_id = subscriber(ADA)
    before = queued(app)

    for subject in ("unsubscribe", "again"):
        mail = take_in(app, personal(Subject=subject), to=way_out(app, person_id), sender=ADA)

        assert (mail.kind, mail.made, mail.waits) == (Kind.UNSUBSCRIBE, Made.LEFT, False)
    with app.app_context():
        status = subscription_of(person_id, Purpose.NEWSLETTER)
        assert status is not None
        assert status.left_at is not None
        assert db.session.scalars(select(Consent)).one().withdrawn_through == "mail"
    assert queued(app) == before


def test_a_forged_way_out_takes_nobody_off_and_waits(
    app: Flask, subscriber: Callable[[str], int]
) -> None:
    person_id = subscriber(ADA)

    mail = take_in(
        app, personal(), to=f"unsubscribe+{person_id}n0123456789abcdef0123@campaign.example"
    )

    assert (mail.kind, mail.made, mail.waits) == (Kind.UNSUBSCRIBE, Made.FORGED, True)
    with app.app_context():
        status = subscription_of(person_id, Purpose.NEWSLETTER)
        assert status is not None
        assert status.is_active


def place_of(app: Flask, place: dict[str, str]) -> SignUp:
    with app.app_context():
        return db.session.scalars(select(SignUp).where(SignUp.token == place["token"])).one()


def test_a_calendar_that_declines_gives_the_place_up_and_its_owner_is_told(
    app: Flask, place: dict[str, str]
) -> None:
    before = queued(app)

    mail = take_in(
        app,
        calendar_reply(uid=place["uid"], attendee=ADA, says="DECLINED"),
        to=f"rsvp+{place['token']}@campaign.example",
        sender=ADA,
    )

    assert (mail.kind, mail.made, mail.waits) == (Kind.CALENDAR, Made.GAVE_UP, False)
    assert place_of(app, place).withdrawn_at is not None
    assert queued(app) == before + 1


newest_first = select(Message).order_by(Message.id.desc())
FORGERS = ("bo@example.org", "ada@example.com", "ada+1@example.org", "Ada <bo@example.org>", "")


@pytest.mark.parametrize("sender", FORGERS)
def test_a_mail_from_another_address_gives_nothing_up_and_its_owner_is_asked_once(
    app: Flask, place: dict[str, str], sender: str
) -> None:
    reply = calendar_reply(uid=place["uid"], attendee=ADA, says="DECLINED")
    forged = reply.replace(b"From: " + ADA.encode(), b"From: " + sender.encode())
    to = f"rsvp+{place['token']}@campaign.example"
    before = queued(app)

    first = take_in(app, forged, to=to, sender="bo@example.org")
    again = take_in(app, forged + b"\n \n", to=to, sender="bo@example.org")

    assert place_of(app, place).is_coming
    assert (first.made, first.waits) == (Made.ASKED, False)
    assert (again.made, again.waits) == (Made.UNCLEAR, True)
    assert queued(app) == before + 1
    with app.app_context():
        [mail, *_] = map(QueuedMail, db.session.scalars(newest_first))
    assert (mail.kind, mail.to_address) == ("sign-up-question", ADA)
    assert "/events/withdraw/" in mail.text


def test_who_is_told_of_a_decline_takes_the_place_back_with_one_press(
    app: Flask, visitor: Visitor, place: dict[str, str]
) -> None:
    take_in(
        app,
        calendar_reply(uid=place["uid"], attendee=ADA, says="DECLINED"),
        to=f"rsvp+{place['token']}@campaign.example",
        sender=ADA,
    )
    with app.app_context():
        [told, *_] = map(QueuedMail, db.session.scalars(newest_first))
    link = re.search(r"https://\S+/events/coming/\S+", told.text)
    assert link

    visitor.send(link[0])

    assert place_of(app, place).is_coming


@pytest.mark.parametrize(("sender", "comes"), [(ADA, True), ("bo@example.org", False)])
def test_a_calendar_that_accepts_confirms_what_a_form_asked_for_from_its_owner_only(
    app: Flask, sender: str, comes: bool
) -> None:
    with app.app_context():
        event = events.plan(now=NOW, **PARTICULARS)
        token = asks(event, guests=2, now=clock.now()).sign_up_id
        asked = db.session.get_one(SignUp, token)
        db.session.commit()
        place = {"token": asked.token, "uid": event.uid}
    reply = calendar_reply(uid=place["uid"], attendee=ADA, says="ACCEPTED")
    raw = reply.replace(b"From: " + ADA.encode(), b"From: " + sender.encode())

    mail = take_in(app, raw, to=f"rsvp+{place['token']}@campaign.example", sender=sender)

    assert mail.made == Made.NOTED
    assert place_of(app, place).is_coming == comes
    assert place_of(app, place).guests == (2 if comes else 0)


@pytest.mark.parametrize("says", ["ACCEPTED", "TENTATIVE"])
def test_a_calendar_that_accepts_is_noted(app: Flask, place: dict[str, str], says: str) -> None:
    mail = take_in(
        app,
        calendar_reply(uid=place["uid"], attendee=ADA, says=says, sequence=None),
        to=f"rsvp+{place['token']}@campaign.example",
    )

    assert (mail.made, mail.waits) == (Made.NOTED, False)
    assert place_of(app, place).is_active


@pytest.mark.parametrize(
    ("otherwise", "made"),
    [
        ({"attendee": "bo@example.org"}, Made.UNCLEAR),
        ({"uid": "x" * 50}, Made.UNCLEAR),
        ({"says": "DELEGATED"}, Made.UNCLEAR),
        ({"method": "COUNTER"}, Made.TO_BE_READ),
        ({"token": "0123456789abcdefghijkl"}, Made.FORGED),
    ],
)
def test_any_other_answer_of_a_calendar_changes_nothing_and_waits(
    app: Flask, place: dict[str, str], otherwise: dict[str, str], made: Made
) -> None:
    said = {"uid": place["uid"], "attendee": ADA, "says": "DECLINED", **otherwise}
    token = said.pop("token", place["token"])

    mail = take_in(
        app, calendar_reply(**said), to=f"rsvp+{token}@campaign.example", sender="bo@example.org"
    )

    assert (mail.made, mail.waits) == (made, True)
    assert place_of(app, place).is_active


def test_an_answer_to_an_older_invitation_waits(app: Flask, place: dict[str, str]) -> None:
    with app.app_context():
        db.session.scalars(select(SignUp)).one().revisions = 2
        db.session.commit()

    mail = take_in(
        app,
        calendar_reply(uid=place["uid"], attendee=ADA, says="DECLINED", sequence=1),
        to=f"rsvp+{place['token']}@campaign.example",
    )

    assert (mail.made, mail.waits) == (Made.UNCLEAR, True)
    assert place_of(app, place).is_active


def test_a_mail_from_a_person_waits_for_a_person(app: Flask) -> None:
    mail = take_in(app, personal(), to="hello@campaign.example", sender="bo@example.org")

    assert (mail.kind, mail.made, mail.waits) == (Kind.PERSONAL, Made.TO_BE_READ, True)
    assert (mail.sender, mail.subject) == ("bo@example.org", "A question")
    assert mail.person_id is None


def test_an_answer_knows_the_mail_it_answers_and_a_forged_one_knows_none(app: Flask) -> None:
    token = left(app).partition("+")[2].partition("@")[0]
    sound, forged = f"<{token}@campaign.example>", f"<{token[:-1]}@campaign.example>"

    mails = [
        take_in(app, personal(In_Reply_To=one), to="hello@campaign.example", sender=ADA)
        for one in (sound, forged)
    ]

    assert [mail.message_id is not None for mail in mails] == [True, False]
    assert all(mail.waits for mail in mails)


def test_machines_are_not_kept_waiting_for_and_never_answered(app: Flask) -> None:
    away = personal(Auto_Submitted="auto-replied", Subject="Automatic reply: Hello")

    mail = take_in(app, away, to=left(app), sender="")

    assert (mail.kind, mail.made, mail.waits) == (Kind.AUTOMATIC, Made.AUTOMATIC, False)
    assert queued(app) == 1


def test_what_only_seems_automatic_waits(app: Flask) -> None:
    mail = take_in(
        app, personal(Subject="Out of office"), to="hello@campaign.example", sender="b@example.org"
    )

    assert (mail.kind, mail.waits) == (Kind.AUTOMATIC, True)


def test_a_mail_of_ten_megabytes_is_stored_and_a_larger_one_leaves_nothing(app: Flask) -> None:
    with app.app_context():
        worker.take_in(b"x" * 10_485_760, recipient="a@campaign.example", envelope_sender=None)
        with pytest.raises(verbs.TooLarge):
            worker.take_in(b"y" * 10_485_761, recipient="a@campaign.example", envelope_sender=None)

    assert only(app).size == 10_485_760


def test_what_was_stored_and_not_acted_upon_is_taken_up_by_the_duty(app: Flask) -> None:
    address = left(app)
    with app.app_context():
        verbs.store(dsn().encode(), recipient=address, envelope_sender="", now=clock.now())
        db.session.commit()
    assert only(app).made == Made.NOTHING_YET

    with app.app_context():
        duties.work()
        early = queries.number_waiting()
    long_ago(app, timedelta(minutes=3))
    with app.app_context():
        duties.work()

    assert early == 0
    assert only(app).made == Made.SUPPRESSED


def test_the_bytes_go_30_days_after_a_mail_was_settled_and_180_after_one_came_that_waits(
    app: Flask,
) -> None:
    take_in(app, dsn(), to=left(app))
    take_in(app, personal(), to="hello@campaign.example", sender="bo@example.org")
    now = clock.now()

    with app.app_context():
        verbs.tidy(now=now + timedelta(days=29))
        db.session.commit()
        assert all(queries.bytes_of(mail) for mail in db.session.scalars(select(InboundMail)))
        verbs.tidy(now=now + timedelta(days=31))
        db.session.commit()
        settled, waiting = db.session.scalars(select(InboundMail).order_by(InboundMail.id))
        assert queries.bytes_of(settled) == b""
        assert (settled.sender, settled.subject, settled.recipient) == ("", "", "")
        assert settled.made == Made.SUPPRESSED
        assert queries.bytes_of(waiting) != b""
        verbs.tidy(now=now + timedelta(days=179))
        db.session.commit()
        assert waiting.waits
        verbs.tidy(now=now + timedelta(days=400))
        db.session.commit()

    erased = only(app)
    assert (erased.sender, erased.subject, erased.waits) == ("", "", False)


def test_forgetting_a_person_takes_their_settled_mail_along(
    app: Flask, subscriber: Callable[[str], int]
) -> None:
    person_id = subscriber(ADA)
    take_in(app, dsn(), to=left(app, person_id=person_id))
    take_in(app, personal(From=ADA), to="hello@campaign.example", sender=ADA)

    with app.app_context():
        db.session.delete(db.session.get_one(Person, person_id))
        db.session.commit()

    assert only(app).waits


def test_nobody_is_known_only_because_a_mail_to_them_came_back(app: Flask) -> None:
    with app.app_context():
        person = remember(ADA, now=clock.now())
        db.session.commit()
        person_id = person.id
    take_in(app, dsn(), to=left(app, person_id=person_id))

    with app.app_context():
        assert only(app).person_id == person_id
        assert not is_known_elsewhere(db.session.get_one(Person, person_id))
