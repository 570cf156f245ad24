"""One mail of every kind, as it leaves: written by the real deeds on a scratch campaign.

Alone it writes each mail's parts into a folder: python -m tests.screens.mails FOLDER
"""

import sys
import tempfile
from datetime import datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from campaign import clock, create_app, jobs
from campaign.db import db
from campaign.delivery import worker
from campaign.delivery.mailbox import folder_in
from campaign.events import verbs as events
from campaign.events.changes import verbs as changes
from campaign.events.event_mails import verbs as event_mails
from campaign.events.models import Event
from campaign.events.sign_ups import verbs as sign_ups
from campaign.events.sign_ups.rsvps import verbs as rsvps
from campaign.letters import composing
from campaign.letters import verbs as letters
from campaign.letters.asks import verbs as letter_asks
from campaign.letters.models import Letter, LetterAsk
from campaign.letters.queries import letter_by_token, template_for
from campaign.mailings.content import find as find_content
from campaign.mailings.planning.verbs import Plan, schedule
from campaign.mailings.running.verbs import begin
from campaign.newsletter import verbs as newsletter
from campaign.newsletter.automations import verbs as automations
from campaign.newsletter.automations.texts import verbs as automation_texts
from campaign.newsletter.queries import search_issues
from campaign.newsletter.subscribers import verbs as subscribers
from campaign.organisers import verbs as organisers
from campaign.organisers.models import LinkRequest, Role
from campaign.outbox.models import Message, State
from campaign.people.asks import verbs as asks_verbs
from campaign.people.asks.models import PersonAsk
from campaign.people.models import Person
from campaign.people.queries import by_email
from campaign.summits.models import Post
from campaign.summits.queries import next_summit, posts_of
from campaign.summits.verbs import load_starter as load_summits
from tests.events.deeds import asks, comes
from tests.mailings.conftest import begun

SECRET = "a secret of the screens, long enough"
ADA = {"email": "ada@example.org", "name": "Ada"}
# For mails that a stranger can cause, so that none is kept back by the cap of another.
BO, CY = "bo@example.org", "cy@example.org"
WORDING = "Send me the newsletter, about once a month."
PLACE: dict[str, Any] = {
    "title": "Protest in London",
    "action_id": None,
    "city": "London",
    "country": "GB",
    "zone": "Europe/London",
    "starts": time(17, 30),
    "ends": time(19, 0),
    "venue": "Parliament Square",
    "address": "SW1P 3JX",
    "latitude": 51.5007,
    "longitude": -0.1268,
    "description": "We ask for a treaty. We meet in public, peacefully.",
    "bring": "- Water, and clothes for the weather\n- A friend\n- A sign, if you like",
    "access": "Step-free from [Westminster station](/learn). There are seats on the square.",
    "host": "Cleo",
    "languages": ["en"],
    "capacity": None,
    "is_example": False,
}


def sample_mails(app: Flask) -> dict[str, bytes]:
    """Give one mail of every kind as it leaves, by its name; `app` has an empty database.

    The names are the kinds of the outbox, in the order in which they were queued.
    """
    with app.app_context():
        now = clock.now()
        for do in (_subscribe, _send_an_issue, _come, _write, _let_in):
            do(now)
            db.session.commit()
        worker.send_due()
        folder = folder_in(app.config["INSTANCE"])
        found: dict[str, bytes] = {}
        left = select(Message).where(Message.state == State.SENT)
        for message in db.session.scalars(left.order_by(Message.queued_at, Message.id)):
            [file] = folder.glob(f"*-{message.token}.eml")
            found.setdefault(message.kind, file.read_bytes())
    return found


def asks_for_the_newsletter(*, email: str, name: str, now: datetime) -> Person:
    """Fill in the form, and let the worker come by that asks the owner of the address."""
    subscribers.subscribe(email=email, name=name, language="en", wording=WORDING, now=now)
    db.session.flush()
    for asked in db.session.scalars(select(PersonAsk)):
        asks_verbs.answer(asked, now=now)
    db.session.flush()
    person = by_email(email)
    assert person is not None
    return person


def _subscribe(now: datetime) -> None:
    before = now - timedelta(days=4)
    asks_for_the_newsletter(email=BO, name="", now=before)
    automations.remind(now=now - timedelta(hours=1))
    ada = asks_for_the_newsletter(**ADA, now=before)
    subscribers.confirm(ada.id, now=now)
    asks_for_the_newsletter(**ADA, now=now)
    automation_texts.send_test("welcome-1", language="en", to="organiser@example.org", now=now)


def _send_an_issue(now: datetime) -> None:
    newsletter.load_starter(files("campaign.starter"), now=now)
    issue = db.session.scalars(search_issues().limit(1)).one()
    newsletter.send_test(issue, to="organiser@example.org", person_id=0, now=now)
    begun(issue.id, now=now)


def _come(now: datetime) -> None:
    day = (now + timedelta(days=173)).date()
    held: list[Event] = [events.plan(now=now, starts_on=day, **PLACE) for _ in range(5)]
    asks(held[4], email="dee@example.org", guests=2, language="en", now=now)
    kept = [comes(event, **ADA, guests=2, language="en", now=now) for event in held[:3]]
    changes.revise(held[0], now=now, starts_on=day, **{**PLACE, "starts": time(18, 0)})
    changes.call_off(held[1], now=now)
    for event in held[:2]:
        changes.notify(event, most=5, now=now)
    _write_to_those_who_come(held[0], now=now)
    sign_ups.withdraw(kept[2], now=now)
    for number, act in enumerate((rsvps.decline, rsvps.verify_decline), 3):
        act(comes(held[number], email=f"eve{number}@example.org", name="Eve", now=now), now=now)


def _write_to_those_who_come(event: Event, *, now: datetime) -> None:
    mail = event_mails.write(
        event,
        subject="Saturday: where we meet",
        source="We meet **at the fountain**. [See you there](/proposal).",
        language="en",
        by=None,
        now=now,
    )
    event_mails.send_test(mail, to="organiser@example.org", now=now)
    content = find_content("event-mail", mail.id)
    assert content is not None
    begin(schedule(content, Plan(version=1, after=0), by=None, now=now), now=now)


def _write(now: datetime) -> None:
    load_summits(files("campaign.starter"), now=now)
    letters.load_starter(files("campaign.starter"), now=now)
    before = now - timedelta(days=2)
    to = posts_of("GB")[0]
    _write_to(to, BO, "Bo Example", now=before)
    letters.remind(now=now - timedelta(hours=1))
    _write_to(to, CY, "Cy Example", now=now)
    token = db.session.scalars(select(Letter.token).where(Letter.name == "Cy Example")).one()
    letter = letter_by_token(token)
    assert letter is not None
    letters.confirm(letter, campaign="Pause Frontier AI", now=now)


def _write_to(to: Post, email: str, name: str, *, now: datetime) -> None:
    summit, template = next_summit(now=now), template_for("en") or composing.empty_template()
    placeholders = composing.placeholders()
    draft = composing.draft(
        template, post=to, holder=to.holder_on(now.date()), summit=summit, placeholders=placeholders
    )
    words = "I am a nurse, and I want the people who build AI to be as careful as we must be."
    closing = composing.closing_of(template)
    body = composing.finish(
        draft.body, own_words=words, name=name, placeholders=placeholders, closing=closing
    )
    letters.write(
        to,
        summit=summit,
        email=email,
        name=name,
        subject=draft.subject,
        body=body,
        own_words=words,
        letter_language="en",
        language="en",
        now=now,
    )
    for asked in db.session.scalars(select(LetterAsk)):
        letter_asks.answer(asked, now=now)


def _let_in(now: datetime) -> None:
    organisers.invite("organiser@example.org", role=Role.EDITOR, now=now)
    organisers.ask_for_link("organiser@example.org", language="en", now=now)
    for asked in db.session.scalars(select(LinkRequest)):
        organisers.send_link(asked, now=now)


def read(raw: bytes) -> EmailMessage:
    """Read a raw mail."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def half(message: EmailMessage, kind: str) -> str:
    """Give a mail's text of a kind ('plain' or 'html'), or nothing where it has none."""
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def scratch(folder: Path) -> Flask:
    """Make a campaign with an empty database of its own, whose mail is kept in its mailbox."""
    app = create_app(
        {
            "SECRET_KEY": SECRET,
            "BASE_URL": "https://campaign.example",
            "NAME": "Pause Frontier AI",
            "INSTANCE": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/campaign.sqlite",
            "MAIL_SERVER": "",
        }
    )
    with app.app_context():
        db.create_all()
        jobs.prepare()
    return app


def main(folder: Path) -> None:
    """Write every mail into a folder: the whole of it, its HTML and its text."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own:
        for name, raw in sample_mails(scratch(Path(own))).items():
            message = read(raw)
            (folder / f"{name}.eml").write_bytes(raw)
            (folder / f"{name}.txt").write_text(half(message, "plain"))
            if html := half(message, "html"):
                (folder / f"{name}.html").write_text(html)
            print(f"{name}: {message['Subject']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
