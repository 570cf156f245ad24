"""The mails of a sign-up name their text: it is compiled once, and says for ever what it said."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment
from sqlalchemy import delete, select

from campaign import clock
from campaign.db import db
from campaign.events.changes.verbs import revise
from campaign.events.models import Event
from campaign.outbox.models import Message, Text
from tests.events.conftest import PARTICULARS
from tests.events.deeds import asks
from tests.mails import QueuedMail
from tests.relaying import send
from tests.services import Sink
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]


def invited(app: Flask, event: Event, name: str, **said: Any) -> None:
    with app.app_context():
        asks(
            db.session.get_one(Event, event.id),
            now=clock.now(),
            email=f"{name}@example.org",
            **said,
        )
        db.session.commit()


def test_one_more_invitation_asks_for_no_template_and_is_a_small_row(
    app: Flask, make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make_event(description="Words. " * 500)
    invited(app, event, "ada")

    def refused(*_args: Any, **_more: Any) -> None:
        raise AssertionError("a template was asked for")

    monkeypatch.setattr(Environment, "get_template", refused)
    invited(app, event, "bo")

    with app.app_context():
        rows = db.session.execute(select(*Message.__table__.c).order_by(Message.id)).all()
        assert len({row.text_id for row in rows}) == 1
        assert [row.to_address for row in rows] == ["ada@example.org", "bo@example.org"]
        assert max(sum(len(str(value).encode()) for value in row) for row in rows) < 1000


def test_who_says_something_else_gets_another_text(app: Flask, make_event: MakeEvent) -> None:
    event = make_event()
    invited(app, event, "ada")
    invited(app, event, "bo", guests=2)

    with app.app_context():
        first, second = map(QueuedMail, db.session.scalars(select(Message).order_by(Message.id)))

        assert "for you alone" in first.text
        assert "for you and 2 guests" in second.text


def test_a_change_of_the_event_rewrites_no_mail_that_was_queued_before(
    app: Flask, make_event: MakeEvent, organiser: Visitor, sink: Sink
) -> None:
    event = make_event()
    invited(app, event, "ada")
    with app.app_context():
        found = db.session.get_one(Event, event.id)
        revise(found, **{**PARTICULARS, "venue": "Trafalgar Square"}, sure_of=None, now=clock.now())
        db.session.commit()
    invited(app, event, "bo")
    with app.app_context():
        numbers = db.session.scalars(select(Message.id).order_by(Message.id)).all()

    send(app)

    said = {mail.message["To"]: str(mail.message) for mail in sink.received}
    assert "Parliament Square" in said["ada@example.org"]
    assert "Trafalgar Square" in said["bo@example.org"]
    first, second = (organiser.open(f"/office/outbox/{number}").text for number in numbers)
    assert "Parliament Square" in first
    assert "Trafalgar Square" not in first
    assert "Trafalgar Square" in second


def test_the_mails_of_an_event_that_is_gone_say_what_they_said(
    app: Flask, make_event: MakeEvent, sink: Sink
) -> None:
    event = make_event()
    invited(app, event, "ada")
    with app.app_context():
        db.session.execute(delete(Event))
        db.session.commit()

    send(app)

    [mail] = sink.received
    assert "Parliament Square" in str(mail.message)


def test_an_event_that_is_called_as_a_field_is_stays_so(
    app: Flask, make_event: MakeEvent, sink: Sink
) -> None:
    title = "{{ name }} & {{ give_up }} <b>"
    event = make_event(title=title, bring="{{ token }}")
    invited(app, event, "ada")

    send(app)

    [mail] = sink.received
    text, page = (mail.message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert title in " ".join(text.get_content().split())
    assert "{{ token }}" in text.get_content()
    assert "{{ name }} &amp; {{ give_up }} &lt;b&gt;" in " ".join(page.get_content().split())
    entry = mail.message.get_payload()[1].get_payload(decode=True).decode()
    assert f"SUMMARY:{title}" in entry.replace("\r\n ", "")
    with app.app_context():
        assert "{{ braces }}" in db.session.scalars(select(Text.subject + Text.text)).one()
