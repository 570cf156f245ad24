"""ClaimedMessage: without signing in, with one click, twice, and for ever."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.newsletter import mails, queries
from campaign.outbox.models import Message
from campaign.people import mail_links
from campaign.people import verbs as people
from campaign.people.models import Consent, Purpose
from tests.newsletter.conftest import person_with
from tests.visitor import Visitor

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def link(app: Flask, subscribers: Callable[..., None]) -> str:
    """Give the unsubscribe link of Ada, who subscribes."""
    subscribers("ada@example.org")
    with app.app_context():
        ada = person_with("ada@example.org")
        return mail_links.unsubscribe_url(mail_links.unsubscribe_token(ada.id, Purpose.NEWSLETTER))


def number(app: Flask) -> int:
    with app.app_context():
        return queries.number_of_subscribers()


def test_a_subscriber_leaves_with_the_button_of_the_page(
    app: Flask, visitor: Visitor, link: str
) -> None:
    visitor.open(link)
    assert number(app) == 1

    answer = visitor.send(link)

    assert answer.status_code == 303
    assert "You have left" in visitor.open(answer.location).text
    assert number(app) == 0
    with app.app_context():
        consent = db.session.scalars(select(Consent)).one()
    assert consent.withdrawn_through == "link"
    assert consent.withdrawn_at >= consent.given_at


def test_a_mail_program_leaves_with_one_click(app: Flask, visitor: Visitor, link: str) -> None:
    answer = visitor.post(link, ONE_CLICK)

    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert number(app) == 0


def test_one_click_may_come_as_multipart(app: Flask, visitor: Visitor, link: str) -> None:
    answer = visitor.post(link, ONE_CLICK, content_type="multipart/form-data")

    assert answer.status_code == 200
    assert number(app) == 0


FORM = "application/x-www-form-urlencoded"
PLAIN = b"List-Unsubscribe=One-Click"
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


FROM_ELSEWHERE: list[dict[str, str]] = [
    {},
    {"Origin": "https://webmail.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://mail.campaign.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Origin": "null"},
    {"Referer": "https://webmail.example/inbox", "Cookie": "session=foreign"},
]


@pytest.mark.parametrize(
    ("spelling", "body", "kind"),
    [
        ("", PLAIN, FORM),
        ("/", PLAIN, FORM),
        ("?utm_source=mail", PLAIN, f"{FORM}; charset=utf-8"),
        ("/?x", PARTS, "multipart/form-data; boundary=x"),
        ("", PLAIN + b"\r\n", FORM),
        ("/", b"list-unsubscribe=one-click", FORM),
        ("", PLAIN, None),
        ("", PLAIN, "text/plain"),
        ("", b"List-Unsubscribe=One%2DClick&x=", "application/octet-stream"),
    ],
)
def test_one_click_is_heard_however_a_mail_program_says_it(
    app: Flask, link: str, spelling: str, body: bytes, kind: str | None
) -> None:
    path = urlsplit(link).path + spelling
    answers = [
        app.test_client().post(path, data=body, content_type=kind, headers=headers)
        for headers in FROM_ELSEWHERE
    ]

    assert {(one.status_code, one.mimetype) for one in answers} == {(200, "text/plain")}
    assert not any("Set-Cookie" in one.headers for one in answers)
    assert number(app) == 0


@pytest.mark.parametrize("body", [b"", b"x" * 5000, b"List-Unsubscribe=No", b"\xff\xfe=\x00"])
def test_another_site_that_does_not_say_one_click_leaves_nobody(
    app: Flask, visitor: Visitor, link: str, body: bytes
) -> None:
    path = urlsplit(link).path
    answer = visitor.client.post(path, data=body, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 400
    assert number(app) == 1


@pytest.mark.parametrize(
    "door", ["/unsubscribe/{}/come-back", "/preferences/{}", "/not-me/{}", "/confirm/{}"]
)
def test_what_a_person_presses_is_not_pressed_from_another_site(
    app: Flask, visitor: Visitor, link: str, door: str
) -> None:
    token = link.rpartition("/")[2]

    answer = visitor.post(door.format(token), ONE_CLICK, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert number(app) == 1


def test_leaving_twice_says_the_same(app: Flask, visitor: Visitor, link: str) -> None:
    clicks = [visitor.post(link, ONE_CLICK) for _ in range(2)]
    presses = [visitor.send(link) for _ in range(2)]

    assert [(c.status_code, c.text) for c in clicks] == [(200, clicks[0].text)] * 2
    assert [(p.status_code, p.location) for p in presses] == [(303, presses[0].location)] * 2
    assert number(app) == 0


def test_a_link_works_after_ten_years(app: Flask, visitor: Visitor, link: str) -> None:
    with time_machine.travel(clock.now() + timedelta(days=3650), tick=True):
        answer = visitor.post(link, ONE_CLICK)

    assert answer.status_code == 200
    assert number(app) == 0


def test_a_link_works_after_its_person_was_forgotten_and_leaves_nobody_else(
    app: Flask, visitor: Visitor, link: str, subscribers: Callable[..., None]
) -> None:
    with app.app_context():
        people.forget(person_with("ada@example.org"))
        db.session.commit()
    subscribers("bob@example.org")

    assert visitor.post(link, ONE_CLICK).status_code == 200
    left = visitor.send(link)
    assert left.status_code == 303
    back = visitor.send(left.location)

    assert back.location == "/newsletter"
    assert number(app) == 1


def test_a_garbled_one_click_is_refused(app: Flask, visitor: Visitor, link: str) -> None:
    garbled = link[:-1] + ("0" if link[-1] != "0" else "1")

    answer = visitor.post(garbled, ONE_CLICK)

    assert answer.status_code == 403
    assert number(app) == 1


def test_the_button_without_its_form_token_is_shown_again(
    app: Flask, visitor: Visitor, link: str
) -> None:
    answer = visitor.post(link, {"List-Unsubscribe": "Two-Clicks"})

    assert answer.status_code == 400
    assert number(app) == 1


def test_who_left_by_mistake_is_asked_by_mail(
    app: Flask,
    visitor: Visitor,
    link: str,
    queued: Callable[..., list[Message]],
) -> None:
    left = visitor.send(link)

    answer = visitor.send(left.location)

    assert (answer.status_code, answer.location) == (303, "/newsletter/check-your-mail")
    assert [m.kind for m in queued()] == ["confirmation"]
    assert number(app) == 0


def test_the_headers_of_one_click_stay_on_lines_that_need_no_folding(app: Flask) -> None:
    with app.app_context():
        token = mail_links.unsubscribe_token(2_000_000_000, Purpose.NEWSLETTER)
        headers = mails.list_headers(token)

    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    https, mailto = headers["List-Unsubscribe"].split(", ")
    assert https == f"<https://campaign.example/unsubscribe/{token}>"
    assert mailto == f"<mailto:unsubscribe+{token}@campaign.example>"
    assert max(len(https), len(mailto)) < 77
    assert token == token.lower()
