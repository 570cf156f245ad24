"""The page of choices: what a reader may choose, what it keeps quiet, and when it does not open."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.newsletter.subscribers.masked_addresses import masked
from campaign.people import mail_links
from campaign.people import verbs as people
from campaign.people.models import Purpose, RefusedTopic
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.people.subscriptions.queries import subscription_of
from tests.newsletter.conftest import asked_for, person_with
from tests.visitor import Visitor, forms_in

ADA = "ada@example.org"


@pytest.fixture
def choices(app: Flask, subscribers: Callable[..., None]) -> str:
    """Give the address of Ada's choices, as her mails tell it."""
    subscribers(ADA, name="Ada")
    with app.app_context():
        ada = person_with(ADA)
        ada.country, ada.city = "DE", "Berlin"
        db.session.commit()
        return mail_links.preferences_url(mail_links.preferences_token(ada.id, Purpose.NEWSLETTER))


@pytest.fixture
def _topics(app: Flask) -> Any:
    app.config["TOPICS"] = ["Protests", "Laws"]
    yield
    app.config["TOPICS"] = []


def test_a_reader_chooses_how_often_and_tells_where_they_live(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    answer = visitor.send(choices, rhythm="monthly", name="Ada L.", country="FR", city="Lyon")

    assert answer.status_code == 303
    assert "Your choice is kept" in visitor.open(answer.location).text
    with app.app_context():
        ada = person_with(ADA)
        assert (ada.name, ada.country, ada.city) == ("Ada L.", "FR", "Lyon")
        subscription = subscription_of(ada.id, Purpose.NEWSLETTER)
        assert subscription is not None
        assert (subscription.rhythm, subscription.is_active) == ("monthly", True)


def test_what_is_left_empty_stays_and_another_country_ends_the_city(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    visitor.send(choices)
    with app.app_context():
        assert (person_with(ADA).country, person_with(ADA).city) == ("DE", "Berlin")

    visitor.send(choices, country="FR")

    with app.app_context():
        assert (person_with(ADA).country, person_with(ADA).city) == ("FR", "")


def test_country_and_city_are_forgotten_when_asked(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    visitor.send(choices, forgets_place="y")

    with app.app_context():
        assert (person_with(ADA).country, person_with(ADA).city) == ("", "")


@pytest.mark.usefixtures("_topics")
def test_a_topic_whose_box_is_empty_is_refused_until_it_is_ticked_again(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    form = forms_in(visitor.open(choices).text)[0]["fields"]

    for topics in (["Laws"], ["Laws"], []):
        assert visitor.post(choices, {**form, "topics": topics}).status_code == 303

    with app.app_context():
        assert sorted(db.session.scalars(select(RefusedTopic.topic))) == ["Laws", "Protests"]

    visitor.post(choices, {**form, "topics": ["Laws", "Protests"]})

    with app.app_context():
        assert db.session.scalars(select(RefusedTopic.topic)).all() == []


def test_opening_the_page_changes_nothing_and_tells_a_stranger_next_to_nothing(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    shown = visitor.open(choices)

    assert shown.headers["Cache-Control"] == "no-store"
    assert "a…@e….org" in shown.text
    # 'DE' is one of the countries to choose from; it is not the one that is chosen.
    assert 'selected value="DE"' not in shown.text
    assert not [word for word in (ADA, "Berlin") if word in shown.text]


def test_the_page_leads_to_the_one_that_leaves(visitor: Visitor, choices: str) -> None:
    way_out = visitor.open(choices).text.partition('href="/unsubscribe/')[2].partition('"')[0]

    visitor.send(f"/unsubscribe/{way_out}")

    answer = visitor.open(choices)
    assert (answer.status_code, answer.location) == (303, f"/unsubscribe/{way_out}/left")


def test_choices_sent_after_leaving_bring_nobody_back(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    form = forms_in(visitor.open(choices).text)[0]["fields"]
    with app.app_context():
        subscriptions_verbs.leave(
            person_with(ADA).id, Purpose.NEWSLETTER, through="link", now=clock.now()
        )
        db.session.commit()

    answer = visitor.post(choices, form)

    assert answer.status_code == 410
    with app.app_context():
        subscription = subscription_of(person_with(ADA).id, Purpose.NEWSLETTER)
        assert subscription is not None
        assert not subscription.is_active


def test_a_link_of_somebody_who_was_erased_or_never_confirmed_says_so(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    with app.app_context():
        asked_for("bo@example.org")
        bo = mail_links.preferences_token(person_with("bo@example.org").id, Purpose.NEWSLETTER)
        people.forget(person_with(ADA))
        db.session.commit()

    assert visitor.open(choices).status_code == 410
    assert visitor.post(choices).status_code == 410
    assert visitor.open(f"/preferences/{bo}").status_code == 410


def test_a_token_opens_one_door_only_and_no_other_persons(
    app: Flask, visitor: Visitor, choices: str
) -> None:
    token = choices.rpartition("/")[2]
    with app.app_context():
        leaving = mail_links.unsubscribe_token(person_with(ADA).id, Purpose.NEWSLETTER)

    for forged in (leaving, "1" + token, token[:-1], token.upper(), "x"):
        assert visitor.open(f"/preferences/{forged}").status_code == 403
        assert visitor.post(f"/preferences/{forged}").status_code == 403
    assert visitor.open(f"/unsubscribe/{token}").status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rhythm", "hourly"),
        ("country", "XX"),
        ("name", "https://spam.example"),
        ("city", "Ber\x07lin"),
        ("city", "B" * 81),
    ],
)
def test_what_cannot_be_chosen_is_named_and_nothing_is_kept(
    app: Flask, visitor: Visitor, choices: str, field: str, value: str
) -> None:
    answer = visitor.send(choices, **{"rhythm": "monthly", field: value})

    assert answer.status_code == 422
    with app.app_context():
        subscription = subscription_of(person_with(ADA).id, Purpose.NEWSLETTER)
        assert subscription is not None
        assert subscription.rhythm == "all"


def test_an_address_is_masked_so_that_only_its_owner_knows_it() -> None:
    assert masked("ada@mail.example.org") == "a…@m….org"
    assert masked("a@localhost") == "a…@l…"
