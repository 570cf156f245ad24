"""A mail to all who come to an event: written, counted, sent to them alone, and reported."""

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.delivery import worker
from campaign.events.event_mails import queries, verbs
from campaign.events.event_mails.models import CONTENT, EventMail
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp
from campaign.events.sign_ups.queries import sign_up_by_token
from campaign.events.sign_ups.verbs import withdraw
from campaign.mailings import duties
from campaign.mailings import queries as mailings
from campaign.mailings.content import Content, find
from campaign.mailings.merge_checks import UnknownField
from campaign.mailings.models import Mailing
from campaign.mailings.planning.verbs import Plan, SentMeanwhile, schedule
from campaign.mailings.running.verbs import begin
from campaign.mailings.verbs import NobodyToSendTo
from campaign.outbox.models import Message, State
from campaign.outbox.suppressions.verbs import suppress
from campaign.people.models import Person
from tests.events.deeds import asks, with_people
from tests.visitor import Visitor

SOURCE = "We meet **at the fountain**, {{ name | friend }}. [Read on](/proposal).\n\nBring water."
MakeEvent = Callable[..., Event]


@pytest.fixture
def event(app: Flask, make_event: MakeEvent) -> Event:
    """Give an event to which Ada and Bob come, and Cleo was only asked."""
    made = make_event()
    with_people(app, made, "ada", "bob")
    with app.app_context():
        found = db.session.get_one(Event, made.id)
        asks(found, now=clock.now(), name="Cleo", email="cleo@example.org")
        db.session.commit()
    return made


@pytest.fixture
def mail(app: Flask, event: Event) -> int:
    """Give the id of a draft to those who come."""
    with app.app_context():
        return written(event)


def written(event: Event, **otherwise: str) -> int:
    said = {"subject": "Where we meet", "source": SOURCE, "language": "en", **otherwise}
    found = db.session.get_one(Event, event.id)
    made = verbs.write(found, by=None, now=clock.now(), **said)
    db.session.commit()
    return made.id


def content_of(mail: int) -> Content:
    found = find(CONTENT, mail)
    assert found is not None
    return found


def planned(mail: int, **said: Any) -> Mailing:
    newest = mailings.newest_of(CONTENT, mail)
    asked = {"version": content_of(mail).version, "after": newest.id if newest else 0, **said}
    mailing = schedule(content_of(mail), Plan(**asked), by=None, now=clock.now())
    db.session.commit()
    return mailing


def to_whom(mailing: Mailing) -> set[str]:
    query = select(Message.to_address).where(Message.batch_id == mailing.batch_id)
    return {address.partition("@")[0] for address in db.session.scalars(query)}


def received(app: Flask, email: str, subject: str) -> EmailMessage:
    for file in Path(app.config["INSTANCE"]).glob("mailbox/*.eml"):
        found = message_from_bytes(file.read_bytes(), policy=default)
        assert isinstance(found, EmailMessage)
        if email in str(found["To"]) and subject in str(found["Subject"]):
            return found
    raise AssertionError(email)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def person(name: str) -> Person:
    return db.session.scalars(select(Person).where(Person.email == f"{name}@example.org")).one()


def sign_up_of(name: str, event: Event) -> SignUp:
    one = queries.sign_up_of(person(name).id, event.id)
    found = sign_up_by_token(one.token) if one else None
    assert found is not None
    return found


def test_it_goes_to_those_who_come_and_to_nobody_else(
    app: Flask, event: Event, mail: int, make_event: MakeEvent
) -> None:
    with_people(app, event, "dan", "eve")
    with_people(app, make_event(city="York"), "fay")
    with app.app_context():
        withdraw(sign_up_of("dan", event), now=clock.now())
        suppress("eve@example.org", reason="bounce", now=clock.now())
        db.session.commit()
        counted = mailings.number_of_readers(content_of(mail), rule={}, now=clock.now())

        mailing = planned(mail)
        duties.begin()

        # Cleo was asked and has not answered; Fay comes to another event.
        assert counted == 2
        assert to_whom(mailing) == {"ada", "bob"}


def test_who_gave_up_their_place_after_it_was_planned_gets_nothing(
    app: Flask, event: Event, mail: int
) -> None:
    with app.app_context():
        mailing = planned(mail, starts_at=clock.now() + timedelta(hours=1))
        withdraw(sign_up_of("bob", event), now=clock.now())
        db.session.commit()

        begin(mailing, now=mailing.starts_at)

        assert to_whom(mailing) == {"ada"}


def test_who_gives_up_their_place_while_it_waits_gets_nothing(
    app: Flask, event: Event, mail: int, make_event: MakeEvent
) -> None:
    other = make_event(city="York")
    with_people(app, other, "bob")
    with app.app_context():
        here, there = planned(mail), planned(written(other))
        duties.begin()

        withdraw(sign_up_of("bob", event), now=clock.now())
        db.session.commit()
        worker.send_due()

        states = {
            (message.batch_id, message.to_address): (message.state, message.last_reply)
            for message in db.session.scalars(select(Message).where(Message.batch_id.is_not(None)))
        }
        state, reply = states[here.batch_id, "bob@example.org"]
        assert state == State.WITHHELD
        assert reply == "not sent: they do not come any more"
        assert states[here.batch_id, "ada@example.org"][0] == State.SENT
        assert states[there.batch_id, "bob@example.org"][0] == State.SENT


def test_each_gets_it_with_the_event_and_the_link_to_give_up_their_own_place(
    app: Flask, visitor: Visitor, event: Event, mail: int
) -> None:
    with app.app_context():
        planned(mail)
        duties.begin()
        worker.send_due()
        to_ada = received(app, "ada@example.org", "Where we meet")
        text, html = text_of(to_ada), text_of(to_ada, "html")
        kinds = set(db.session.scalars(select(Message.kind).where(Message.batch_id.is_not(None))))

    link = re.search(r"https://campaign\.example(/events/withdraw/\S+)", text)
    assert link
    page = visitor.open(link[1])
    visitor.send(link[1])

    assert "Dear Ada," in text
    assert "at the fountain" in text
    assert ", Ada." in " ".join(text.split())
    assert "https://campaign.example/proposal" in text
    assert "13 May 2099" in text
    assert "Parliament Square" in html
    assert link[1] in html.replace("=\n", "")
    assert "List-Unsubscribe" not in to_ada
    assert to_ada["Auto-Submitted"] == "auto-generated"
    assert kinds == {"event-news"}
    assert "Protest in London" in page.text
    with app.app_context():
        assert not sign_up_of("ada", event).is_active
        assert sign_up_of("bob", event).is_coming


def test_an_organiser_writes_tests_counts_sends_and_sees_what_becomes_of_it(
    app: Flask, organiser: Visitor, event: Event
) -> None:
    assert "Write to those who come" in organiser.open(f"/office/events/{event.slug}").text
    form = f"/office/events/{event.slug}/mails/new"
    wrong = organiser.send(
        form, action="/mails/new", subject="Hi", source="Dear {{ nmae }}", language="en"
    )

    saved = organiser.send(
        form, action="/mails/new", subject="Where we meet", source=SOURCE, language="en"
    )
    page = organiser.open(saved.location)
    preview = organiser.open(f"{saved.location}/preview.html")
    organiser.send(saved.location, action="/test")
    with app.app_context():
        id = db.session.scalars(select(EventMail.id)).one()
        worker.send_due()
        copy = received(app, "organiser@example.org", "Test: Where we meet")
        token = re.search(r"/events/withdraw/(\S+)", text_of(copy))
    plan = organiser.open(f"/office/mailings/event-mail/{id}/plan")
    asked = organiser.open(f"/office/mailings/event-mail/{id}/send?when=now&rate=2")
    sent = organiser.fill(asked, f"/office/mailings/event-mail/{id}/send", action="/send")
    with app.app_context():
        duties.begin()
        batch = mailings.batches_of(CONTENT, id)[0]
        for message in db.session.scalars(select(Message).where(Message.batch_id == batch)):
            message.state, message.settled_at = State.SENT, clock.now()
            if message.to_address == "bob@example.org":
                message.state, message.last_reply = State.BOUNCED, "DSN: 5.1.1 No such user"
        db.session.commit()
    report = organiser.open(sent.location)
    outbox = organiser.open("/office/outbox?kind=event-news")
    tab = organiser.open(f"/office/mailings/event-mail/{id}")

    assert wrong.status_code == 422
    assert "There is no field “nmae”" in wrong.text
    assert saved.status_code == 303
    assert "at the fountain" in page.text
    assert "<strong" in preview.text
    assert "sandbox" in preview.headers["Content-Security-Policy"]
    assert token
    assert organiser.open(f"/events/withdraw/{token[1]}").status_code == 404
    assert "2 readers" in plan.text
    for none in ("To whom", "segment", "A/B test", "public archive"):
        assert none not in plan.text
    assert "goes to 2 readers" in asked.text
    assert "At most 2" in asked.text
    assert sent.status_code == 303
    assert "There is no such address" in report.text
    assert "mail to those who come to an event" in outbox.text
    assert outbox.text.count("Where we meet") == 2
    assert "Left the list" not in report.text
    assert 'aria-current="page"' in report.text
    assert "Those who come" in tab.text


def test_a_mail_that_went_out_is_fixed_and_one_changed_since_it_was_planned_is_called_off(
    app: Flask, event: Event, mail: int
) -> None:
    said = {"subject": "Other", "source": "Words.", "language": "en", "by": None}
    with app.app_context():
        mailing = planned(mail, starts_at=clock.now() + timedelta(hours=1))
        found = db.session.get_one(EventMail, mail)
        with pytest.raises(verbs.ChangedMeanwhile):
            verbs.change(found, version=7, now=clock.now(), **said)
        verbs.change(found, version=1, now=clock.now(), **said)
        db.session.commit()

        began = begin(mailing, now=mailing.starts_at)
        again = planned(mail)
        begin(again, now=clock.now())
        db.session.commit()

        assert not began
        assert "changed" in mailing.called_off_because
        assert to_whom(again) == {"ada", "bob"}
        with pytest.raises(verbs.AlreadySent):
            verbs.change(found, version=2, now=clock.now(), **said)
        with pytest.raises(verbs.AlreadySent):
            verbs.delete(found)


def test_nobody_gets_it_twice_and_who_comes_later_gets_it_with_another_press(
    app: Flask, event: Event, mail: int
) -> None:
    with app.app_context():
        first, twice = planned(mail).id, planned(mail, after=0).id
        duties.begin()
        with pytest.raises(NobodyToSendTo):
            planned(mail)
        with pytest.raises(SentMeanwhile):
            planned(mail, after=0, rate=9.0)
        db.session.rollback()
    with_people(app, event, "dan")
    with app.app_context():
        second = planned(mail)
        duties.begin()

        assert twice == first
        assert to_whom(second) == {"dan"}


def test_a_draft_is_deleted_with_what_was_planned_and_a_deleted_events_mail_is_called_off(
    app: Flask, organiser: Visitor, event: Event, mail: int
) -> None:
    with app.app_context():
        planned(mail, starts_at=clock.now() + timedelta(hours=1))
        other = written(event)
        kept = planned(other, starts_at=clock.now() + timedelta(hours=1)).id
    page = f"/office/events/mails/{mail}/delete"

    answer = organiser.send(page, action="/delete")
    with app.app_context():
        remaining = [one.id for one in db.session.scalars(select(Mailing))]
        db.session.delete(db.session.get_one(Event, event.id))
        db.session.commit()
        mailing = db.session.get_one(Mailing, kept)
        begins = begin(mailing, now=mailing.starts_at)

        assert answer.status_code == 303
        assert remaining == [kept]
        assert not begins
        assert "has been deleted" in mailing.called_off_because
        assert organiser.open(f"/office/mailings/{kept}").status_code == 404


@pytest.mark.parametrize("said", [{"title": "Fair {{ price }}"}, {"venue": "{{withdraw}}"}])
def test_braces_in_the_event_itself_are_no_field_of_the_mail(
    app: Flask, event: Event, mail: int, said: dict[str, str]
) -> None:
    with app.app_context():
        early = planned(mail, starts_at=clock.now() + timedelta(hours=1))
        for name, words in said.items():
            setattr(db.session.get_one(Event, event.id), name, words)
        db.session.commit()

        with pytest.raises(verbs.BracesInEvent):
            planned(mail)
        begins = begin(early, now=early.starts_at)

        assert not begins
        assert "braces" in early.called_off_because


def test_what_cannot_be_filled_in_is_not_saved(app: Flask, event: Event) -> None:
    with app.app_context():
        with pytest.raises(UnknownField):
            written(event, source="Dear {{ nmae }}")
        with pytest.raises(UnknownField):
            written(event, subject="{{ withdraw }}")


def test_what_the_check_finds_is_said_where_it_is_sent(
    app: Flask, organiser: Visitor, event: Event
) -> None:
    with app.app_context():
        slips = written(event, source="Hello *|FNAME|*. [Go](www.example.org) [In](/nowhere)")
        fine = written(event, source="We meet at the river, all of us. {{ name | Friend }}, come!")
        assert content_of(fine).to_mend(app, now=clock.now()) == []

    page = organiser.open(f"/office/mailings/event-mail/{slips}/send?when=now").text

    assert "What the check has found" in page
    assert "*|FNAME|*” looks like a merge field of another program" in page
    assert "write “https://” before www.example.org" in page
    assert "/nowhere: there is no such page" in page
    assert "Look at the whole check" not in page


def test_two_who_change_a_draft_see_each_other_and_lose_nothing_they_typed(
    organiser: Visitor, mail: int
) -> None:
    address = f"/office/events/mails/{mail}/edit"
    opened = organiser.open(address)
    organiser.send(address, action="/edit", source="What the first wrote.")

    late = organiser.fill(opened, address, action="/edit", source="What the second wrote.")

    assert late.status_code == 409
    assert "Somebody else has changed this mail" in late.text
    assert "What the second wrote." in late.text
    assert organiser.fill(late, address, action="/edit").status_code == 303
    assert "What the second wrote." in organiser.open(address).text
