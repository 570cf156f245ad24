"""What is asked of the index: by whom it is spelt how, and what it costs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from campaign.db import db
from campaign.pages.models import Page
from campaign.search import folded_words, index, misspellings
from tests.search.conftest import Look, page, planned
from tests.visitor import Visitor

Plan = Callable[..., str]


@pytest.fixture
def write(app: Flask) -> Callable[..., None]:
    """Give a maker of pages."""

    def make(*pages: Page) -> None:
        with app.app_context():
            db.session.add_all(pages)
            db.session.commit()

    return make


@pytest.mark.parametrize(
    ("city", "country", "typed"),
    [
        (
            "London",
            "GB",
            ["london", "LOND", "united kingdom london", "london uk", "londn"],
        ),
        ("Mexico City", "MX", ["Mexico City", "mexico", "méxico", "mexcio city"]),
        ("München", "DE", ["münchen", "munchen", "MÜNCHEN", "munich", "münchn", "deutschland"]),
        ("Łódź", "PL", ["lodz", "Łódź", "LODZ poland"]),
        ("Coeur d'Alene", "US", ["coeur d'alene", "coeur d’alene", "coeur dalene", "u.s.", "USA"]),
        ("Washington, D.C.", "US", ["washington dc", "washington d.c.", "washingtn"]),
        ("東京", "JP", ["東京", "tokyo", "京", "tokio japan"]),
        ("Київ", "UA", ["київ", "КИЇВ", "kyiv", "київь"]),
    ],
)
def test_a_city_is_found_as_people_type_it(
    look: Look, plan: Plan, city: str, country: str, typed: list[str]
) -> None:
    there = plan(city, country, languages=["de"] if country == "DE" else ["en"])
    plan("Ottawa", "CA")

    found = {words: look(words) for words in typed}

    assert found == {words: [there] for words in typed}
    assert look("ottawa") != [there]


def test_slips_are_forgiven_where_nothing_is_so_spelt(
    look: Look, write: Callable[..., None]
) -> None:
    write(page("/a", title="A treaty"), page("/b", title="Klimastreik"))
    write(page("/c", title="Treasure"))

    assert look("traety") == look("treatty") == look("treat") == ["/a"]
    assert look("trea") == ["/a", "/c"]
    assert look("streik") == ["/b"]
    assert look("treaty treasrue") == look("xyzzy") == []


def test_who_slipped_is_told_what_was_looked_for(
    visitor: Visitor, write: Callable[..., None]
) -> None:
    write(page("/a", title="A treaty & more", source="Of a treaty."))

    said = visitor.open("/search?q=traety").text

    assert "Nothing here has “traety”. This is what has “treaty”." in said
    assert "Of a <mark>treaty</mark>." in said


def test_a_word_of_what_was_withdrawn_is_proposed_to_nobody(
    app: Flask, look: Look, visitor: Visitor, write: Callable[..., None]
) -> None:
    write(page("/a", title="Confidential"), page("/b", title="Other"))
    with app.app_context():
        db.session.execute(update(Page).where(Page.path == "/a").values(is_draft=True))
        db.session.commit()

    said = visitor.open("/search?q=confidental").text

    assert look("confidential") == look("confidental") == []
    assert "confidential" not in said


def test_what_is_in_the_visitors_language_comes_first(
    look: Look, visitor: Visitor, app: Flask, write: Callable[..., None], plan: Plan
) -> None:
    write(
        page("/english", title="Zebra", source="Zebra, zebra.", language="en"),
        page("/deutsch", title="Tiere", source="Ein Zebra.", language="de"),
    )
    event = plan("Berlin", "DE", title="Zebra", description="Zebra")

    assert look("zebra", "en") == ["/english", event, "/deutsch"]
    assert look("zebra", "de") == [event, "/deutsch", "/english"]


HOSTILE = [
    '"', "''", '"zebra', "zebra*", "zebra AND", "NEAR(zebra lion)", "title:zebra", "-zebra",
    "^zebra",
    "zebra OR lion", "(zebra", "{title}: zebra", "zebra & ! |", "zebra:*A", "zebra <-> lion",
    "\x00",
    "zeb\x00ra", "zebra\\", "'; DELETE FROM page; --", "á" * 80, "a\u0301" * 80, "\u0301" * 80,
    "Ǆ" * 80, "ﷺ" * 80, "z" * 10_000, "zebra " * 2000, "\ud800", "😀 zebra", "\u202ezebra",
    "%00", "NULL",
    "ß" * 100, "ı" * 99, "zebra.lion.zebra.lion", "-".join("abcdefgh") + "x", "١٢٣ ४५",
    "ｚｅｂｒａ",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_typed_is_only_words(
    visitor: Visitor, write: Callable[..., None], typed: str
) -> None:
    write(page("/a", title="Zebra", source="One."), page("/b", title="Lion", source="Two."))
    sent = typed.encode("utf-8", "surrogatepass")

    answer = visitor.client.get("/search", query_string={"q": sent})

    # What no text holds is refused for every address.
    assert answer.status_code == (400 if "\x00" in typed else 200)
    assert "</html>" in answer.text
    assert 'href="/b"' not in answer.text or "lion" in typed.lower()


def test_the_first_and_the_last_of_very_many_words_of_a_text_are_found(
    look: Look, write: Callable[..., None]
) -> None:
    much = " ".join(f"w{number}" for number in range(40_000))
    write(page("/long", title="Zebra", source=f"alpha {much} omega"), page("/b"))

    assert look("alpha") == look("omega") == look("zebra w39999") == ["/long"]


def test_words_of_languages_without_spaces_are_found_within(
    look: Look, write: Callable[..., None]
) -> None:
    write(page("/ja", title="人工知能の開発を止める"), page("/th", title="หยุดปัญญาประดิษฐ์"))

    assert look("知能") == look("開発") == ["/ja"]
    assert look("能知") == []
    assert look("ปัญญา") == ["/th"]


@contextmanager
def asked_of(app: Flask) -> Iterator[list[tuple[str, Any]]]:
    """Give what is asked of the database meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(_1: object, _2: object, statement: str, values: Any, *_rest: object) -> None:
        if "search" in statement:
            asked.append((statement, values))

    with app.app_context():
        engine = db.engine
    db.event.listen(engine, "before_cursor_execute", note)
    yield asked
    db.event.remove(engine, "before_cursor_execute", note)


def test_a_search_asks_as_much_of_many_things_as_of_few(
    app: Flask, visitor: Visitor, write: Callable[..., None]
) -> None:
    write(page("/a", title="London"), page("/b", title="Paris treaty"))
    visitor.open("/search?q=zebra")
    with asked_of(app) as few:
        visitor.open("/search?q=lndon+paris")
    write(*(page(f"/{number}", title=f"London treaty {number}") for number in range(300)))
    with app.app_context():
        for _ in range(20):
            planned("London", "GB")
        db.session.commit()

    with asked_of(app) as many:
        visitor.open("/search?q=lndon+paris")
    said = visitor.open("/search?q=london").text

    assert 4 < len(many) == len(few) < 20
    assert "More than 200 pages found; the best of them:" in said


def test_the_database_looks_into_the_index_and_reads_no_table_through(
    app: Flask, look: Look, write: Callable[..., None]
) -> None:
    said = " ".join(f"<p>Of the {number}th thing.</p>" for number in range(40))
    letters = "abcdefghijklm"
    words = ("".join(each) for each in product("v", letters, letters, letters))
    titles = (f"Number {number} zebra{number} {next(words)}" for number in range(2000))
    write(*(page(f"/{at}", title=title, html=said) for at, title in enumerate(titles)))
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        if not is_sqlite:
            db.session.execute(text("ANALYZE"))
            db.session.commit()

    with asked_of(app) as asked:
        assert look("zebra77") == ["/77"] + [f"/{number}" for number in range(770, 780)]
        assert look("numbre zebra77")
    plans = []
    with app.app_context(), db.engine.connect() as connection:
        for statement, values in asked:
            explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
            rows = connection.exec_driver_sql(explain + statement, values)
            plans.append("\n".join(str(row) for row in rows))

    assert len(plans) >= 4
    for plan in plans:
        assert "Seq Scan" not in plan, plan
        # The plan of FTS5 names itself a scan of the virtual table by its index.
        assert "SCAN search_words VIRTUAL TABLE INDEX" in plan or "SCAN" not in plan, plan


def test_words_are_parted_and_folded_the_same_in_both() -> None:
    parted = folded_words.parted

    assert parted("Größe, ŁÓDŹ; l'Été — U.N.") == ["grosse", "lodz", "l", "ete", "u", "n"]
    assert parted("ко\u00adфе co\u200bfe") == ["кофе", "cofe"]
    assert parted("人工知能ABC") == ["人", "工", "知", "能", "abc"]
    assert parted("x" * 500) == ["x" * folded_words.LONGEST]
    assert parted("\x00 ' \" \\ & | ! ( ) : *") == []


@pytest.mark.parametrize(
    ("word", "other", "slips"),
    [
        ("london", "london", 0), ("london", "lodnon", 1), ("london", "londn", 1),
        ("london", "londoon", 1), ("london", "lundon", 1), ("london", "paris", 6), ("", "abc", 3),
    ],
)  # fmt: skip
def test_slips_are_counted(word: str, other: str, slips: int) -> None:
    assert misspellings.distance(word, other) == slips
    assert misspellings.distance(other, word) == slips


def test_words_one_slip_apart_share_a_spelling() -> None:
    for other in ("lndon", "lonndon", "lomdon", "lodnon", "ondon", "londonx"):
        assert misspellings.spellings("london") & misspellings.spellings(other), other
    assert not misspellings.spellings("london") & misspellings.spellings("berlin")


def test_a_text_is_kept_as_long_as_both_databases_take_it(app: Flask, look: Look) -> None:
    many = " ".join(f"ы{number}" for number in range(120_000))
    with app.app_context():
        db.session.add(page("/long", title="Zebra", html=f"<p>{many}</p>"))
        db.session.commit()
        found = db.session.scalars(index.matching([[["ы1"]]], in_title=False).limit(1)).all()

    assert len(found) == 1
    assert look("zebra") == ["/long"]
