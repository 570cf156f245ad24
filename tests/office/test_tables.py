"""Tables of the office: paged within bounds, searched, downloaded without formulas."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock, paging, tables
from campaign.db import db
from campaign.people.models import Person
from campaign.tables import Column
from tests.visitor import Visitor

PEOPLE = [
    Column("name", "Name", lambda row: row.name),
    Column("email", "Address", lambda row: row.email),
    Column("number", "Number", lambda row: -5, is_number=True),
    Column("at", "Remembered", lambda row: row.remembered_at),
    Column("nothing", "Nothing", lambda row: None),
]
QUERY = select(Person).order_by(Person.id)


def test_a_day_and_a_moment_each_stay_on_one_line(app: Flask) -> None:
    day = Column("day", "Day", lambda row: date(2027, 5, 13))
    moment = Column("at", "At", lambda row: datetime(2027, 5, 13, 15, 30, tzinfo=UTC))

    with app.app_context():
        shown = [str(column.shown(None)) for column in (day, moment)]

    assert shown[0] == "<time>2027-05-13</time>"
    assert re.fullmatch(r"<time [^>]*>2027-05-13 \d\d:30</time>", shown[1])


def remember(app: Flask, names: list[str]) -> None:
    with app.app_context():
        db.session.execute(
            db.insert(Person),
            [
                {"email": f"{number}@example.org", "name": name, "remembered_at": clock.now()}
                for number, name in enumerate(names)
            ],
        )
        db.session.commit()


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("1", 1),
        ("3", 3),
        ("4", 3),
        ("0", 1),
        ("-1", 1),
        ("", 1),
        ("two", 1),
        ("²", 1),
        ("٣", 1),
        ("9" * 9, 3),
        ("9" * 5000, 1),
        ("1e9", 1),
    ],
)
def test_a_page_lies_within_the_table(app: Flask, asked: str, number: int) -> None:
    remember(app, ["Ada"] * 120)

    with app.test_request_context():
        table = tables.page(QUERY, PEOPLE, arguments={"page": asked, "q": "a&b"}, path="/people")

    assert (table.number, table.pages, table.total) == (number, 3, 120)
    assert len(table.rows) == (20 if number == 3 else 50)
    assert table.has_previous == (number > 1)
    assert table.has_next == (number < 3)
    assert table.next_url == f"/people?q=a%26b&page={number + 1}"
    assert table.csv_url == "/people?q=a%26b&format=csv"


def test_an_empty_table_has_one_page(app: Flask) -> None:
    with app.test_request_context():
        table = tables.page(QUERY, PEOPLE, arguments={}, path="/people")

    assert (table.number, table.pages, table.total, table.rows) == (1, 1, 0, [])
    assert not table.has_next


def test_a_page_shows_moments_on_the_offices_own_clocks(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(app, ["Ada"])
    monkeypatch.setitem(app.config, "TIMEZONE", "Asia/Tokyo")

    with app.test_request_context():
        moment = db.session.scalars(select(Person.remembered_at)).one()
        shown = tables.page(QUERY, PEOPLE, arguments={}, path="/people").rows[0]

    assert f">{moment + timedelta(hours=9):%Y-%m-%d %H:%M}</time>" in shown[3]
    assert shown[4] == ""


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", '=HYPERLINK("x","y")'],
)
def test_nothing_in_a_csv_is_a_formula(app: Flask, name: str) -> None:
    remember(app, [name])

    with app.test_request_context():
        text = tables.download(QUERY, PEOPLE, name="people").get_data(as_text=True)

    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert row["name"] == f"'{name}"
    assert row["number"] == "-5"
    assert row["nothing"] == ""


def test_a_csv_is_read_back_as_it_was(app: Flask) -> None:
    names = ['Ada "the first"', "a, b", "two\nlines", "Łukasz 漢字", ""]
    remember(app, names)

    with app.test_request_context():
        answer = tables.download(QUERY, PEOPLE, name="people")
        text = answer.get_data(as_text=True)

    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == names
    assert rows[0]["at"].endswith("+00:00")
    assert answer.mimetype == "text/csv"


def test_a_csv_is_sent_in_pieces(app: Flask) -> None:
    remember(app, ["Ada"] * 2000)

    with app.test_request_context():
        answer = tables.download(QUERY, PEOPLE, name="people")
        pieces = list(answer.response)

    assert answer.is_streamed
    assert len(pieces) == 2001


@pytest.mark.parametrize(
    "asked",
    ["q=%00", "state=%00", "q=%ff%fe", "page=%00", "q=" + "x" * 5000, "format=xml", "q=%5C_%25"],
)
def test_odd_arguments_get_a_clear_answer(organiser: Visitor, asked: str) -> None:
    answer = organiser.open(f"/office/outbox?{asked}")

    assert answer.status_code == (400 if "%00" in asked else 200)
    assert "Sign out" in answer.text


@pytest.mark.parametrize(
    ("asked", "number", "total", "has_more"),
    [
        ("1", 1, 1000, True),
        ("21", 21, 1050, True),
        ("24", 24, 1180, False),
        ("90", 24, 1180, False),
    ],
)
def test_a_long_list_is_counted_no_further_than_it_is_looked_at(
    app: Flask, asked: str, number: int, total: int, has_more: bool
) -> None:
    remember(app, ["Ada"] * 1180)

    with app.test_request_context():
        table = tables.page(QUERY, PEOPLE, arguments={"page": asked}, path="/people")

    assert (table.number, table.total, table.has_more) == (number, total, has_more)
    assert table.has_next == (number < 24)
    assert len(table.rows) == (30 if number == 24 else 50)


def test_a_list_says_that_it_goes_on_where_it_can_be_leafed_through_no_further(
    app: Flask, organiser: Visitor
) -> None:
    remember(app, ["Ada"] * (paging.MOST_SHOWN + 1))

    first = organiser.open("/office/people").text
    last = organiser.open("/office/people?page=5000").text

    assert "more than 1,000 in all" in first
    assert "This list goes on." not in first
    assert "This list goes on. Search, or download it to see all of it." in last
    assert "Next page" not in last


def test_of_many_the_newest_are_looked_through_and_all_where_that_is_asked_for(
    app: Flask, organiser: Visitor
) -> None:
    remember(app, ["Grace", *["Ada"] * tables.LOOKED_THROUGH])

    by_name = organiser.open("/office/people?q=grace")
    by_address = organiser.open("/office/people?q=0@example&page=5")
    (everywhere,) = re.findall(r'href="([^"]*)" rel="nofollow"', by_name.text)
    found = organiser.open(everywhere.replace("&amp;", "&")).text
    as_csv = organiser.open("/office/people?q=grace&format=csv").text

    assert "Nobody matches your search." in by_name.text
    assert "and the newest 2,000. There may be more." in by_name.text
    assert ">0@example.org</a>" in by_address.text
    assert ">0@example.org</a>" in found
    assert "There may be more." not in found
    assert "0@example.org,Grace" in as_csv


def test_of_few_all_are_looked_through(app: Flask, organiser: Visitor) -> None:
    remember(app, ["Grace", "Ada"])

    found = organiser.open("/office/people?q=grace").text

    assert ">0@example.org</a>" in found
    assert ">1@example.org</a>" not in found
    assert "There may be more." not in found
