"""Importing in the office: upload, check, import, what is refused; and everybody as a file."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.imports import duties
from campaign.imports.chunks import cutting
from campaign.imports.models import Import
from campaign.imports.policy import FILES_KEPT
from campaign.organisers.models import Role
from campaign.people import queries, verbs
from campaign.people.models import Consent, Person
from tests.conftest import signed_in
from tests.visitor import Visitor, forms_in

IMPORTS = "/office/imports"
FILE = "email,name,newsletter\nada@example.org,Ada,yes\nbo@example.org,Bo,no\nnonsense,Cy,yes\n"


@pytest.fixture(autouse=True)
def _empty_folder(app: Flask) -> Iterator[None]:
    yield
    for file in kept(app):
        file.unlink()


def upload(browser: Visitor, content: str | bytes, name: str = "people.csv") -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    return browser.send(IMPORTS, action=IMPORTS, file=(io.BytesIO(raw), name))


def kept(app: Flask) -> list[Path]:
    return list((Path(app.config["INSTANCE"]) / "imports").glob("*"))


def work(app: Flask) -> None:
    with app.app_context():
        duties.read()


def test_a_file_is_uploaded_checked_and_imported(app: Flask, organiser: Visitor) -> None:
    page = upload(organiser, FILE)
    address = page.headers["Location"]
    seen = organiser.open(address)
    checking = organiser.send(
        address, action="/check", wording="Send me the newsletter.", source="list on paper",
        agreed_on="2026-05-13",
    )  # fmt: skip
    waiting = organiser.open(address)
    work(app)
    checked = organiser.open(address)
    with app.app_context():
        known_after_the_check = db.session.scalars(select(Person.email)).all()
    starting = organiser.send(address, action="/start")
    again = organiser.post(f"{address}/start", {})
    work(app)
    done = organiser.open(address)

    assert page.status_code == checking.status_code == starting.status_code == 303
    assert "our own" in seen.text
    assert "Such as: ada@example.org · bo@example.org" in seen.text
    assert waiting.headers["Refresh"]
    assert "<progress" in waiting.text
    assert "Refresh" not in checked.headers
    assert known_after_the_check == []
    assert "People who would be new</dt>\n  <dd>2<" in checked.text
    assert again.status_code == 400
    assert "Subscribed to the newsletter</dt>\n  <dd>1<" in done.text
    assert kept(app) == []
    with app.app_context():
        assert set(db.session.scalars(select(Person.email))) == {
            "ada@example.org", "bo@example.org",
        }  # fmt: skip
        assert db.session.scalars(select(Consent.wording)).one().startswith("Send me the")
    refused = organiser.open(f"{address}/refused.csv")
    assert '4,this is not exactly one e-mail address,"nonsense,Cy,yes"' in refused.text


def test_the_importer_says_which_column_is_which(app: Flask, organiser: Visitor) -> None:
    address = upload(organiser, "Who;Reach\nAda;ada@example.org\n").headers["Location"]
    without = organiser.send(address, action="/check")
    twice = organiser.send(address, action="/check", column_0="email", column_1="email")
    settled = organiser.send(address, action="/check", column_0="name", column_1="email")
    work(app)
    organiser.send(address, action="/start")
    work(app)

    assert without.status_code == twice.status_code == 422
    assert "No column is said to hold the e-mail addresses" in without.text
    assert "Two columns" in twice.text
    assert settled.status_code == 303
    with app.app_context():
        found = queries.by_email("ada@example.org")
        assert found
        assert found.name == "Ada"


def test_a_consent_without_its_source_is_sent_back(app: Flask, organiser: Visitor) -> None:
    address = upload(organiser, FILE).headers["Location"]

    answer = organiser.send(address, action="/check", wording="Yes.", source="")

    assert answer.status_code == 422
    assert "one day somebody will ask" in answer.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04" + b"\0" * 50, "This is not a text file"),
        (b"ada@example.org,Ada\n", "should name the columns"),
    ],
)
def test_what_is_no_list_is_sent_back_and_not_kept(
    app: Flask, organiser: Visitor, content: bytes, words: str
) -> None:
    answer = upload(organiser, content)

    assert answer.status_code == 422
    assert words in answer.text
    assert kept(app) == []


def test_an_upload_without_a_file_is_sent_back(organiser: Visitor) -> None:
    answer = organiser.send(IMPORTS, action=IMPORTS)

    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_more_than_other_pages_read_may_be_uploaded_but_not_by_strangers(
    app: Flask, organiser: Visitor, visitor: Visitor
) -> None:
    large = "email,name\n" + "".join(f"p{n}@example.org,{'x' * 60}\n" for n in range(20_000))

    def send(browser: Visitor, token: str) -> Any:
        # Written out: the test client would leave a temporary file open.
        parts = [
            f'--here\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n',
            '--here\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\n\r\n',
            f"{large}\r\n--here--\r\n",
        ]
        return browser.client.post(
            IMPORTS, data="".join(parts), content_type="multipart/form-data; boundary=here"
        )

    token = forms_in(organiser.open(IMPORTS).text)[-1]["fields"]["csrf_token"]

    answer = send(organiser, token)
    stranger = send(visitor, token)

    assert answer.status_code == 303
    assert stranger.status_code == 303
    assert stranger.headers["Location"].endswith("/office/sign-in")
    assert len(kept(app)) == 1


def test_hostile_columns_and_names_are_shown_as_text(organiser: Visitor) -> None:
    content = 'email,"<script>alert(1)</script>"\nada@example.org,"<img src=x onerror=alert(1)>"\n'

    address = upload(organiser, content, name="<b>people.csv").headers["Location"]
    page = organiser.open(address)

    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_reader_may_look_and_import_nothing(app: Flask, organiser: Visitor) -> None:
    address = upload(organiser, FILE).headers["Location"]
    reader = signed_in(app, Role.READER, "reader@example.org")

    looked = reader.open(address)
    started = reader.send(address, action="/check")

    assert looked.status_code == 200
    assert started.status_code == 403


def test_a_large_file_is_read_in_turns_and_goes_on_where_it_stopped(
    app: Flask, organiser: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "SIZE", 10)
    monkeypatch.setattr(duties, "TURN", 0.0)
    content = "email\n" + "".join(f"p{number}@example.org\n" for number in range(30))
    address = upload(organiser, content).headers["Location"]
    organiser.send(address, action="/check")
    for _ in range(4):
        work(app)
    organiser.send(address, action="/start")

    read = []
    for _ in range(4):
        work(app)
        with app.app_context():
            read.append(db.session.scalars(select(Import.rows)).one())

    assert read == [10, 20, 30, 30]
    with app.app_context():
        assert db.session.scalars(select(Import.stage)).one() == "done"
    assert kept(app) == []


def test_an_import_is_stopped_half_way_and_who_was_imported_stays(
    app: Flask, organiser: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "SIZE", 10)
    content = "email\n" + "".join(f"p{number}@example.org\n" for number in range(30))
    address = upload(organiser, content).headers["Location"]
    organiser.send(address, action="/check")
    organiser.send(address, action="/stop")
    stopped_check = organiser.open(address)
    organiser.send(address, action="/check")
    work(app)
    organiser.send(address, action="/start")
    monkeypatch.setattr(duties, "TURN", 0.0)
    work(app)

    answer = organiser.send(address, action="/stop")
    work(app)

    assert "Check the file" in stopped_check.text
    assert answer.status_code == 303
    assert "stopped" in organiser.open(address).text
    with app.app_context():
        assert len(db.session.scalars(select(Person)).all()) == 10


def test_a_file_on_another_host_is_left_to_its_worker(app: Flask, organiser: Visitor) -> None:
    address = upload(organiser, FILE).headers["Location"]
    organiser.send(address, action="/check")
    for file in kept(app):
        file.unlink()

    work(app)

    with app.app_context():
        assert db.session.scalars(select(Import.stage)).one() == "checking"


def test_an_import_is_forgotten_after_a_month_and_thrown_away_at_will(
    app: Flask, organiser: Visitor
) -> None:
    old = upload(organiser, FILE).headers["Location"]
    upload(organiser, FILE)
    with app.app_context():
        run = db.session.get_one(Import, int(old.rpartition("/")[2]))
        run.uploaded_at = clock.now() - FILES_KEPT - FILES_KEPT
        db.session.commit()

        duties.forget()
        left = db.session.scalars(select(Import.id)).all()

    assert len(left) == 1
    assert len(kept(app)) == 1
    thrown = organiser.send(f"{IMPORTS}/{left[0]}", action="/discard")
    assert thrown.status_code == 303
    assert kept(app) == []
    assert organiser.open(f"{IMPORTS}/{left[0]}").status_code == 404


def test_everybody_is_downloaded_as_a_file_that_can_be_imported(
    app: Flask, organiser: Visitor
) -> None:
    with app.app_context():
        verbs.remember("ada@example.org", name="=Ada", country="GB", now=clock.now())
        db.session.commit()

    answer = organiser.open(f"{IMPORTS}/people.csv")

    assert answer.mimetype == "text/csv"
    assert answer.text.splitlines() == [
        "email,name,country,city,language,newsletter,tags,reason",
        "ada@example.org,'=Ada,GB,,,,,",
    ]
