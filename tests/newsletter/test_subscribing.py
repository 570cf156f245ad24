"""Subscribing: double opt-in, what the mails say and do not say, and how strangers are refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.newsletter import queries
from campaign.newsletter.subscribers import verbs
from campaign.outbox.models import Message
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import verbs as people
from campaign.people.models import NOT_ME, Consent, Person
from tests.conftest import forms_are_answered
from tests.newsletter.conftest import link_in, person_with
from tests.visitor import Visitor, forms_in

Queued = Callable[..., list[Message]]


def test_a_subscriber_confirms_by_mail_and_is_welcomed(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    answer = visitor.send("/newsletter", email="Ada@Example.org", name="Ada")

    assert (answer.status_code, answer.location) == (303, "/newsletter/check-your-mail")
    assert visitor.open(answer.location).status_code == 200
    (asked,) = queued()
    assert (asked.kind, asked.to_address) == ("confirmation", "ada@example.org")
    with app.app_context():
        assert queries.number_of_subscribers() == 0

    answer = visitor.send(link_in(asked, "confirm"))

    assert (answer.status_code, answer.location) == (303, "/newsletter/confirmed")
    assert "You are subscribed" in visitor.open(answer.location).text
    (welcome,) = queued("welcome")
    assert "Dear Ada," in welcome.text
    assert "/unsubscribe/" in welcome.text
    with app.app_context():
        assert queries.number_of_subscribers() == 1


def test_opening_the_link_alone_confirms_nothing(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    visitor.send("/newsletter", email="ada@example.org")

    visitor.open(link_in(queued()[0], "confirm"))

    with app.app_context():
        assert queries.number_of_subscribers() == 0


def test_the_button_pressed_twice_says_the_same_and_welcomes_once(
    visitor: Visitor, queued: Queued
) -> None:
    visitor.send("/newsletter", email="ada@example.org")
    link = link_in(queued()[0], "confirm")

    answers = [visitor.send(link) for _ in range(2)]

    assert [a.location for a in answers] == ["/newsletter/confirmed"] * 2
    assert len(queued("welcome")) == 1


def test_the_cap_holds_against_forms_sent_at_once(app: Flask, queued: Queued) -> None:
    together = Barrier(6)

    def ask() -> None:
        with app.app_context():
            together.wait(timeout=10)
            verbs.subscribe(
                email="ada@example.org", name="", language="", wording="Yes.", now=clock.now()
            )
            db.session.commit()

    with ThreadPoolExecutor(6) as pool:
        for sent in [pool.submit(ask) for _ in range(6)]:
            sent.result()

    assert len(queued("confirmation")) == 3


def test_the_confirmation_holds_nothing_a_stranger_typed(visitor: Visitor, queued: Queued) -> None:
    visitor.send("/newsletter", email="ada@example.org", name="Buy My Pills")

    (mail,) = queued()
    everything = mail.text + mail.html + mail.subject + mail.to_name + str(mail.headers)
    assert "Pills" not in everything
    assert "never write to me" in mail.text
    assert "never write to me" in mail.html


def test_what_was_agreed_to_is_kept_word_for_word(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    page = visitor.open("/newsletter").text
    visitor.send("/newsletter", email="ada@example.org")
    visitor.send(link_in(queued()[0], "confirm"))

    with app.app_context():
        consent = db.session.scalars(select(Consent)).one()
    assert consent.wording in page
    assert len(consent.wording_version) == 12
    assert consent.form == "newsletter"
    assert consent.asked_at <= consent.given_at
    assert consent.withdrawn_at is None


def test_who_is_in_already_is_told_so_by_mail_and_the_page_is_the_same(
    app: Flask, visitor: Visitor, queued: Queued, subscribers: Callable[..., None]
) -> None:
    subscribers("ada@example.org")

    answer = visitor.send("/newsletter", email="ada@example.org")

    assert (answer.status_code, answer.location) == (303, "/newsletter/check-your-mail")
    (mail,) = queued()
    assert mail.kind == "already-subscribed"
    assert "/confirm/" not in mail.text
    with app.app_context():
        assert queries.number_of_subscribers() == 1


def test_a_suppressed_address_gets_nothing_is_not_kept_and_the_page_is_the_same(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    with app.app_context():
        suppress("ada@example.org", reason="complaint", now=clock.now())
        db.session.commit()

    answer = visitor.send("/newsletter", email="ada@example.org")

    assert (answer.status_code, answer.location) == (303, "/newsletter/check-your-mail")
    assert queued() == []
    with app.app_context():
        assert db.session.scalars(select(Person)).all() == []


def test_an_address_gets_three_confirmations_a_day_and_five_in_thirty_days(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    begin = clock.now()

    def ask_four_times(day: int) -> list[str | None]:
        with time_machine.travel(begin + timedelta(days=day), tick=True):
            said = [visitor.send("/newsletter", email="ada@example.org").location for _ in "1234"]
            forms_are_answered(app)
            return said

    answers = ask_four_times(0)
    assert len(queued()) == 3
    answers += ask_four_times(2)
    assert len(queued()) == 5
    answers += ask_four_times(5)
    assert len(queued()) == 5
    answers += ask_four_times(31)
    assert len(queued()) == 8
    assert set(answers) == {"/newsletter/check-your-mail"}


def test_a_confirmation_link_expires_after_thirty_days_and_offers_to_ask_again(
    visitor: Visitor, queued: Queued
) -> None:
    visitor.send("/newsletter", email="ada@example.org")
    link = link_in(queued()[0], "confirm")

    with time_machine.travel(clock.now() + timedelta(days=31), tick=True):
        page = visitor.open(link)
        answer = visitor.fill(page, link, email="ada@example.org")

    assert page.status_code == 410
    assert (answer.status_code, answer.location) == (303, "/newsletter/check-your-mail")


def test_a_link_to_confirm_no_longer_counts_after_leaving(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    visitor.send("/newsletter", email="ada@example.org")
    link = link_in(queued()[0], "confirm")
    visitor.send(link)
    visitor.send(link_in(queued("welcome")[0], "unsubscribe"))

    page = visitor.open(link)

    assert page.status_code == 410
    with app.app_context():
        assert queries.number_of_subscribers() == 0


def test_this_was_not_me_suppresses_the_address_and_forgets_what_was_asked(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    visitor.send("/newsletter", email="ada@example.org")
    asked = queued()[0]
    link = link_in(asked, "not-me")

    answers = [visitor.send(link) for _ in range(2)]

    assert [a.location for a in answers] == ["/newsletter/never-again"] * 2
    with app.app_context():
        assert db.session.scalars(select(Person)).all() == []
    assert visitor.open(link_in(asked, "confirm")).status_code == 410
    visitor.send("/newsletter", email="ada@example.org")
    assert queued() == []


def test_a_subscriber_who_never_wants_a_mail_again_has_left(
    app: Flask, visitor: Visitor, queued: Queued, subscribers: Callable[..., None]
) -> None:
    subscribers("ada@example.org")
    visitor.send("/newsletter", email="ada@example.org")

    visitor.send(link_in(queued()[0], "not-me"))

    with app.app_context():
        assert queries.number_of_subscribers() == 0
        assert db.session.scalars(select(Consent)).one().withdrawn_through == NOT_ME


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"email": ""}, "Enter your e-mail address."),
        ({"email": "ada"}, "Enter one e-mail address"),
        ({"email": "ada@example.org, bob@example.org"}, "Enter one e-mail address"),
        ({"email": "ada@example.org\r\nBcc: bob@example.org"}, "Enter one e-mail address"),
        ({"email": "a" * 250 + "@example.org"}, "characters or fewer"),
        ({"name": "A" * 76}, "characters or fewer"),
        ({"name": "Ada\r\nBcc: bob"}, "on one line only"),
        ({"name": "Ada\x00"}, "on one line only"),
        ({"name": "<script>alert(1)</script>"}, "Enter a name"),
        ({"name": "{{ config }}"}, "Enter a name"),
        ({"name": "see www.pills.example"}, "Enter a name"),
    ],
)
def test_a_form_with_a_mistake_names_it_and_keeps_what_was_typed(
    visitor: Visitor, queued: Queued, fields: dict[str, str], complaint: str
) -> None:
    answer = visitor.send("/newsletter", **{"email": "ada@example.org", "name": "Ada", **fields})

    assert answer.status_code == 422
    assert complaint in answer.text
    assert "<script>alert" not in answer.text
    if "email" not in fields:
        assert 'value="ada@example.org"' in answer.text
    assert queued() == []


def test_without_its_form_token_a_form_is_shown_again_with_what_was_typed(
    visitor: Visitor, queued: Queued
) -> None:
    answer = visitor.send("/newsletter", email="ada@example.org", drop=("csrf_token",))

    assert answer.status_code == 400
    assert 'value="ada@example.org"' in answer.text
    assert queued() == []


@pytest.mark.parametrize("token", ["old", "forged"])
def test_an_old_or_forged_form_token_is_refused(
    visitor: Visitor, queued: Queued, token: str
) -> None:
    page = visitor.open("/newsletter")
    fields: dict[str, Any] = {"csrf_token": "x.y.z"} if token == "forged" else {}

    with time_machine.travel(clock.now() + timedelta(days=3), tick=True):
        answer = visitor.fill(page, "/newsletter", email="ada@example.org", **fields)

    assert answer.status_code == 400
    assert queued() == []


def test_a_body_of_two_million_octets_is_too_large(visitor: Visitor) -> None:
    answer = visitor.post("/newsletter/subscribe", {"email": "a" * 2_000_000})

    assert answer.status_code == 413


@pytest.mark.parametrize("page", ["confirm", "not-me", "unsubscribe"])
def test_a_garbled_link_is_refused_and_so_is_its_button(visitor: Visitor, page: str) -> None:
    for token in ("x", "1n" + "0" * 20, "WzEsIm4iXQ.abc", "١n" + "0" * 20):
        assert visitor.open(f"/{page}/{token}").status_code == 403
        assert visitor.post(f"/{page}/{token}").status_code == 403


def test_the_button_without_its_form_token_does_nothing(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    visitor.send("/newsletter", email="ada@example.org")
    asked = queued()[0]

    for link in (link_in(asked, "confirm"), link_in(asked, "not-me")):
        assert visitor.post(link).status_code == 400

    with app.app_context():
        assert queries.number_of_subscribers() == 0
        assert person_with("ada@example.org")


def test_no_public_page_of_the_newsletter_sets_a_cookie(visitor: Visitor, queued: Queued) -> None:
    answers = [visitor.send("/newsletter", email="ada@example.org")]
    link = link_in(queued()[0], "confirm")
    answers += [visitor.open("/newsletter"), visitor.open(link), visitor.send(link)]

    assert not any("Set-Cookie" in answer.headers for answer in answers)


def test_forgetting_leaves_nothing_of_a_subscriber(
    app: Flask, subscribers: Callable[..., None]
) -> None:
    subscribers("ada@example.org")

    with app.app_context():
        people.forget(person_with("ada@example.org"))
        db.session.commit()

        assert db.session.scalars(select(Consent)).all() == []
        assert queries.number_of_subscribers() == 0


def test_a_flood_from_one_connection_is_stopped_with_what_was_typed_kept(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "CLIENT_CAP", 1)
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    visitor.send("/newsletter", action="/subscribe", email="first@example.org")

    answer = visitor.send("/newsletter", action="/subscribe", email="second@example.org")

    assert answer.status_code == 429
    assert 'value="second@example.org"' in answer.text


FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://friends.example"}


def test_a_form_on_another_site_leads_through_a_page_of_ours(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    there = {"email": "ada@example.org", "name": '"><script>alert(1)</script>'}

    page = visitor.post("/newsletter/subscribe-from", there, headers=FOREIGN)

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert queued() == []
    answer = visitor.fill(page, "", name="Ada")
    assert (answer.status_code, answer.location) == (303, "/newsletter/check-your-mail")
    assert [mail.kind for mail in queued()] == ["confirmation"]
    with app.app_context():
        consent = db.session.scalars(select(Consent)).one()
        assert consent.form == "snippet"
        assert consent.wording.replace("'", "&#39;") in page.text


def test_another_site_cannot_press_the_button_of_that_page(
    visitor: Visitor, queued: Queued
) -> None:
    page = visitor.post("/newsletter/subscribe-from", {"email": "ada@example.org"}, headers=FOREIGN)
    fields = forms_in(page.text)[0]["fields"]

    for address in ("/newsletter/subscribe-here", "/newsletter/subscribe", "/newsletter/embed"):
        assert visitor.post(address, fields, headers=FOREIGN).status_code == 403

    assert queued() == []


def test_the_form_in_a_frame_may_stand_anywhere_and_answers_within_it(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    pages = [visitor.open("/newsletter/embed")]
    pages.append(visitor.send("/newsletter/embed", email="not an address"))
    answer = visitor.send("/newsletter/embed", email="ada@example.org", name="Ada")
    pages += [answer, visitor.open(answer.location)]

    assert [page.status_code for page in pages] == [200, 422, 303, 200]
    assert answer.location == "/newsletter/embed/check-your-mail"
    for page in pages:
        assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
        assert "Set-Cookie" not in page.headers
    assert "Check your mail" in pages[-1].text
    assert [mail.kind for mail in queued()] == ["confirmation"]
    with app.app_context():
        assert db.session.scalars(select(Consent)).one().form == "embed"


def test_no_other_page_may_be_framed(visitor: Visitor) -> None:
    for path in ("/newsletter", "/newsletter/subscribe-from", "/newsletter/check-your-mail"):
        policy = visitor.open(path).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy


def test_the_forms_on_other_sites_count_towards_the_same_caps(
    app: Flask, visitor: Visitor, queued: Queued
) -> None:
    for path in ("/newsletter", "/newsletter/embed", "/newsletter/subscribe-from") * 2:
        assert visitor.send(path, email="ada@example.org").status_code == 303

    assert len(queued()) == 3
