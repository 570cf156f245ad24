"""The directory of posts: its file, its freshness, and who may be written to."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from campaign.db import db
from campaign.summits import posts_csv, queries, verbs
from campaign.summits.cli import cli
from campaign.summits.models import Holder, Post

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEAD = ",".join(posts_csv.COLUMNS)
GOOD = "DE,Minister,Eva Muster,Sehr geehrte Frau Muster,m@de.example,,de,example,2026-11-01,,"


def file_of(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines, ""]).encode()


def post(**given: object) -> Post:
    fields = {
        "country": "DE",
        "title": "Minister",
        "email": "m@de.example",
        "contact_form": "",
        "seen_on": TODAY,
        "holders": [],
    }
    return Post(**{**fields, **given})


@pytest.mark.parametrize(
    ("given", "is_writable"),
    [
        ({}, True),
        ({"email": ""}, False),
        ({"seen_on": TODAY - timedelta(days=365)}, True),
        ({"seen_on": TODAY - timedelta(days=366)}, False),
        ({"seen_on": None}, False),
        ({"valid_from": TODAY}, True),
        ({"valid_from": TODAY + timedelta(days=1)}, False),
        ({"valid_until": TODAY}, True),
        ({"valid_until": TODAY - timedelta(days=1)}, False),
        ({"stopped_at": NOW}, False),
        ({"bounced_at": NOW}, False),
    ],
)
def test_a_post_is_written_to_only_while_its_contact_is_right(
    app: Flask, given: dict[str, object], is_writable: bool
) -> None:
    with app.app_context():
        row = post(**given)
        db.session.add(row)
        db.session.flush()
        found = db.session.scalars(queries.search_posts(status="writable", today=TODAY)).all()
        closed = db.session.scalars(queries.search_posts(status="closed", today=TODAY)).all()

        assert row.is_writable(TODAY) is is_writable
        assert (found, closed) == (([row], []) if is_writable else ([], [row]))
        assert (queries.countries_to_write_to(now=NOW) == ["DE"]) is is_writable


def test_a_contact_is_looked_at_again_after_180_days() -> None:
    assert not post(seen_on=TODAY - timedelta(days=180)).is_stale(TODAY)
    assert post(seen_on=TODAY - timedelta(days=181)).is_stale(TODAY)


def test_the_holder_is_who_holds_it_today() -> None:
    before = Holder(name="A", valid_until=date(2026, 1, 31))
    now = Holder(name="B", valid_from=date(2026, 2, 1))

    assert post(holders=[before, now]).holder_on(TODAY) is now
    assert post(holders=[before]).holder_on(TODAY) is None


def test_what_is_exported_can_be_imported_and_is_the_same(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        source = file_of(
            GOOD.replace(",,", ",https://minister.example/form,", 1),
            "GB,Secretary,Ann Old,Dear S,s@gb.example,,en,example,2026-11-01,,2026-01-31",
            "GB,Secretary,'=Bob,'+Dear,s@gb.example,,en,example,2026-11-01,2026-02-01,",
            "FR,'''-Ministre,Élodie «X»,\"Madame, la Ministre\",,,fr,,,,",
        )
        verbs.import_posts(source, now=NOW)
        db.session.commit()
    runner = app.test_cli_runner()

    first = runner.invoke(cli, ["export", str(tmp_path / "one.csv")])
    with app.app_context():
        before = queries.posts_rows()
        verbs.import_posts(b"\xef\xbb\xbf" + (tmp_path / "one.csv").read_bytes(), now=NOW)
        db.session.commit()
        after = queries.posts_rows()
    second = runner.invoke(cli, ["export", str(tmp_path / "two.csv")])

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert before == after
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert [row.holder for row in before if row.country == "GB"] == ["Ann Old", "=Bob"]
    assert [row.post for row in before if row.country == "FR"] == ["''-Ministre"]


_text = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=40).map(
    posts_csv.tidy_line
)


@settings(max_examples=100, deadline=None)
@given(title=_text.filter(bool), holder=_text, salutation=_text)
def test_any_words_survive_the_file(title: str, holder: str, salutation: str) -> None:
    row = posts_csv.Row(
        country="DE", post=title, holder=holder, salutation=salutation, email="", contact_form="",
        language="de", source_url="", seen_on=None, valid_from=None, valid_until=None,
    )  # fmt: skip

    assert posts_csv.read(posts_csv.write([row]).encode(), today=TODAY) == [row]


def test_no_cell_of_the_file_is_run_as_a_formula() -> None:
    row = posts_csv.Row(
        country="DE", post="=1+1", holder="@SUM", salutation="-1", email="", contact_form="",
        language="de", source_url="+1", seen_on=None, valid_from=None, valid_until=None,
    )  # fmt: skip

    line = posts_csv.write([row]).splitlines()[1]

    assert line == "DE,'=1+1,'@SUM,'-1,,,de,'+1,,,"


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (GOOD.replace("DE,", "XX,"), "line 3, country: "),
        (GOOD.replace("Minister,", ","), "line 3, post: is empty"),
        (GOOD.replace("Minister,", "x" * 201 + ","), "line 3, post: has more than 200"),
        (GOOD.replace("m@de.example", "m@de.example;n@de.example"), "line 3, email: "),
        (GOOD.replace(",,de", ",javascript:alert(1),de"), "line 3, contact_form: "),
        (GOOD.replace(",de,", ",German,"), "line 3, language: "),
        (GOOD.replace(",example,", ",,"), "line 3, source_url: "),
        (GOOD.replace("2026-11-01", ""), "line 3, seen_on: is empty"),
        (GOOD.replace("2026-11-01", "01.11.2026"), "line 3, seen_on: should be a day"),
        (GOOD.replace("2026-11-01", "2026-11-22"), "line 3, seen_on: lies in the future"),
        (GOOD + "2020-01-01", ""),
        (GOOD[:-1] + "2026-02-01,2026-01-01", "line 3, valid_until: lies before"),
        (GOOD.replace("Eva", "E\x00va"), "line 3"),
        (GOOD.replace("Eva", '"E\nva"'), "line"),
        (GOOD + ",more", "line 3: 12 cells where there are 11"),
        ("DE,Minister,Eva", "line 3: 3 cells where there are 11"),
        (GOOD.replace("Eva", '"Eva" x'), "line 3: "),
    ],
)
def test_one_mistake_changes_nothing_and_is_named(app: Flask, line: str, mistake: str) -> None:
    source = file_of("FR,Ministre,,Madame,,,fr,,,,", line)

    with app.app_context():
        if not mistake:
            assert verbs.import_posts(source, now=NOW) == 2
            return
        with pytest.raises(verbs.PostsNotRead) as refused:
            verbs.import_posts(source, now=NOW)

        assert mistake in str(refused.value)
        assert db.session.scalars(select(Post)).all() == []


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", "line 1: the column country is missing"),
        (HEAD.replace("email,", "").encode(), "line 1: the column email is missing"),
        ((HEAD + ",extra").encode(), "line 1: 'extra' is not a column"),
        ((HEAD + ",post").encode(), "line 1: the column post stands twice"),
        (HEAD.encode() + b"\nDE,\xff\xfe", "line 2: this is not UTF-8"),
        (b"\x00\x01", "line 1"),
    ],
)
def test_a_file_that_is_no_directory_is_refused(content: bytes, mistake: str) -> None:
    with pytest.raises(posts_csv.Unreadable) as refused:
        posts_csv.read(content, today=TODAY)

    assert any(mistake in sentence for sentence in refused.value.mistakes)


def test_the_terms_of_one_post_agree_on_how_it_is_reached() -> None:
    other = GOOD.replace("Eva", "Ina").replace("m@de", "other@de")

    with pytest.raises(posts_csv.Unreadable) as refused:
        posts_csv.read(file_of(GOOD, other), today=TODAY)

    assert refused.value.mistakes[0].startswith("line 3: ")


def test_an_import_keeps_the_stop_flag_and_lifts_a_bounce_that_was_looked_at(app: Flask) -> None:
    with app.app_context():
        verbs.import_posts(file_of(GOOD), now=NOW)
        found = db.session.scalars(select(Post)).one()
        verbs.stop(found, now=NOW)
        verbs.note_bounce(found, now=NOW)

        verbs.import_posts(file_of(GOOD), now=NOW)
        unchanged = found.bounced_at
        verbs.import_posts(file_of(GOOD.replace("2026-11-01", "2026-11-20")), now=NOW)

        assert unchanged == NOW
        assert found.bounced_at is None
        assert found.stopped_at == NOW
        assert len(queries.posts_rows()) == 1


def test_the_command_imports_a_file_or_refuses_it_whole(app: Flask, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(file_of(GOOD))
    bad.write_bytes(file_of(GOOD.replace("Minister", "Other"), GOOD.replace("DE,", "??,")))
    runner = app.test_cli_runner()

    taken = runner.invoke(cli, ["import", str(good)])
    refused = runner.invoke(cli, ["import", str(bad)])

    assert taken.exit_code == 0, taken.output
    assert refused.exit_code == 1
    assert isinstance(refused.exception, verbs.PostsNotRead)
    with app.app_context():
        assert [row.post for row in queries.posts_rows()] == ["Minister"]
