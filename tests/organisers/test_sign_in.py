"""How organisers come in and go out: a link, once, within its time; a session that ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select

from campaign import clock, jobs
from campaign.db import db
from campaign.organisers import verbs
from campaign.organisers.models import OpenSession, Organiser, Role, SignInLink
from campaign.outbox.models import Message
from tests.conftest import signed_in
from tests.visitor import Visitor

ADDRESS = "ada@example.org"


@pytest.fixture
def link(app: Flask) -> str:
    """Give a fresh sign-in link of an administrator."""
    with app.app_context():
        account = verbs.add(ADDRESS, role=Role.ADMINISTRATOR, now=clock.now())
        made = verbs.make_link(account, now=clock.now())
        db.session.commit()
    return made


def cookie_of(browser: Visitor) -> Any:
    return browser.client.get_cookie("session", path="/office")


def test_a_link_signs_in_with_one_button(visitor: Visitor, link: str) -> None:
    answer = visitor.send(link)

    assert (answer.status_code, answer.location) == (303, "/office/")
    assert visitor.open("/office/").status_code == 200


def test_opening_the_link_alone_does_nothing(app: Flask, visitor: Visitor, link: str) -> None:
    page = visitor.open(link)

    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    with app.app_context():
        assert db.session.scalars(select(SignInLink)).one().used_at is None


def test_a_link_works_once(visitor: Visitor, app: Flask, link: str) -> None:
    page = visitor.open(link)
    assert visitor.fill(page, link).status_code == 303

    again = Visitor(app).open(link)
    pressed = visitor.send("/office/sign-in", email=ADDRESS)

    assert again.status_code == 410
    assert "works once" in again.text
    assert pressed.status_code == 303


def test_of_two_who_use_one_link_at_once_one_comes_in(app: Flask, link: str) -> None:
    browsers = [Visitor(app) for _ in range(4)]
    pages = [browser.open(link) for browser in browsers]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda b, p: b.fill(p, link), browsers, pages))

    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410]
    with app.app_context():
        assert len(db.session.scalars(select(OpenSession)).all()) == 1


def test_an_expired_link_lets_nobody_in(visitor: Visitor, link: str) -> None:
    page = visitor.open(link)

    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1), tick=False):
        opened = visitor.open(link)
        pressed = visitor.fill(page, link)

    assert (opened.status_code, pressed.status_code) == (410, 410)
    assert "expired" in pressed.text


def test_a_forged_link_lets_nobody_in(visitor: Visitor, link: str) -> None:
    forged = "/office/sign-in/AAAAAAAAAAAAAAAAAAAAAA"
    page = visitor.open(link)

    opened = visitor.open(forged)
    pressed = visitor.fill(page, forged, action="")

    assert opened.status_code == 403
    assert pressed.status_code == 303, "the form of the true link leads to the true link"
    token = {"csrf_token": "forged"}
    assert visitor.post(forged, token).status_code == 400


def test_a_link_is_asked_for_by_mail(
    visitor: Visitor, link: str, queued: Callable[..., Any], link_mailed: Callable[[], None]
) -> None:
    answer = visitor.send("/office/sign-in", email=" Ada@Example.org ")
    link_mailed()

    [mail] = queued("sign-in")
    mailed = next(line for line in mail.text.splitlines() if "/office/sign-in/" in line)
    assert answer.status_code == 303
    assert mail.to_address == ADDRESS
    assert mailed in mail.html
    assert visitor.send(mailed).status_code == 303


def test_the_door_does_the_same_for_an_unknown_address(
    app: Flask,
    visitor: Visitor,
    link: str,
    queued: Callable[..., Any],
    link_mailed: Callable[[], None],
) -> None:
    with app.app_context():
        engine = db.engine
    done: dict[str, list[str]] = {}
    answers = []
    for address in (ADDRESS, "bo@example.org"):
        page = visitor.open("/office/sign-in")
        statements = done.setdefault(address, [])

        def note(*said: Any, into: list[str] = statements) -> None:
            into.append(said[2])

        event.listen(engine, "before_cursor_execute", note)
        answers.append(visitor.fill(page, "/office/sign-in", email=address))
        event.remove(engine, "before_cursor_execute", note)
    before = queued()
    link_mailed()

    known, unknown = answers
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert done[ADDRESS] == done["bo@example.org"]
    assert "organiser_link_request" in "".join(done[ADDRESS])
    assert before == []
    assert [mail.to_address for mail in queued()] == [ADDRESS]
    assert visitor.open(unknown.location).status_code == 200


def test_three_links_an_hour_are_mailed_at_most(
    visitor: Visitor,
    link: str,
    queued: Callable[..., list[Message]],
    link_mailed: Callable[[], None],
) -> None:
    answers = [visitor.send("/office/sign-in", email=ADDRESS) for _ in range(5)]
    link_mailed()

    assert {answer.status_code for answer in answers} == {303}
    assert len(queued("sign-in")) == 3
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        visitor.send("/office/sign-in", email=ADDRESS)
        link_mailed()
    assert len(queued("sign-in")) == 4


def test_of_two_workers_at_once_one_mails_the_link(
    app: Flask, visitor: Visitor, link: str, queued: Callable[..., list[Message]]
) -> None:
    visitor.send("/office/sign-in", email=ADDRESS)

    def work(number: int) -> None:
        with app.app_context():
            jobs.run(verbs.SEND_LINKS)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert len(queued("sign-in")) == 1


def test_one_connection_asks_for_so_many_links_and_no_more(app: Flask, visitor: Visitor) -> None:
    most = app.config["CLIENT_CAP"]
    app.config["CLIENT_CAP"] = 2
    try:
        visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        answers = [visitor.send("/office/sign-in", email="bo@example.org") for _ in range(3)]
    finally:
        app.config["CLIENT_CAP"] = most

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "bo@example.org" in answers[-1].text


@pytest.mark.parametrize(
    "typed", ["", "ada", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"]
)
def test_what_is_not_one_address_is_shown_again(visitor: Visitor, typed: str) -> None:
    answer = visitor.send("/office/sign-in", email=typed)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_a_form_without_its_token_is_kept_and_can_be_sent_again(
    visitor: Visitor, link: str, queued: Callable[..., Any], link_mailed: Callable[[], None]
) -> None:
    answer = visitor.send("/office/sign-in", email=ADDRESS, drop=("csrf_token",))

    assert answer.status_code == 400
    assert ADDRESS in answer.text
    assert visitor.fill(answer, "/office/sign-in").status_code == 303
    link_mailed()
    assert len(queued("sign-in")) == 1


def test_after_signing_in_one_is_where_one_wanted_to_be(
    app: Flask, visitor: Visitor, link: str
) -> None:
    turned_away = visitor.open("/office/outbox?state=failed")
    visitor.open(turned_away.location)

    answer = visitor.send(link)

    assert answer.location == "/office/outbox?state=failed"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example/office/",
        "https://evil.example/office/",
        "/office/..//evil.example\r\nX: y",
        "/office\\evil.example",
        "/events",
        "/office/sign-out",
    ],
)
def test_signing_in_never_leads_out_of_the_office(
    visitor: Visitor, link: str, elsewhere: str
) -> None:
    visitor.client.get("/office/sign-in", query_string={"next": elsewhere})

    assert visitor.send(link).location == "/office/"


def test_what_was_planted_in_the_browser_is_gone_after_signing_in(
    visitor: Visitor, link: str
) -> None:
    page = visitor.open(link)
    with visitor.client.session_transaction("/office/") as session:
        session["planted"] = "by somebody else"
        session["organiser"] = "a token of somebody else"
        form_token = session["csrf_token"]

    visitor.fill(page, link)

    with visitor.client.session_transaction("/office/") as session:
        assert set(session) == {"organiser", "csrf_token", "_permanent"}
        assert session["organiser"] != "a token of somebody else"
        assert session["csrf_token"] != form_token


def test_the_cookie_is_for_the_office_alone_and_out_of_reach_of_scripts(
    visitor: Visitor, link: str
) -> None:
    cookie = visitor.send(link).headers["Set-Cookie"]

    for part in ("HttpOnly", "SameSite=Lax", "Path=/office", "Secure"):
        assert part in cookie


def test_signing_out_ends_the_session_wherever_it_was_copied(
    app: Flask, organiser: Visitor
) -> None:
    stolen = Visitor(app)
    cookie = cookie_of(organiser)
    stolen.client.set_cookie("session", cookie.value, path="/office")
    assert stolen.open("/office/").status_code == 200

    answer = organiser.send("/office/", action="/office/sign-out")

    assert (answer.status_code, answer.location) == (303, "/office/sign-in")
    assert organiser.open("/office/").status_code == 303
    assert stolen.open("/office/").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(OpenSession)).all() == []


def test_signing_out_twice_is_no_trouble(organiser: Visitor) -> None:
    page = organiser.open("/office/")
    organiser.fill(page, "/office/", action="/office/sign-out")

    answer = organiser.fill(page, "/office/", action="/office/sign-out")

    assert answer.status_code in {303, 400}


@pytest.mark.parametrize("rubbish", ["x", "a.b.c", "=" * 3000, "eyJvcmdhbmlzZXIiOjF9.x.y", "é"])
def test_a_cookie_of_rubbish_is_just_not_signed_in(visitor: Visitor, rubbish: str) -> None:
    headers = {"Cookie": f"session={rubbish}"}

    assert visitor.client.get("/office/", headers=headers).status_code == 303
    assert visitor.client.get("/office/sign-in", headers=headers).status_code == 200


@pytest.mark.parametrize("content", [1, None, ["x"], {"a": 1}, "unknown token"])
def test_a_session_of_odd_content_is_just_not_signed_in(visitor: Visitor, content: Any) -> None:
    with visitor.client.session_transaction("/office/") as session:
        session["organiser"] = content

    assert visitor.open("/office/").status_code == 303


def test_a_session_ends_after_30_days_even_in_daily_use(organiser: Visitor) -> None:
    start = clock.now()

    for day in range(1, 30):
        with time_machine.travel(start + timedelta(days=day)):
            assert organiser.open("/office/").status_code == 200

    with time_machine.travel(start + timedelta(days=30, minutes=1)):
        assert organiser.open("/office/").status_code == 303


def test_a_session_unused_for_7_days_ends(app: Flask, organiser: Visitor) -> None:
    start = clock.now()
    cookie = cookie_of(organiser)
    copy = Visitor(app)
    copy.client.set_cookie("session", cookie.value, path="/office")

    with time_machine.travel(start + timedelta(days=6, hours=23)):
        assert copy.open("/office/").status_code == 200
    with time_machine.travel(start + timedelta(days=7, minutes=1)):
        assert organiser.open("/office/").status_code == 303


def test_when_an_organiser_was_seen_is_noted_to_the_hour_and_not_by_looking(app: Flask) -> None:
    start = clock.now()
    admin = signed_in(app, Role.ADMINISTRATOR)

    def seen_at() -> Any:
        with app.app_context():
            return db.session.scalars(select(Organiser.last_seen_at)).first()

    first = seen_at()
    with time_machine.travel(start + timedelta(hours=2)):
        admin.open("/office/")
    assert seen_at() == first
    with time_machine.travel(start + timedelta(hours=3)):
        admin.send("/office/organisers", action="/office/organisers", email="new@example.org")
    assert seen_at() - first > timedelta(hours=2)


def test_what_is_over_is_tidied_away(app: Flask, organiser: Visitor) -> None:
    with app.app_context():
        verbs.tidy(now=clock.now())
        assert len(db.session.scalars(select(OpenSession)).all()) == 1

        verbs.tidy(now=clock.now() + timedelta(days=120))

        assert db.session.scalars(select(OpenSession)).all() == []
        assert db.session.scalars(select(SignInLink)).all() == []
