"""What a stranger types stands in no mail and on nobody before the owner's button; and caps."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.events import verbs as events
from campaign.events.models import Event
from campaign.outbox.mailboxes import mailbox_hash
from campaign.outbox.models import Message
from campaign.outbox.verbs import queue
from campaign.people import mails, verbs
from campaign.people.models import Person, Purpose
from campaign.people.policy import CONFIRMATIONS_A_DAY
from campaign.people.subscriptions import queries as subscriptions_queries
from tests.events.conftest import NOW, PARTICULARS
from tests.forms_of import TypedName
from tests.visitor import Visitor

Queued = Callable[..., list[Message]]

SITES = (
    "bit.ly/x claim", "Visit evil-prize.com now", "evil．com", "evil。com", "evil․com", "evil·com",
    "win at prize.xyz", "t.me/spam", "x.com", "evil . com", "evil. com", "evil (dot) com",
    "evil[dot]net", "EVIL.COM", "пример.рф", "xn--e1a.xn--p1ai", "go.gl/a", "shop.de",
    "prize.co.uk", "evil。ru", "free.click", "http://evil.example", "www.evil", "a@b.example",
)  # fmt: skip
NAMES = (
    "Ada Lovelace", "J.R.R. Tolkien", "J. R. R. Tolkien", "J.R.R.Tolkien", "A.Lovelace",
    "St.John Smith", "Dr.Li", "Dr. No", "Martin Luther King Jr.", "Marcel·la Gal·la", "O'Brien",
    "Ravi s/o Kumar", "Ma. de la Cruz", "Ma.de Lourdes", "Anne-Marie", "李·小龙", "Prof.Dr.Ng",
    "C. Net", "张三", "J.Li", "Sammy Davis, Jr.", "Mohd. Ali", "Abdul Rahman b. Ali", "Ph.D. Ada",
)  # fmt: skip


@pytest.mark.parametrize("name", SITES)
def test_what_is_a_site_is_no_name(name: str) -> None:
    assert TypedName.of(name).errors


@pytest.mark.parametrize("name", NAMES)
def test_what_people_are_called_is_a_name(name: str) -> None:
    assert not TypedName.of(name).errors


TYPED = "Typed Bystranger"


def signs_up(visitor: Visitor, event: Event) -> None:
    visitor.send(f"/events/{event.slug}", action="/sign-up", **said())


def subscribes(visitor: Visitor, event: Event) -> None:
    visitor.send("/newsletter", action="/subscribe", **said())


DOORS = {"sign-up": signs_up, "newsletter": subscribes}


def said() -> dict[str, str]:
    return {"name": TYPED, "email": "ada@example.org"}


@pytest.fixture
def event(app: Flask) -> Event:
    with app.app_context():
        planned = events.plan(now=NOW, **PARTICULARS)
        db.session.commit()
        return planned


@pytest.mark.parametrize("known", ["unknown", "known without a name", "known"])
@pytest.mark.parametrize("door", DOORS)
def test_a_typed_name_is_in_no_mail_and_on_nobody_before_the_button(
    app: Flask, visitor: Visitor, event: Event, queued: Queued, door: str, known: str
) -> None:
    called = "Ada" if known == "known" else ""
    if known != "unknown":
        with app.app_context():
            verbs.remember("ada@example.org", name=called, now=clock.now())
            db.session.commit()

    DOORS[door](visitor, event)

    (mail,) = queued()
    everything = mail.text + mail.html + mail.subject + mail.to_name + mail.calendar
    assert "Bystranger" not in everything + str(mail.headers) + mail.sender_name
    with app.app_context():
        person = db.session.scalars(select(Person)).one()
        assert (person.name, person.country, person.city) == (called, "", "")

    link = re.search(r"https://campaign\.example/\S*(?:confirm|coming)/\S+", mail.text)
    assert link
    assert TYPED in visitor.open(link[0]).text or called
    visitor.send(link[0])

    with app.app_context():
        assert db.session.scalars(select(Person)).one().name == (called or TYPED)


def test_the_language_of_somebody_known_is_not_a_strangers_to_choose(app: Flask) -> None:
    with app.app_context():
        verbs.remember("ada@example.org", now=clock.now())
        found = verbs.meet("ada@example.org", language="fr", now=clock.now())
        new = verbs.meet("bo@example.org", language="fr", now=clock.now())

        assert (found.language, new.language) == ("", "fr")


ONE_MAILBOX = (
    ("ada@example.org", "ada+1@example.org", True),
    ("ada+1@example.org", "ada+2@example.org", True),
    ("ADA+x@Example.org", "ada@example.org", True),
    ("a.d.a@gmail.com", "ada+spam@googlemail.com", True),
    ("a.da@example.org", "ada@example.org", False),
    ("ada@example.org", "ada@example.com", False),
    ("+1@example.org", "+2@example.org", False),
)


@pytest.mark.parametrize(("one", "other", "is_same"), ONE_MAILBOX)
def test_caps_know_a_mailbox_however_it_is_written(
    app: Flask, one: str, other: str, is_same: bool
) -> None:
    with app.app_context():
        assert (mailbox_hash(one) == mailbox_hash(other)) == is_same


def test_variants_of_one_mailbox_share_its_cap_and_stay_people_of_their_own(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    for number in range(6):
        visitor.send("/newsletter", action="/subscribe", email=f"ada+{number}@example.org")

    assert [mail.to_address for mail in queued("confirmation")] == [
        f"ada+{number}@example.org" for number in range(CONFIRMATIONS_A_DAY)
    ]


VARIANTS = {
    "a tag": [f"ada+{number}@example.org" for number in range(6)],
    "dots": [f"{local}@gmail.com" for local in ("ada", "a.da", "ad.a", "a.d.a", "ada+x")],
    "another name": ["ada@gmail.com", "ada@googlemail.com", "a.da@gmail.com", "ad.a+1@gmail.com"],
}


@pytest.mark.parametrize("variants", VARIANTS)
def test_variants_share_the_cap_of_invitations(
    visitor: Visitor, event: Event, queued: Queued, variants: str
) -> None:
    for email in VARIANTS[variants]:
        visitor.send(f"/events/{event.slug}", action="/sign-up", name="Eve", email=email)

    assert len(queued("invitation")) == 3


def test_mails_of_before_are_counted_still(app: Flask) -> None:
    with app.app_context():
        person = verbs.remember("ada@example.org", now=clock.now())
        for _ in range(3):
            queue(mails.confirmation(person, Purpose.NEWSLETTER), now=clock.now())
        db.session.flush()

        assert not subscriptions_queries.may_be_asked("ada+later@example.org", now=clock.now())
