"""Two who speak for one person at the same moment: neither is turned away, nothing is lost."""

from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.newsletter.subscribers import verbs
from campaign.people import verbs as people
from campaign.people.models import Purpose, Subscription
from campaign.people.queries import by_email
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.newsletter.conftest import WORDING, person_with
from tests.side_by_side import at_once

ROUNDS = 8


def ask(address: str) -> None:
    """Do what the duty does that answers a form."""
    person = people.meet(address, language="en", now=clock.now())
    subscriptions_verbs.invite_to_confirm(
        person, Purpose.NEWSLETTER, wording=WORDING, form="test", name="Ada", now=clock.now()
    )


def test_who_confirms_while_somebody_asks_again_in_their_name_is_subscribed(app: Flask) -> None:
    wrong: list[Exception] = []
    for number in range(ROUNDS):
        address = f"ada{number}@example.org"
        with app.app_context():
            ask(address)
            db.session.commit()
            known = person_with(address).id

        def confirm(known: int = known) -> None:
            verbs.confirm(known, now=clock.now())

        wrong += at_once(app, confirm, lambda address=address: ask(address))  # type: ignore[misc]

    with app.app_context():
        statuses = list(db.session.scalars(select(Subscription)))
    assert wrong == []
    assert [status.is_active for status in statuses] == [True] * ROUNDS


def test_who_leaves_while_somebody_asks_in_their_name_is_never_turned_away(app: Flask) -> None:
    wrong: list[Exception] = []
    for number in range(ROUNDS):
        address = f"ada{number}@example.org"
        with app.app_context():
            ask(address)
            db.session.commit()

        def leave(address: str = address) -> None:
            person = by_email(address)
            assert person is not None
            subscriptions_verbs.leave(
                person.id, Purpose.NEWSLETTER, through="link", now=clock.now()
            )

        wrong += at_once(app, leave, lambda address=address: ask(address))  # type: ignore[misc]

    assert wrong == []
