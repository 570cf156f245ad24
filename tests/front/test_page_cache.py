"""The page cache: what strangers share is made once a change, and nothing else is kept."""

import gzip
import re
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import brotli
import pytest
from flask import Flask
from sqlalchemy import event, text
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client, TestResponse

from campaign import public_revision
from campaign.app import PUBLIC
from campaign.db import db
from campaign.events import verbs as events_verbs
from campaign.events.models import Event
from campaign.front import page_cache
from campaign.front.at_hand import AnswerAtHand
from campaign.front.kept_page import KeptPage, Shelf
from campaign.front.page_cache import PageCache
from tests.events.conftest import PARTICULARS
from tests.events.deeds import with_people
from tests.pages.making import keep, page
from tests.visitor import forms_in

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LONG = "word " * 500


def an_event(app: Flask, **otherwise: Any) -> Event:
    """Plan an event."""
    with app.app_context():
        meeting = events_verbs.plan(now=NOW, **{**PARTICULARS, **otherwise})
        db.session.commit()
        return meeting


class Reader:
    """A stranger's browser before the cache."""

    def __init__(self, cache: Any) -> None:
        self.client = Client(cache, use_cookies=False)

    def open(self, path: str, **headers: str) -> TestResponse:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=told, base_url="https://campaign.example")


@pytest.fixture
def cache(app: Flask) -> PageCache:
    """Give the application with a cache before it."""
    return PageCache(app, megabytes=1, proxies=0)


@pytest.fixture
def reader(cache: PageCache) -> Reader:
    """Give a stranger's browser."""
    return Reader(cache)


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Note what the database is asked, but for the revision."""
    asked: list[str] = []

    def note(*told: Any) -> None:
        if not told[2].startswith(("BEGIN", "PRAGMA")) and "FROM public_revision" not in told[2]:
            asked.append(told[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_a_page_that_is_kept_asks_the_database_nothing(app: Flask, reader: Reader) -> None:
    keep(app, "a.md", page(body="Some words."))
    made = reader.open("/a")

    with statements(app) as asked:
        kept = reader.open("/a")

    assert asked == []
    assert (kept.status_code, kept.data) == (200, made.data)


def test_a_change_is_seen_at_once_by_the_process_that_made_it(app: Flask, reader: Reader) -> None:
    keep(app, "a.md", page(body="Before."))
    before = reader.open("/a")

    keep(app, "a.md", page(body="After."))
    after = reader.open("/a")

    assert "Before." in before.text
    assert "After." in after.text
    assert before.headers["ETag"] != after.headers["ETag"]


def test_a_change_made_elsewhere_is_seen_within_a_second(app: Flask, reader: Reader) -> None:
    keep(app, "a.md", page(body="Before."))
    reader.open("/a")

    with app.app_context(), db.engine.connect() as connection:
        # As another process does it: nothing in this one is told.
        elsewhere = connection.execution_options(raises_public_revision=False)
        with elsewhere.begin():
            elsewhere.execute(text("UPDATE page SET title = 'After.', changed_at = '2030-01-01'"))
            elsewhere.execute(text("UPDATE public_revision SET number = number + 1"))
    until = time.monotonic() + 1
    while "After." not in reader.open("/a").text:
        assert time.monotonic() < until, "the page of before is still shown"
        time.sleep(0.05)


def test_what_does_not_change_a_page_leaves_it_its_tag_and_its_date(
    app: Flask, reader: Reader
) -> None:
    keep(app, "a.md", page())
    before = reader.open("/a")

    keep(app, "b.md", page(title="Another page"))
    after = reader.open("/a")

    assert after.headers["ETag"] == before.headers["ETag"]
    assert after.headers["Last-Modified"] == before.headers["Last-Modified"]


@pytest.mark.parametrize("encoding", ["", "gzip", "br", "gzip, deflate, br"])
def test_a_kept_answer_is_the_one_that_is_made_for_every_public_address(
    starter: Flask, encoding: str
) -> None:
    made, reader = Reader(starter.wsgi_app), Reader(PageCache(starter, megabytes=8, proxies=0))
    kept = 0
    for address in addresses_of_strangers(starter):
        ours = made.open(address, Accept_Encoding=encoding)
        reader.open(address, Accept_Encoding=encoding)
        theirs = reader.open(address, Accept_Encoding=encoding)

        assert theirs.status_code == ours.status_code, address
        differing = {name for name, _ in set(ours.headers) ^ set(theirs.headers)}
        if "Last-Modified" in differing:
            kept += 1
        # A form's token tells when it was made, so its page has another tag each time.
        if forms_in(decoded(ours).decode(errors="replace")):
            differing -= {"ETag", "Content-Length"}
        else:
            assert decoded(ours) == decoded(theirs), address
        # Two moments, maybe.
        assert differing <= {"Last-Modified", "Date"}, address
        assert ("Date" in theirs.headers) == ("Date" in ours.headers), address
    assert kept > 20


def addresses_of_strangers(app: Flask) -> list[str]:
    """List what a stranger can open: what the sitemap names, and what needs no name."""
    sitemap = Reader(app.wsgi_app).open("/sitemap.xml").text
    named = re.findall(r"<loc>https://campaign\.example([^<]*)</loc>", sitemap)
    files = [f"{path}.ics" for path in named if path.startswith(("/events/", "/actions/"))]
    unnamed = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in PUBLIC
        and not rule.arguments
        and "GET" in (rule.methods or ())
    ]
    return sorted({*named, *files, *unnamed})


def decoded(answer: TestResponse) -> bytes:
    encoding = answer.headers.get("Content-Encoding", "")
    if encoding == "br":
        return bytes(brotli.decompress(answer.data))
    return gzip.decompress(answer.data) if encoding == "gzip" else answer.data


@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_who_has_the_page_is_told_so_in_few_bytes(
    app: Flask, reader: Reader, encoding: str
) -> None:
    keep(app, "a.md", page(body=LONG))
    first = reader.open("/a", Accept_Encoding=encoding)
    tag = first.headers["ETag"]

    again = reader.open("/a", Accept_Encoding=encoding, If_None_Match=f'"x", {tag}')
    other = reader.open("/a", Accept_Encoding="identity", If_None_Match='"x"')

    assert not tag.startswith("W/")
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert again.headers.get("Vary") == first.headers.get("Vary")
    assert "Content-Encoding" not in again.headers
    assert other.status_code == 200


def test_each_encoding_has_its_own_tag_and_the_best_one_is_given(
    app: Flask, reader: Reader
) -> None:
    keep(app, "a.md", page(body=LONG))

    answers = {
        wish: reader.open("/a", Accept_Encoding=wish)
        for wish in ("identity", "gzip", "br", "gzip, br;q=0.5", "br;q=0", "*", "x" * 10_000)
    }

    given = {wish: one.headers.get("Content-Encoding") for wish, one in answers.items()}
    assert list(given.values()) == [None, "gzip", "br", "gzip", None, "gzip", None]
    assert len({one.headers["ETag"] for one in answers.values()}) == 3
    assert len({decoded(one) for one in answers.values()}) == 1


def test_a_head_has_the_headers_and_no_body(app: Flask, reader: Reader) -> None:
    keep(app, "a.md", page(body=LONG))
    whole = reader.open("/a")

    head = reader.client.head("/a", base_url="https://campaign.example")

    assert head.data == b""
    assert dict(head.headers) == dict(whole.headers)


def test_parameters_that_no_page_reads_make_no_page_of_their_own(
    app: Flask, reader: Reader
) -> None:
    reader.open("/events")

    with statements(app) as asked:
        for number in range(20):
            assert reader.open(f"/events?utm_source={number}").status_code == 200

    assert asked == []


def test_each_value_of_a_parameter_that_is_read_has_its_page(app: Flask, reader: Reader) -> None:
    an_event(app, title="In Berlin", city="Berlin", country="DE")
    an_event(app, title="In Paris", city="Paris", country="FR")

    for _ in range(2):
        found = {code: reader.open(f"/events.ics?country={code}").text for code in ("DE", "FR")}

        assert "Berlin" in found["DE"]
        assert "Paris" not in found["DE"]
        assert "Paris" in found["FR"]
        assert "Berlin" in reader.open("/events.ics").text


def test_no_page_passes_for_one_whose_parameters_are_not_known_any_more(
    app: Flask, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for city in ("Berlin", "Paris"):
        an_event(app, title=f"In {city}", city=city)
    reader.open("/events")
    # So many addresses are known that it begins anew, and this page reads no `q`.
    monkeypatch.setattr(page_cache, "MOST_ADDRESSES", 1)
    reader.open("/events?when=past")

    found = reader.open("/events?q=Paris").text

    assert "In Paris" in found
    assert "In Berlin" not in found


def test_what_somebody_has_typed_is_not_kept(app: Flask, reader: Reader) -> None:
    keep(app, "a.md", page(body="Some words."))
    reader.open("/search?q=words")

    with statements(app) as asked:
        reader.open("/search?q=words")

    assert asked != []


def test_languages_are_kept_apart(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "LANGUAGES", ["en", "de"])
    reader = Reader(PageCache(app, megabytes=1, proxies=0))

    for _ in range(2):
        spoken = {
            wish: reader.open("/newsletter", Accept_Language=wish).text
            for wish in ("en", "de", "fr", "de-AT")
        }

        assert 'lang="en"' in spoken["en"]
        assert 'lang="de"' in spoken["de"]
        assert 'lang="en"' in spoken["fr"]
        assert 'lang="de"' in spoken["de-AT"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "a=b; session=rubbish"},
        {"Authorization": "Bearer x"},
        {"Range": "bytes=0-9"},
    ],
)
def test_whoever_comes_with_something_of_their_own_gets_the_normal_way(
    app: Flask, reader: Reader, headers: dict[str, str]
) -> None:
    keep(app, "a.md", page())
    reader.open("/a")

    with statements(app) as asked:
        answer = reader.open("/a", **headers)

    assert answer.status_code == 200
    assert asked != []


def test_what_is_not_there_is_not_kept(app: Flask, cache: PageCache, reader: Reader) -> None:
    missing = reader.open("/a")

    keep(app, "a.md", page())

    assert missing.status_code == 404
    assert reader.open("/a").status_code == 200


@pytest.mark.parametrize(
    "address", ["/health/live", "/place/a-token", "/unsubscribe/a-token", "/mailbox/", "/office/"]
)
def test_answers_that_are_for_one_reader_are_not_kept(reader: Reader, address: str) -> None:
    for _ in range(2):
        answer = reader.open(address)

        assert "Last-Modified" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


def test_numbers_of_people_are_new_after_some_seconds(
    app: Flask, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = an_event(app, capacity=50)
    address = f"/events/{meeting.slug}"
    before = reader.open(address)
    with_people(app, meeting, "ada")

    soon = reader.open(address)
    began = time.time()
    monkeypatch.setattr(page_cache.time, "time", lambda: began + page_cache.SHORT + 1)
    later = reader.open(address)

    assert soon.headers["ETag"] == before.headers["ETag"]
    assert later.headers["ETag"] != before.headers["ETag"]


def test_the_form_of_a_kept_page_can_be_sent(app: Flask, reader: Reader) -> None:
    reader.open("/newsletter")
    form = next(
        one for one in forms_in(reader.open("/newsletter").text) if "csrf_token" in one["fields"]
    )

    answer = reader.client.post(
        form["action"],
        data=form["fields"] | {"email": "ada@example.org"},
        base_url="https://campaign.example",
    )

    assert answer.status_code == 303


def test_of_many_who_ask_at_once_one_has_the_page_made(app: Flask, cache: PageCache) -> None:
    keep(app, "a.md", page(body="Before."))
    makers: list[int] = []

    def slow(*told: Any) -> None:
        if "FROM page" in told[2]:
            makers.append(threading.get_ident())
            time.sleep(0.05)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", slow)
    try:
        with ThreadPoolExecutor(10) as crowd:
            first = list(crowd.map(lambda _: Reader(cache).open("/a"), range(30)))
            made_by = set(makers)
            keep(app, "a.md", page(body="After."))
            makers.clear()
            second = list(crowd.map(lambda _: Reader(cache).open("/a"), range(30)))
    finally:
        event.remove(engine, "before_cursor_execute", slow)

    assert {one.status_code for one in first + second} == {200}
    assert len(made_by) == 1
    assert len(set(makers)) == 1
    # Whoever came while it was made has the one before, and nobody waited for more than that.
    assert {"Before." in one.text or "After." in one.text for one in second} == {True}
    assert "After." in Reader(cache).open("/a").text


def test_memory_is_bounded_and_made_up_queries_push_out_no_page(
    app: Flask, cache: PageCache, reader: Reader
) -> None:
    keep(app, "a.md", page(body=LONG))
    reader.open("/a")

    for number in range(300):
        reader.open(f"/events.ics?country={number}")

    with statements(app) as asked_of:
        reader.open("/a")
    assert asked_of == []
    assert cache.weight <= 1_000_000


def test_a_shelf_gives_up_what_was_asked_for_longest_ago() -> None:
    def of(size: int) -> KeptPage:
        return KeptPage([], b"x" * size, "", "", 0, 0.0, 1.0, is_text=False, is_since=0.0)

    shelf = Shelf(3 * of(1000).weight)
    for name in "abc":
        shelf.put(name, of(1000))
    shelf.get("a")
    shelf.put("d", of(1000))

    assert [name for name in "abcd" if shelf.get(name)] == ["a", "c", "d"]
    assert shelf.weight == 3 * of(1000).weight


def test_a_page_that_is_too_large_for_the_shelf_pushes_out_no_other() -> None:
    def of(size: int) -> KeptPage:
        return KeptPage([], b"x" * size, "", "", 0, 0.0, 1.0, is_text=False, is_since=0.0)

    shelf = Shelf(of(5000).weight)
    shelf.put("a", of(500))
    shelf.put("feed", of(5001))

    assert shelf.get("a")
    assert not shelf.get("feed")
    assert shelf.weight == of(500).weight


@pytest.mark.parametrize("known", [True, False])
def test_an_answer_at_hand_holds_no_more_than_what_is_sent(known: bool) -> None:
    page = KeptPage([], b"x" * 1000, "tag", "", 0, 0.0, 1.0, is_text=True, is_since=0.0)
    asked = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "gzip"}
    answer = AnswerAtHand(page, asked | ({"HTTP_IF_NONE_MATCH": '"tag-gzip"'} if known else {}))
    put_away = weakref.ref(page)

    del page

    assert put_away() is None
    assert answer.status == (304 if known else 200)


@pytest.mark.parametrize("proxies", [0, 1])
def test_only_a_proxy_that_is_trusted_says_that_it_is_tls(
    app: Flask, monkeypatch: pytest.MonkeyPatch, proxies: int
) -> None:
    keep(app, "a.md", page())
    monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_proto=proxies))
    browser = Client(PageCache(app, megabytes=1, proxies=proxies), use_cookies=False)

    for _ in range(2):
        told = {
            scheme: browser.get("/a", headers={"X-Forwarded-Proto": scheme}).headers
            for scheme in ("http", "https")
        }

        assert "Strict-Transport-Security" not in told["http"]
        assert ("Strict-Transport-Security" in told["https"]) == bool(proxies)


def test_the_revision_is_read_once_in_a_while_and_not_for_each_page(
    app: Flask, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(app, "a.md", page())
    reader.open("/a")
    monkeypatch.setattr(public_revision, "LOOK_EVERY", 60.0)
    reads: list[str] = []

    def note(*told: Any) -> None:
        reads.append(told[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    for _ in range(50):
        reader.open("/a")
    event.remove(engine, "before_cursor_execute", note)

    assert reads == []
