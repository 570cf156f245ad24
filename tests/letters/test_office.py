"""Letters in the office."""

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.letters.models import Way
from campaign.letters.tallies.models import Tally
from campaign.outbox.models import Message
from tests.letters.conftest import OWN_WORDS
from tests.mails import QueuedMail
from tests.visitor import Visitor


def test_letters_of_this_week_stand_beside_those_of_the_week_before(
    app: Flask, organiser: Visitor
) -> None:
    now = clock.now()
    with app.app_context():
        for days, number in ((0, 1), (6, 2), (7, 4), (13, 8), (14, 16)):
            db.session.add(
                Tally(
                    counted_on=(now - timedelta(days=days)).date(),
                    country="GB",
                    occasion="",
                    way=Way.SEND,
                    number=number,
                )
            )
        db.session.commit()

    page = organiser.open("/office/letters").text

    assert re.search(r"sent by us</dt>\s*<dd>\s*3\s*<span[^>]*>12 the week before", page)


def test_letters_are_listed_searched_and_downloaded_without_their_text(
    asked: dict[str, str], visitor: Visitor, organiser: Visitor
) -> None:
    visitor.send(asked["confirm"])

    page = organiser.open("/office/letters?q=ada&state=ready")
    by_country = organiser.open("/office/letters?q=united+k")
    none = organiser.open("/office/letters?state=pending")
    file = organiser.open("/office/letters?format=csv").text

    assert "ada@example.org" in page.text
    assert "in the outbox" in page.text
    assert ">United Kingdom</td>" in page.text
    assert "ada@example.org" in by_country.text
    assert "No letter matches your search." in none.text
    assert "Ada Example,ada@example.org,GB," in file
    assert OWN_WORDS not in page.text + file


def test_what_a_letter_says_is_not_shown_to_organisers(
    world: Flask, visitor: Visitor, organiser: Visitor, asked: dict[str, str]
) -> None:
    visitor.send(asked["confirm"])
    with world.app_context():
        query = select(Message).where(Message.kind.in_(["letter", "letter-copy"]))
        letters = [QueuedMail(row) for row in db.session.scalars(query)]
        numbers = [message.id for message in letters]
        assert all(OWN_WORDS[:20] in message.text for message in letters)

    pages = [organiser.open(f"/office/outbox/{number}").text for number in numbers]

    assert len(pages) == 2
    for page in pages:
        assert OWN_WORDS[:20] not in page
        assert "between the supporter and the office" in page
