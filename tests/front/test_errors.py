"""Whatever goes wrong is answered with a page of its own, and nothing is done by halves."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
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

from campaign.db import db
from campaign.front import errors
from campaign.pages.models import Page
from campaign.refusals import Refusal
from tests.pages.making import keep, page
from tests.visitor import Visitor


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
