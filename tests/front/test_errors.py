"""Whatever goes wrong is answered with a page of its own, and nothing is done by halves."""

import sqlite3
import time
from collections.abc import Callable
from importlib.resources import files

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import (
    BadGateway,
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    ImATeapot,
    InternalServerError,
    RequestEntityTooLarge,
    ServiceUnavailable,
    TooManyRequests,
    UnprocessableEntity,
)

from campaign import clock
from campaign.db import db
from campaign.front import errors
from campaign.letters import verbs as letters
from campaign.pages.models import Page
from campaign.refusals import Refusal
from campaign.summits import verbs as summits
from tests.front.others import full_disk
from tests.pages.making import keep, page
from tests.visitor import Visitor, forms_in


@pytest.fixture
def raising(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Have the list of news raise something, as a fault in it would."""

    def choose(trouble: BaseException) -> None:
        def fail() -> None:
            raise trouble

        monkeypatch.setitem(app.view_functions, "pages.news", fail)

    return choose


@pytest.mark.parametrize(
    ("trouble", "status", "title"),
    [
        (BadRequest(), 400, "We could not read that"),
        (Forbidden(), 403, "We could not do that"),
        (Conflict(), 409, "That did not work"),
        (Gone(), 410, "This link has expired"),
        (RequestEntityTooLarge(), 413, "That is too large"),
        (ImATeapot(), 418, "We could not read that"),
        (UnprocessableEntity(), 422, "Something needs to be corrected"),
        (TooManyRequests(retry_after=60), 429, "Too many at once"),
        (InternalServerError(), 500, "Something broke on our side"),
        (RuntimeError("a secret"), 500, "Something broke on our side"),
        (BadGateway(), 502, "Something broke on our side"),
        (ServiceUnavailable(), 503, "We are not ready yet"),
        (Refusal("You were too late."), 409, "You were too late."),
    ],
)
def test_each_trouble_has_its_page(
    raising: Callable[[BaseException], None],
    visitor: Visitor,
    trouble: BaseException,
    status: int,
    title: str,
) -> None:
    raising(trouble)

    answer = visitor.open("/news")

    assert answer.status_code == status
    assert title in answer.text
    assert answer.text.count("<h1>") == 1
    assert "<main" in answer.text
    assert 'content="noindex"' in answer.text
    assert "canonical" not in answer.text
    assert "a secret" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.get("Retry-After") == ("60" if status == 429 else None)
    assert "Content-Security-Policy" in answer.headers


def test_a_deed_that_breaks_is_undone(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page("As it was"))

    def spoil() -> None:
        db.session.scalars(select(Page)).one().title = "Spoilt"
        db.session.flush()
        raise RuntimeError

    app.view_functions["newsletter.subscribe"], kept = (
        spoil,
        app.view_functions["newsletter.subscribe"],
    )
    try:
        answer = visitor.post("/newsletter/subscribe")
    finally:
        app.view_functions["newsletter.subscribe"] = kept

    assert answer.status_code == 500
    assert "As it was" in visitor.open("/a").text


def test_a_wrong_method_is_told_the_right_ones(visitor: Visitor) -> None:
    answer = visitor.post("/news")

    assert answer.status_code == 405
    assert "That cannot be done here" in answer.text
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_without_the_database_the_page_says_so_and_has_its_menu(broken: Flask) -> None:
    answer = broken.test_client().get("/proposal")

    assert answer.status_code == 503
    assert "We are not ready yet" in answer.text
    assert '<a href="/write">Write to your minister</a>' in answer.text


def test_when_even_the_page_breaks_there_are_words(
    raising: Callable[[BaseException], None], visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(RuntimeError("a secret"))
    monkeypatch.setattr(errors, "render_template", None)

    answer = visitor.open("/news")

    assert answer.status_code == 500
    assert answer.mimetype == "text/plain"
    assert answer.text.startswith("Something broke on our side")
    assert "a secret" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/%ff", "/%00", "/news/%00", "/events/%00", "/write/%00", "/confirm/%00", "/summits/%00"],
)
def test_odd_bytes_in_an_address_are_no_fault_of_ours(visitor: Visitor, path: str) -> None:
    answer = visitor.open(path)

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/", "/news", "/events", "/write", "/events.ics"])
def test_a_nul_in_a_question_is_not_understood(visitor: Visitor, path: str) -> None:
    answer = visitor.open(f"{path}?country=%00&page=%00&action=%00")

    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/", "/news", "/events", "/write", "/events.ics", "/sitemap.xml"])
def test_odd_questions_are_no_fault_of_ours(visitor: Visitor, path: str) -> None:
    odd = (
        "%ff%fe&country=%F0%9F%98%80&country=a%0d%0ab&action='%22%3C&page=%25&%3D=&[]=1"
        + "x" * 4000
    )

    answer = visitor.open(f"{path}?{odd}")

    assert answer.status_code < 500


LETTER = {
    "name": "Ada Example",
    "email": "ada@example.org",
    "own_words": "I teach physics in Leeds.\nMy pupils ask <b>me</b>.",
}
FORMS = [
    ("letters.finish", "/write/gb", LETTER),
    ("newsletter.subscribe", "/newsletter/subscribe", {"email": "ada@example.org", "name": "Ada"}),
    ("sign_ups.sign_up", "/events/oslo/sign-up?via=poster", {"name": "Ada", "guests": "2"}),
]


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (OperationalError("", {}, sqlite3.OperationalError("database or disk is full")), 503),
        (RuntimeError("a fault of ours"), 500),
        (ServiceUnavailable(), 503),
    ],
)
@pytest.mark.parametrize(("endpoint", "path", "typed"), FORMS, ids=[form[0] for form in FORMS])
def test_what_was_typed_is_kept_when_a_form_meets_a_fault_of_ours(
    app: Flask,
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
    status: int,
    endpoint: str,
    path: str,
    typed: dict[str, str],
) -> None:
    def fail(**_: str) -> None:
        raise trouble

    monkeypatch.setitem(app.view_functions, endpoint, fail)

    answer = visitor.client.post(path, data={**typed, "csrf_token": "token"})

    assert answer.status_code == status
    [form] = [one for one in forms_in(answer.text) if one["method"] == "post"]
    assert form["action"] == path
    assert form["fields"] == {**typed, "csrf_token": "token"}
    assert "<b>" not in answer.text


def test_a_page_about_trouble_asks_nothing_of_what_is_in_trouble(
    app: Flask, raising: Callable[[BaseException], None], visitor: Visitor
) -> None:
    raising(OperationalError("", {}, sqlite3.OperationalError("database is locked")))
    asked = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    try:
        answer = visitor.open("/news")
    finally:
        with app.app_context():
            event.remove(db.engine, "before_cursor_execute", note)

    assert answer.status_code == 503
    assert asked == []


def test_a_letter_is_not_lost_on_a_full_disk(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        summits.load_starter(files("campaign.starter"), now=clock.now())
        letters.load_starter(files("campaign.starter"), now=clock.now())
        db.session.commit()
        is_sqlite = db.engine.dialect.name == "sqlite"
    if not is_sqlite:
        # Its disk is another program's.
        return

    with full_disk():
        answer = visitor.send("/write/gb", **LETTER)
    fields = next(one for one in forms_in(answer.text) if one["method"] == "post")["fields"]
    again = visitor.client.post("/write/gb", data=fields)

    assert answer.status_code == 503
    assert fields["own_words"] == LETTER["own_words"]
    assert again.status_code == 303


def test_a_locked_database_is_waited_for_once_and_pages_are_read_meanwhile(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        url = db.engine.url
    if not url.drivername.startswith("sqlite"):
        # There nobody waits but for the row they change.
        return
    monkeypatch.setattr("campaign.sqlite_locks.LOCK_WAIT_OF_A_VISITOR", 1)
    page_before = visitor.open("/newsletter")
    other = sqlite3.connect(url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        began = time.monotonic()
        answer = visitor.fill(page_before, "/newsletter", email="ada@example.org")
        waited = time.monotonic() - began
        page_meanwhile = visitor.open("/newsletter")
    finally:
        other.close()
    again = visitor.fill(answer, "/newsletter/subscribe")

    assert (answer.status_code, page_meanwhile.status_code) == (503, 200)
    assert 1 <= waited < 2
    assert again.status_code == 303
