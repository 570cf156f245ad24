"""The manners of every answer: headers, caches, compression, and what is refused at the door."""

import gzip
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select

from campaign import config
from campaign.app import PUBLIC
from campaign.db import db
from campaign.front import http_headers
from tests.pages.making import keep, page
from tests.visitor import Visitor

ADDRESSES = [
    "/", "/news", "/news/feed.xml", "/events", "/events.ics", "/write", "/newsletter", "/summits",
    "/sitemap.xml", "/robots.txt", "/nothing-here", "/proposal/",
]  # fmt: skip
RUBBISH = ["session=rubbish", "session=\xff\xfe", "session=" + "A" * 8000, "a=b; =; ;;;", "session"]

# As a server hands over a body without a length that it has not read (RFC 9112 section 7.1).
IN_PIECES = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


def get(visitor: Visitor, path: str, **headers: str):  # type: ignore[no-untyped-def]
    return visitor.client.get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_to_strangers_is_well_mannered(visitor: Visitor, path: str) -> None:
    answer = visitor.open(path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_over_tls_browsers_are_told_to_stay_with_it(visitor: Visitor) -> None:
    plain = visitor.client.get("/", base_url="http://campaign.example")
    over_tls = visitor.client.get("/", base_url="https://campaign.example")

    assert "Strict-Transport-Security" not in plain.headers
    assert over_tls.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize("cookie", RUBBISH)
def test_a_cookie_of_rubbish_changes_nothing(visitor: Visitor, cookie: str) -> None:
    for path in ("/", "/news", "/newsletter"):
        answer = get(visitor, path, Cookie=cookie)

        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/a", "/news", "/robots.txt"])
def test_a_page_is_not_sent_twice_to_whoever_has_it(
    app: Flask, visitor: Visitor, path: str
) -> None:
    keep(app, "a.md", page(body="word " * 500))
    first = get(visitor, path, Accept_Encoding="gzip")

    again = get(visitor, path, Accept_Encoding="gzip", If_None_Match=first.headers["ETag"])

    assert first.headers["Cache-Control"] == http_headers.SHARED
    assert again.status_code == 304
    assert again.data == b""


def test_a_page_that_changed_is_sent(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page("One"))
    first = visitor.open("/a")
    keep(app, "a.md", page("Two"))

    again = get(visitor, "/a", If_None_Match=first.headers["ETag"])

    assert again.status_code == 200
    assert "Two" in again.text


def test_text_is_compressed_for_whoever_takes_it(app: Flask, visitor: Visitor) -> None:
    keep(app, "a.md", page(body="word " * 500))

    packed, plain = get(visitor, "/a", Accept_Encoding="gzip"), visitor.open("/a")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_the_stylesheet_is_compressed_and_kept_for_ever(visitor: Visitor) -> None:
    with get(visitor, "/static/css/main.css?v=1", Accept_Encoding="gzip") as answer:
        body = gzip.decompress(answer.data)

    assert body == (config.ROOT / "static/css/main.css").read_bytes()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_office_is_neither_compressed_nor_kept(organiser: Visitor) -> None:
    answer = get(organiser, "/office/", Accept_Encoding="gzip")

    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/a", "/news/feed.xml", "/nothing", "/health/live"])
def test_a_head_is_what_the_page_would_be_without_its_body(
    app: Flask, visitor: Visitor, path: str
) -> None:
    keep(app, "a.md", page())

    head, whole = visitor.client.head(path), visitor.open(path)

    assert head.status_code == whole.status_code
    assert head.data == b""
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert head.headers.get("ETag") == whole.headers.get("ETag")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://campaign.example"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://campaign.example.evil.example"},
        {"Origin": "https://campaign.example@evil.example"},
        {"Origin": "https://evil.example/campaign.example"},
        {"Origin": "rubbish"},
        {"Origin": "https://[::1"},
        {"Origin": ""},
    ],
)
def test_a_form_that_another_site_sends_is_refused(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    answer = visitor.post("/newsletter/subscribe", {"email": "a@example.org"}, headers=headers)

    assert answer.status_code == 403
    assert "We could not do that" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://campaign.example"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://campaign.example"},
    ],
)
def test_a_form_of_ours_is_heard(visitor: Visitor, headers: dict[str, str]) -> None:
    answer = visitor.post("/newsletter/subscribe", {"email": "no address"}, headers=headers)

    # Refused by the form itself: it lacks its token.
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/newsletter/subscribe", "/write/gb", "/confirm/x", "/nothing"])
def test_fifty_megabytes_are_too_much(visitor: Visitor, path: str) -> None:
    answer = visitor.client.post(
        path,
        content_type="application/x-www-form-urlencoded",
        data=b"email=" + b"x" * 1000,
        environ_overrides={"CONTENT_LENGTH": "50000000"},
    )

    assert answer.status_code == 413
    assert "That is too large" in answer.text


def test_a_large_body_that_tells_no_length_is_too_much(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/newsletter/subscribe",
        content_type="application/x-www-form-urlencoded",
        input_stream=BytesIO(b"email=" + b"x" * 1_500_000),
        environ_overrides=IN_PIECES,
    )

    assert answer.status_code == 413


def test_a_form_that_tells_no_length_is_read(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/newsletter/subscribe",
        content_type="application/x-www-form-urlencoded",
        input_stream=BytesIO(b"email=ada%40example.org"),
        environ_overrides=IN_PIECES,
    )

    assert answer.status_code == 400
    assert "ada@example.org" in answer.text


def test_a_body_somewhat_too_large_is_too_much(visitor: Visitor) -> None:
    answer = visitor.client.post(
        "/newsletter/subscribe",
        content_type="application/x-www-form-urlencoded",
        data=b"email=" + b"x" * 1_000_001,
    )

    assert answer.status_code == 413


def test_opening_a_page_changes_nothing(starter: Flask, visitor: Visitor) -> None:
    def rows() -> dict[str, int]:
        with starter.app_context():
            return {
                table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
                for table in db.metadata.sorted_tables
            }

    before = rows()
    for rule in starter.url_map.iter_rules():
        if (
            rule.endpoint.split(".")[0] in PUBLIC
            and not rule.arguments
            and "GET" in (rule.methods or set())
        ):
            assert visitor.open(rule.rule).status_code in {200, 403, 404, 503}, rule

    assert rows() == before
