"""The stage: a campaign of some weeks, with people in it, so that no page is bare."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from campaign import clock
from campaign.config import ROOT
from campaign.db import db
from campaign.delivery import worker
from campaign.events import verbs as events
from campaign.events.changes import verbs as changes
from campaign.events.event_mails import verbs as event_mails
from campaign.events.models import Event
from campaign.events.queries import event_by_slug, next_action, of_action
from campaign.events.sign_ups import mails as sign_up_mails
from campaign.imports import duties as imported
from campaign.imports import verbs as imports
from campaign.inbound import worker as inbox
from campaign.letters import composing
from campaign.letters import verbs as letters
from campaign.letters.asks import verbs as letter_asks
from campaign.letters.mails import CONFIRM, NOT_ME
from campaign.letters.models import Letter, LetterAsk
from campaign.letters.queries import letter_by_token, template_for
from campaign.newsletter import verbs as newsletter
from campaign.newsletter.images import verbs as images
from campaign.newsletter.images.pictures import markdown
from campaign.newsletter.queries import issue_with_slug, search_issues
from campaign.newsletter.subscribers import verbs as subscribers
from campaign.organisers import verbs as organisers
from campaign.organisers.models import Role
from campaign.outbox.hard_bounces.verbs import report_gone
from campaign.outbox.models import Message
from campaign.people import mail_links
from campaign.people.models import Person, Purpose
from campaign.people.queries import by_email
from campaign.summits.queries import next_summit, posts_of
from campaign.templating import public_url
from campaign.tokens import sign
from tests.drills.private import Private
from tests.events.deeds import asks, comes
from tests.inbound.making import dsn, personal
from tests.mailings.conftest import begun
from tests.screens.mails import WORDING, asks_for_the_newsletter

NAMES = (
    "Ada", "Bo", "Chidi", "Dalia", "Emre", "Femi", "Grace", "Hana", "Ines", "Jonas", "Kofi",
    "Leila", "Mats", "Noor", "Olga", "Priya", "Quentin", "Rosa", "Sami", "Tove", "Uma", "Vera",
)  # fmt: skip
# How many came to each city, in the order of the starter's; the last are nobody yet.
CROWDS = (9, 6, 3, 2, 1, 14, 11, 5, 4, 8, 1)
MINISTERS = ("GB", "DE", "FR")


@dataclass(frozen=True)
class Stage:
    """The addresses of what a picture is taken of; each is a path or a full address."""

    event: str
    example: str
    full: str
    called_off: str
    over: str
    withdraw: str
    coming: str
    confirm: str
    expired: str
    not_me: str
    leave: str
    preferences: str
    issue: str
    confirm_letter: str
    not_my_letter: str
    sign_in: str
    sign_in_again: str


def set_up(campaign: Private) -> Stage:
    """Fill a private campaign and give the addresses of what stands on the stage."""
    campaign.load_starter()
    with campaign.app.app_context():
        now = clock.now()
        subscribers = _subscribe(now)
        issue = _send_an_issue(now)
        held = _hold_events(now)
        token = _come(held[0], now=now)
        _write_to_those_who_come(held[0], now=now)
        waiting = _write(now)
        first = organisers.add("organiser@example.org", role=Role.ADMINISTRATOR, now=now)
        organisers.invite("second@example.org", role=Role.EDITOR, now=now)
        sign_in, again = (organisers.make_link(first, now=now) for _ in range(2))
        db.session.commit()
        worker.send_due()
        letters.track_delivery(now=now)
        _mail_comes_in(subscribers[1])
        _bring_a_list(now)
        stage = Stage(
            event=_path(held[0]),
            example="/events/may-13-berlin",
            full=_path(held[1]),
            called_off=_path(held[2]),
            over="/events/may-2024-london",
            withdraw=public_url("sign_ups.confirm_withdraw", token=token),
            coming=_asked(held[0], now=now),
            confirm=mail_links.confirm_url(_person("waiting@example.org"), Purpose.NEWSLETTER),
            # Nothing waits for this one's button: they never asked.
            expired=mail_links.confirm_url(_person(_address(0, "come")), Purpose.NEWSLETTER),
            not_me=mail_links.not_me_url(_person("waiting@example.org")),
            leave=mail_links.unsubscribe_url(
                mail_links.unsubscribe_token(_person(subscribers[0]).id, Purpose.NEWSLETTER)
            ),
            preferences=mail_links.preferences_url(
                mail_links.preferences_token(_person(subscribers[1]).id, Purpose.NEWSLETTER)
            ),
            issue=f"/newsletter/issues/{issue}",
            confirm_letter=public_url("letters.confirm_send", token=sign(CONFIRM, waiting.token)),
            not_my_letter=public_url("letters.confirm_disown", token=sign(NOT_ME, waiting.key)),
            sign_in=sign_in,
            sign_in_again=again,
        )
        db.session.commit()
    return stage


def _write_to_those_who_come(event: Event, *, now: datetime) -> None:
    """Write to all who come to an event, and have it waiting to be sent."""
    event_mails.write(
        event,
        subject="Saturday: where we meet, and what to bring",
        source="We meet **at the fountain**, whatever the weather.\n\nBring water, and a friend.",
        language="en",
        by=None,
        now=now,
    )


def _bring_a_list(now: datetime) -> None:
    """Upload a list from a march and have it checked: some of it is broken, as lists are."""
    file = imported.folder() / "march.csv"
    people = [f"{_address(n, 'march')},{_name(n)},Germany,München,yes,march" for n in range(20)]
    broken = ["ada at example,Ada,DE,Berlin,yes,", 'bo@example.org,"Bo,DE,Berlin,yes,']
    head = "email,Name,Land,Ort,newsletter,tags"
    file.write_text("\n".join([head, *people, *broken, *people[:2]]) + "\n")
    run = imports.take_in(file, name="march-in-leeds.csv", file=file.name, now=now)
    imports.settle(run, wording=WORDING, source="List on paper at the march in Leeds, kept by Sam")
    imports.check(run)
    db.session.commit()
    imported.read()


def _address(number: int, why: str) -> str:
    return f"{NAMES[number % len(NAMES)].lower()}.{why}{number}@example.org"


def _name(number: int) -> str:
    return f"{NAMES[number % len(NAMES)]} Example"


def _person(email: str) -> Person:
    person = by_email(email)
    assert person is not None, email
    return person


def _path(event: Event) -> str:
    return f"/events/{event.slug}"


def _subscribe(now: datetime) -> list[str]:
    """Let people subscribe, day by day, and one wait for the button."""
    addresses = [_address(number, "news") for number in range(31)]
    for number, email in enumerate(addresses):
        asked = now - timedelta(days=number * number % 29 * 0.6, hours=1)
        person = asks_for_the_newsletter(email=email, name=_name(number), now=asked)
        subscribers.confirm(person.id, now=asked)
    asks_for_the_newsletter(email="waiting@example.org", name="Zoë Example", now=now)
    return addresses


def _send_an_issue(now: datetime) -> str:
    """Send the starter's first issue, begin another, and give the address of the first."""
    issue = db.session.scalars(search_issues().limit(1)).one()
    then = now - timedelta(days=9)
    begun(issue.id, now=then)
    picture = images.keep(
        (ROOT / "static" / "icons" / "og.png").read_bytes(),
        description="The sign of two people side by side, and the words Pause Frontier AI",
        by=None,
        now=now - timedelta(days=1),
    )
    shown = markdown(picture.description, f"/newsletter/images/{picture.name}")
    newsletter.draft(
        title="What Geneva could decide",
        slug="what-geneva-could-decide",
        subject="",
        preview="Half a year is left, and this is where things stand.",
        source=f"""The next summit has a date, and we have [a proposal](/proposal).

{shown}

## The next protest near you

{{{{ next_event }}}}

[**Write to your minister**](/write)
""",
        language="en",
        by=None,
        now=now - timedelta(hours=5),
    )
    sent = issue_with_slug(issue.slug)
    assert sent is not None
    return sent.slug


def _mail_comes_in(gone: str) -> None:
    """Let a person write, and mails come back: with proof, without it, and for a while only."""
    text = "Dear all,\n\nplease take me off your list, I am moving to the hills.\n\nBo\n"
    inbox.take_in(
        personal(text), recipient="hello@campaign.example", envelope_sender="bo@x.example"
    )
    nobody = "bounces+nobody@campaign.example"
    inbox.take_in(dsn("cy@example.org").encode(), recipient=nobody, envelope_sender="")
    sent = db.session.scalars(
        select(Message).where(Message.to_address == gone, Message.batch_id.is_not(None))
    ).first()
    if sent is not None:
        own = f"bounces+{sent.token}@campaign.example"
        inbox.take_in(dsn(gone).encode(), recipient=own, envelope_sender="")
    many = select(Message).where(Message.batch_id.is_not(None), Message.to_address != gone)
    for message in db.session.scalars(many.order_by(Message.id).limit(12)).all():
        words = "DSN: 550 5.1.1 Recipient address rejected: User unknown in relay recipient table"
        report_gone(message, words=words, now=clock.now())
    db.session.commit()
    away = personal(Auto_Submitted="auto-replied", Subject="Automatic reply: I am in the hills")
    inbox.take_in(away, recipient="hello@campaign.example", envelope_sender="")


def _hold_events(now: datetime) -> list[Event]:
    """Give London a place and a host; plan one event that is full and one that is called off."""
    london = event_by_slug("may-13-london")
    assert london is not None
    changes.revise(london, now=now - timedelta(days=20), **_said(london, is_example=False))
    small = events.plan(
        now=now - timedelta(days=20),
        **_said(london, city="Leeds", venue="City Museum, lecture room", capacity=12),
    )
    off = events.plan(
        now=now - timedelta(days=20), **_said(london, city="Cardiff", venue="Central Square")
    )
    for number in range(6):
        _sign_up(small, number, guests=1, why="full", now=now - timedelta(days=number))
    _sign_up(off, 3, guests=0, why="off", now=now - timedelta(days=2))
    changes.call_off(off, now=now - timedelta(days=1))
    return [london, small, off]


def _said(event: Event, **otherwise: Any) -> dict[str, Any]:
    """Say of an event what is said of another, or otherwise."""
    said = {name: getattr(event, name) for name in events.Particulars.__annotations__}
    said |= {
        "venue": "Parliament Square",
        "address": "London SW1P 3JX",
        "host": "Cleo, who has done this twice before",
        "access": "Step-free from Westminster station. There are seats on the square.",
        "starts": time(17, 30),
        "ends": time(19, 0),
        "is_example": False,
    }
    said |= otherwise
    if "city" in otherwise:
        title = event.title.rpartition(":")[0]
        said |= {"title": f"{title}: {otherwise['city']}", "address": ""}
    return said


def _come(event: Event, *, now: datetime) -> str:
    """Let people come to the cities of the next action; give a token of one place in London."""
    action = next_action(now=now)
    assert action is not None
    number = 0
    for city, crowd in zip(of_action(action).some(len(CROWDS)), CROWDS, strict=False):
        for _ in range(crowd if not city.is_called_off and city.capacity is None else 0):
            asked = now - timedelta(hours=number * number % 67 * 5)
            _sign_up(city, number, guests=number % 3, why="come", now=asked)
            number += 1
    sign_up = _sign_up(event, number, guests=2, why="place", now=now)
    return sign_up_mails.withdraw_token(sign_up)


def _asked(event: Event, *, now: datetime) -> str:
    """Let a form ask for a place; give the address of the page with the button."""
    said = {"name": "Yusuf Example", "email": "asked@example.org", "guests": 1}
    ask = asks(event, news=WORDING, language="en", now=now, **said)
    return sign_up_mails.coming_url(ask)


def _sign_up(event: Event, number: int, *, guests: int, why: str, now: datetime) -> Any:
    return comes(
        event,
        name=_name(number),
        email=_address(number, why),
        guests=guests,
        language="en",
        now=now,
    )


def _write(now: datetime) -> Letter:
    """Let people write to ministers; give a letter that waits for its writer's button."""
    for number in range(14):
        written = now - timedelta(days=number * number % 13, hours=2)
        letter = _letter(MINISTERS[number % len(MINISTERS)], number, now=written)
        letters.confirm(letter, campaign="Pause Frontier AI", now=written)
    return _letter("GB", 20, now=now)


def _letter(country: str, number: int, *, now: datetime) -> Letter:
    to = next(post for post in posts_of(country) if post.is_writable(now.date()))
    summit = next_summit(now=now)
    template, placeholders = (
        template_for("en") or composing.empty_template(),
        composing.placeholders(),
    )
    draft = composing.draft(
        template, post=to, holder=to.holder_on(now.date()), summit=summit, placeholders=placeholders
    )
    words = "I am a nurse, and I want the people who build AI to be as careful as we must be."
    closing = composing.closing_of(template)
    letters.write(
        to,
        summit=summit,
        email=_address(number, "write"),
        name=_name(number),
        subject=draft.subject,
        body=composing.finish(
            draft.body,
            own_words=words,
            name=_name(number),
            placeholders=placeholders,
            closing=closing,
        ),
        own_words=words,
        letter_language="en",
        language="en",
        now=now,
    )
    for asked in db.session.scalars(select(LetterAsk)):
        letter_asks.answer(asked, now=now)
    person = _person(_address(number, "write"))
    token = db.session.scalars(select(Letter.token).where(Letter.person_id == person.id)).one()
    letter = letter_by_token(token)
    assert letter is not None
    return letter
