"""The web server: requests come in whole before a thread is taken; nobody waits for the slow."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, Response, request, stream_with_context
from sqlalchemy import event

from campaign import public_revision, web_server
from campaign.db import db
from campaign.front.page_cache import PageCache
from campaign.web_server import Gateway, environ_of
from tests.drills.dripping import slow_clients
from tests.drills.private import private
from tests.drills.racing import make_event, sign_up
from tests.pages.making import keep, page


def scope(**own: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.7", 4711),
        **own,
    }


@pytest.fixture
def small() -> Flask:
    """Give an application that answers what it was sent, whole or in parts."""
    app = Flask("small")
    app.secret_key = "a secret"

    @app.post("/")
    def back() -> Response:
        return Response(request.get_data(), headers={"X-Length": str(request.content_length)})

    @app.get("/parts")
    def parts() -> Response:
        def pieces() -> Iterator[str]:
            for number in range(5):
                yield f"{request.args['a']}{number}".ljust(web_server.PART)

        return Response(stream_with_context(pieces()))

    return app


def ask(app: Flask, asked: dict[str, Any], pieces: list[bytes | float | None]) -> Any:
    """Send a request in pieces, numbers being seconds of silence; give what was answered.

    None is what the server makes of a piece that nobody can read.
    """
    said: list[Any] = []
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        while waiting and isinstance(waiting[0], float):
            await asyncio.sleep(waiting.pop(0))
        body = waiting.pop(0) if waiting else b""
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    # In a thread of its own: a browser of another test may have a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, Gateway(app)(asked, receive, send)).result()
    status = said[0]["status"]
    return status, b"".join(one.get("body", b"") for one in said), dict(said[0]["headers"])


def test_a_body_that_comes_in_pieces_is_whole_when_the_application_sees_it(small: Flask) -> None:
    asked = scope(headers=[(b"transfer-encoding", b"chunked"), (b"content-type", b"text/plain")])

    status, body, headers = ask(small, asked, [b"one ", 0.01, b"two ", b"three"])

    assert (status, body, headers[b"x-length"]) == (200, b"one two three", b"13")


@pytest.mark.parametrize(
    ("said", "sent", "read"),
    [(b"100", 100, 100), (b"101", 101, 0), (None, 100, 100), (None, 240, 101)],
)
def test_no_more_of_a_body_is_read_than_may_be(
    small: Flask, monkeypatch: pytest.MonkeyPatch, said: bytes | None, sent: int, read: int
) -> None:
    monkeypatch.setattr(web_server, "LARGEST_BODY", 100)
    monkeypatch.setattr(web_server, "body_limit", lambda app, environ: 100)
    length = (b"content-length", said) if said else (b"transfer-encoding", b"chunked")

    _status, body, headers = ask(small, scope(headers=[length]), [b"a"] * sent)

    assert body == b"a" * read
    assert headers[b"x-length"] == (said or str(read).encode())


@pytest.mark.parametrize(
    "pieces",
    [[b"a", 5.0], [5.0, b"a"], [b"a", 0.04, b"a", 0.04, b"a", 0.04, b"a"], [b"", 5.0, b""]],
)
def test_who_drips_a_body_is_cut_off_and_the_application_never_hears_of_it(
    small: Flask, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes | float | None]
) -> None:
    monkeypatch.setattr(web_server, "BODY_WITHIN", 0.1)
    small.wsgi_app = None  # type: ignore[assignment, method-assign]

    status, _body, headers = ask(small, scope(headers=[(b"content-length", b"100")]), pieces)

    assert (status, headers[b"connection"]) == (408, b"close")


def test_a_body_that_comes_steadily_has_the_time_it_needs(
    small: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "BODY_WITHIN", 0.1)
    pieces: list[bytes | float | None] = [b"a" * 500, 0.05] * 4 + [b"a"]

    status, body, _headers = ask(small, scope(headers=[(b"content-length", b"2001")]), pieces)

    assert (status, len(body)) == (200, 2001)


def test_both_a_length_and_pieces_are_refused(small: Flask) -> None:
    both = [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")]

    assert ask(small, scope(headers=both), [b"hello"])[0] == 400


def test_a_body_that_cannot_be_read_is_the_askers_fault_and_not_ours(small: Flask) -> None:
    small.wsgi_app = None  # type: ignore[assignment, method-assign]
    asked = scope(headers=[(b"transfer-encoding", b"chunked")])

    assert ask(small, asked, [b"a", None])[0] == 400


def test_a_long_answer_goes_out_in_parts_whichever_thread_makes_them(small: Flask) -> None:
    asked = scope(method="GET", path="/parts", query_string=b"a=x")

    status, body, _headers = ask(small, asked, [])

    assert status == 200
    assert body.split() == [b"x0", b"x1", b"x2", b"x3", b"x4"]


def test_a_fault_behind_the_application_is_an_answer(small: Flask) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("hidden")

    small.wsgi_app = fail  # type: ignore[method-assign]

    assert ask(small, scope(method="GET"), [])[0] == 500


@pytest.fixture
def kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> PageCache:
    """Give a cache that stands before the application."""
    # On a busy machine half a second passes between two requests.
    monkeypatch.setattr(public_revision, "LOOK_EVERY", 60.0)
    cache = PageCache(app, megabytes=10, proxies=0)
    monkeypatch.setitem(app.extensions, "page_cache", cache)
    monkeypatch.setattr(app, "wsgi_app", cache)
    return cache


def get(app: Flask, path: str, **headers: str) -> Any:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return ask(app, scope(method="GET", path=path, headers=told), [])


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_a_page_that_is_kept_is_the_same_and_needs_neither_thread_nor_application(
    app: Flask, encoding: str
) -> None:
    keep(app, "a.md", page(body="word " * 500))
    made = get(app, "/a", accept_encoding=encoding)

    app.wsgi_app = None  # type: ignore[assignment, method-assign]
    answer = get(app, "/a", accept_encoding=encoding)
    tag = answer[2][b"etag"].decode()
    again = get(app, "/a", accept_encoding=encoding, if_none_match=tag)

    assert {**answer[2], b"date": b""} == {**made[2], b"date": b""}
    assert answer[:2] == made[:2]
    assert again[:2] == (304, b"")


@pytest.mark.usefixtures("kept")
def test_a_large_page_that_is_kept_goes_out_in_parts(app: Flask) -> None:
    keep(app, "a.md", page(body="word " * 100_000))

    answers = [get(app, "/a") for _ in range(2)]

    assert {status for status, _body, _headers in answers} == {200}
    assert len(answers[1][1]) > web_server.PART
    assert answers[0][1] == answers[1][1]


def test_a_request_with_a_body_is_not_answered_with_a_page(app: Flask, kept: PageCache) -> None:
    get(app, "/news")
    odd = scope(method="GET", path="/news", headers=[(b"content-length", b"x")])

    assert ask(app, odd, [])[0] == 400


def test_who_asks_while_a_page_is_made_waits_for_it_without_a_thread(
    app: Flask, kept: PageCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(app, "a.md", page())
    monkeypatch.setattr(web_server, "THREADS", 1)
    begun, go_on = threading.Event(), threading.Event()

    def slow(*told: Any) -> None:
        if "FROM page" in told[2] and not begun.is_set():
            begun.set()
            go_on.wait(10)

    async def crowd() -> list[int]:
        gateway, statuses = Gateway(app), []

        async def one(path: str) -> None:
            async def send(message: Any) -> None:
                if "status" in message:
                    statuses.append(message["status"])

            await gateway(scope(method="GET", path=path), None, send)  # type: ignore[arg-type]

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(one("/a"))
            while not begun.is_set():
                await asyncio.sleep(0.01)
            for _ in range(20):
                tasks.create_task(one("/a"))
            await asyncio.sleep(0.1)
            go_on.set()
        return statuses

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", slow)
    try:
        with ThreadPoolExecutor(1) as pool:
            statuses = pool.submit(asyncio.run, crowd()).result(20)
    finally:
        event.remove(engine, "before_cursor_execute", slow)

    assert statuses == [200] * 21


@pytest.mark.parametrize(
    ("own", "name", "value"),
    [
        ({"path": "/caf\u00e9"}, "PATH_INFO", "/caf\u00c3\u00a9"),
        ({"path": "/a\udcff"}, "PATH_INFO", "/a\u00ff"),
        ({"query_string": b"q=%C3%A9&a=\xe9"}, "QUERY_STRING", "q=%C3%A9&a=\u00e9"),
        ({"headers": [(b"content-type", b"text/plain")]}, "CONTENT_TYPE", "text/plain"),
        ({"headers": [(b"x-a", b"1"), (b"x-a", b"2")]}, "HTTP_X_A", "1,2"),
        ({"headers": [(b"cookie", b"a=1"), (b"cookie", b"b=2")]}, "HTTP_COOKIE", "a=1; b=2"),
        ({"headers": [(b"x_forwarded_for", b"1.2.3.4")]}, "HTTP_X_FORWARDED_FOR", None),
        ({"headers": [(b"proxy", b"http://evil.example")]}, "HTTP_PROXY", "http://evil.example"),
        ({"client": ("2001:db8::1", 1)}, "REMOTE_ADDR", "2001:db8::1"),
        ({"client": None}, "REMOTE_ADDR", ""),
    ],
)
def test_a_request_is_said_in_the_words_of_wsgi(
    own: dict[str, Any], name: str, value: str | None
) -> None:
    assert environ_of(scope(**own)).get(name) == value


def test_only_who_has_an_organisers_session_may_send_large_files(app: Flask) -> None:
    path = "/office/newsletter/images"
    stranger = environ_of(scope(path=path))
    with app.test_client() as browser:
        with browser.session_transaction(path="/office/") as session:
            session["organiser"] = "a token"
        cookie = browser.get_cookie("session", path="/office")
    assert cookie is not None
    told = [(b"cookie", f"session={cookie.value}".encode())]
    organiser = environ_of(scope(path=path, headers=told))
    elsewhere = environ_of(scope(path="/newsletter/subscribe", headers=told))

    limits = [web_server.body_limit(app, one) for one in (stranger, elsewhere, organiser)]

    assert limits == [1_000_000, 1_000_000, 21_000_000]


def test_forty_slow_clients_hold_up_nobody() -> None:
    with private(WEB_WORKERS=1) as campaign:
        campaign.start_web()
        slug, token = make_event(campaign, capacity=100)
        with slow_clients(campaign.port, slug, 40) as slow:
            for number in range(5):
                email = f"ada{number}@example.org"
                assert sign_up(campaign, slug, token, email) == 303
            assert slow.open == 40
