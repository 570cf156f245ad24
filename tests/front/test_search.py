"""The search: what is found and in which order, what is not, and what hostile words do."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events import verbs as events
from campaign.front import search
from campaign.newsletter import verbs as newsletter
from campaign.pages.models import Page
from tests.visitor import Visitor

Write = Callable[..., None]


@pytest.fixture
def write(app: Flask) -> Write:
    """Give a maker of pages."""

    def make(path: str, title: str, source: str, **more: Any) -> None:
        given = {"uid": path, "html": "", "contents": [], "extra": {}, "changed_at": clock.now()}
        with app.app_context():
            db.session.add(Page(path=path, title=title, source=source, **{**given, **more}))
            db.session.commit()

    return make


def titles(visitor: Visitor, asked: str) -> list[str]:
    """List the addresses found, the best first."""
    text = visitor.open(f"/search?q={asked}").text.partition("<main")[2].partition("</main")[0]
    return [part.partition('"')[0] for part in text.split('<h2><a href="')[1:]]


def test_all_four_kinds_are_found_and_what_is_not_public_is_not(
    app: Flask, visitor: Visitor, write: Write
) -> None:
    write("/zebras", "About zebras", "They have stripes.")
    write("/news/zebra", "A zebra", "Seen.", is_news=True, published_on=date(2026, 5, 1))
    write("/secret", "A secret zebra", "Not yet.", is_draft=True)
    with app.app_context():
        events.plan(
            title="Zebra crossing",
            city="Berlin",
            country="DE",
            zone="Europe/Berlin",
            starts_on=(clock.now() + timedelta(days=20)).date(),
            starts=time(17, 30),
            action_id=None,
            now=clock.now(),
        )
        for slug in ("sent", "draft", "withdrawn"):
            issue = newsletter.draft(
                title=f"Zebra {slug}",
                slug=slug,
                subject="",
                preview="",
                source="Dear {{ name | friend }}, a **zebra**: [see](/zebras).",
                language="en",
                by=None,
                now=clock.now(),
            )
            if slug != "draft":
                issue.queued_at = issue.published_at = clock.now()
            if slug == "withdrawn":
                newsletter.take_down(issue, now=clock.now())
        db.session.commit()

    found = visitor.open("/search?q=ZEBRA").text

    assert sorted(titles(visitor, "ZEBRA"))[1:] == [
        "/news/zebra",
        "/newsletter/issues/sent",
        "/zebras",
    ]
    assert sorted(titles(visitor, "ZEBRA"))[0].startswith("/events/")
    assert "secret" not in found
    # Words of the markup are no words of an issue.
    assert titles(visitor, "strong") == titles(visitor, "href") == []
    assert "{{" not in found


def test_every_word_must_stand_there_and_those_in_the_title_come_first(
    visitor: Visitor, write: Write
) -> None:
    write("/a", "Other things", "A treaty. A pause, a pause, a pause.")
    write("/b", "A treaty to pause", "We ask for one.")
    write("/c", "A treaty", "Nothing else.")

    assert titles(visitor, "pause+treaty") == ["/b", "/a"]


def test_the_words_found_are_marked_where_they_stand(visitor: Visitor, write: Write) -> None:
    write("/a", "Long", "Blah blah. " * 100 + "Here a [*treaty*](/x), & more. " + "Blah. " * 100)

    found = visitor.open("/search?q=treaty").text

    assert "… " in found
    assert "Here a <mark>treaty</mark>, &amp; more." in found


def test_a_word_is_marked_whole(visitor: Visitor, write: Write) -> None:
    write("/a", "Long", "He pauses & rests.")

    assert "He <mark>pauses</mark> &amp; rests." in visitor.open("/search?q=pause").text


def test_capitals_do_not_matter_in_any_alphabet(visitor: Visitor, write: Write) -> None:
    write("/a", "Ärzte warnen", "Größe.")

    assert titles(visitor, "ärzte") == ["/a"]
    assert titles(visitor, "GRÖSSE") == ["/a"]
    assert titles(visitor, "größe") == ["/a"]


@pytest.mark.parametrize("asked", ["geheim", "Łódź", "lodz", "LÓDZ", "zażółć"])
def test_nobody_learns_what_stands_in_a_comment(visitor: Visitor, write: Write, asked: str) -> None:
    write("/a", "Plans", "We march.\n\n<!-- Geheim: Łódź, zażółć -->")
    write("/b", "Plans", "Geheim ist nichts: Łódź, zażółć. <!-- geheim -->")

    assert titles(visitor, asked) == ["/b"]


def test_a_title_counts_as_much_without_its_accents(visitor: Visitor, write: Write) -> None:
    write("/a", "Events", "Lodz, Lodz and Lodz.")
    write("/b", "Łódź", "Come.")

    assert titles(visitor, "lodz") == titles(visitor, "Łódź") == ["/b", "/a"]


def test_an_event_ahead_is_found_by_its_country_in_any_spelling(
    app: Flask, visitor: Visitor
) -> None:
    with app.app_context():
        events.plan(
            title="March",
            city="São Paulo",
            country="BR",
            zone="America/Sao_Paulo",
            starts_on=(clock.now() + timedelta(days=20)).date(),
            action_id=None,
            now=clock.now(),
        )
        db.session.commit()

    for asked in ("sao paulo", "brazil", "São"):
        assert len(titles(visitor, asked)) == 1, asked


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "%",
        "_",
        "a",
        "'",
        '"; DROP TABLE page; --',
        "<script>alert(1)</script>",
        "\\",
        "((((",
        "x" * 5000,
        "😀",
        "\u202etxt",
        " ".join("abcdefghij"),
    ],
)
def test_whatever_is_typed_gets_a_page(visitor: Visitor, write: Write, asked: str) -> None:
    write("/a", "Title", "Text.")

    answer = visitor.client.get("/search", query_string={"q": asked})

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert 'content="noindex"' in answer.text
    assert 'href="/a"' not in answer.text


def test_signs_of_the_database_are_only_signs(visitor: Visitor, write: Write) -> None:
    write("/a", "Hundred", "100% sure of 5_5.")
    write("/b", "Other", "1000 sure of 575.")

    assert titles(visitor, "100%25+sure") == ["/a", "/b"]
    assert titles(visitor, "x%25x") == []


def test_many_hits_come_on_several_pages(visitor: Visitor, write: Write) -> None:
    for number in range(25):
        write(f"/p{number}", f"Zebra {number}", "Text.")

    first, second = titles(visitor, "zebra"), titles(visitor, "zebra&page=2")

    assert (len(first), len(second)) == (20, 5)
    assert not set(first) & set(second)
    assert titles(visitor, "zebra&page=99") == second
    assert titles(visitor, "zebra&page=-1") == first


def test_no_session_no_cookie_and_a_way_in_from_every_page(visitor: Visitor) -> None:
    assert "Set-Cookie" not in visitor.open("/search?q=zebra").headers
    assert 'href="/search"' in visitor.open("/newsletter").text
    assert 'href="/search"' in visitor.open("/there-is-no-such-page").text


def test_words_are_parted_as_people_write_them() -> None:
    assert search.words_of("Frontier-AI's  pause, e.g. U.N.!") == [
        "frontier-ai's",
        "pause",
        "e.g",
        "u.n",
    ]
