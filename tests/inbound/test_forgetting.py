"""Forgetting: whoever asks for it leaves nothing behind, in no table and no column."""

from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.config import ROOT
from campaign.db import count_of, db
from campaign.imports import duties as imports
from campaign.imports import verbs as importing
from campaign.imports.models import Import, Refused, Stage
from campaign.imports.policy import FILES_KEPT
from campaign.inbound import duties, queries
from campaign.inbound.models import InboundMail
from campaign.inbound.policy import WAITING_KEPT
from campaign.letters import verbs as letters
from campaign.organisers.models import Role
from campaign.outbox.models import address_hash
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import verbs as people
from campaign.people.cli import forget
from campaign.people.models import Person
from campaign.summits import verbs as summits
from tests.conftest import signed_in
from tests.inbound.making import ADA, dsn, left, long_ago, personal, take_in
from tests.visitor import Visitor

NAME = "Ada Lovelace-Example"
TO_US = "post@campaign.example"


def imported(app: Flask, folder: Path, content: str) -> None:
    file = folder / "list.csv"
    file.write_text(content)
    with app.app_context():
        run = importing.take_in(file, name=file.name, now=clock.now())
        importing.settle(run, wording="News.", source="list")
        importing.start(run)
        db.session.commit()
        for _ in imports.work(run, file):
            pass


@pytest.fixture
def ada(
    app: Flask,
    visitor: Visitor,
    tmp_path: Path,
    subscriber: Callable[[str], int],
    place: dict[str, str],
) -> int:
    """Give Ada's number, who has done everything one can do here."""
    number = subscriber(ADA)
    with app.app_context():
        summits.load_starter(files("campaign.starter"), now=clock.now())
        letters.load_starter(files("campaign.starter"), now=clock.now())
        found = db.session.get_one(Person, number)
        found.name = NAME
        people.tag(found, "friend")
        db.session.commit()
    visitor.send("/write/gb", name=NAME, email=ADA, own_words="I teach.")
    imported(app, tmp_path, f'email,name\n{ADA},{NAME}\n"{ADA}, bo@example.org",Two\nx@y,{NAME}\n')
    bounced = left(app, person_id=number)
    take_in(app, dsn(status="4.2.2"), to=bounced)
    # It waits: of which mail it speaks is not proven.
    take_in(app, dsn(), to=TO_US)
    take_in(app, personal(From=f"{NAME} <{ADA.upper()}>", Subject="Hello"), to=TO_US, sender=ADA)
    with app.app_context():
        suppress(ADA, reason="office", evidence=f"{ADA} asked for it", now=clock.now())
        db.session.commit()
    return number


def traces(app: Flask) -> set[str]:
    """Name every column of every table in which Ada's address, its hash or her name stands."""
    found = set()
    with app.app_context():
        needles = [ADA, NAME, address_hash(ADA)]
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(select(table)).mappings():
                for column, value in row.items():
                    told = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    if any(needle.lower() in told.lower() for needle in needles):
                        found.add(f"{table.name}.{column}")
    return found


def in_the_office(app: Flask, number: int) -> None:
    browser = signed_in(app, Role.ADMINISTRATOR, "admin@example.org")
    assert browser.send(f"/office/people/{number}/forget", action="/forget").status_code == 303


def by_the_command(app: Flask, number: int) -> None:
    said = app.test_cli_runner().invoke(forget, ["Ada@Example.org"])
    assert said.output == "They are forgotten.\n"


@pytest.mark.parametrize("forgets", [in_the_office, by_the_command])
def test_who_is_forgotten_is_found_nowhere(
    app: Flask, ada: int, forgets: Callable[[Flask, int], None]
) -> None:
    before = traces(app)

    forgets(app, ada)

    assert {"person.email", "inbound_mail.raw", "import_refused.text"} <= before
    assert traces(app) == {"outbox_suppression.address_hash"}
    with app.app_context():
        assert db.session.scalars(select(Suppression.reason)).all() == ["office"]


def test_what_others_wrote_stays_without_the_address_in_it(app: Flask, ada: int) -> None:
    words = personal(From="bo@example.org", Subject=f"About {ADA}", text=f"Is {ADA} with you?")
    take_in(app, words, to=TO_US, sender="bo@example.org")

    in_the_office(app, ada)

    assert traces(app) == {"outbox_suppression.address_hash"}
    with app.app_context():
        mail = db.session.scalars(select(InboundMail)).one()
        assert (mail.sender, mail.waits) == ("bo@example.org", True)
        assert b"Is (erased) with you?" in queries.bytes_of(mail)


def test_a_stranger_who_only_wrote_to_us_is_forgotten_and_nobody_else(app: Flask) -> None:
    take_in(app, personal(From="zoe@example.org"), to=TO_US, sender="zoe@example.org")
    take_in(app, personal(From="bo@example.org"), to=TO_US, sender="bo@example.org")

    said = app.test_cli_runner().invoke(forget, ["zoe@example.org"])
    wrong = app.test_cli_runner().invoke(forget, ["nonsense"])

    assert "Nobody was known" in said.output
    assert wrong.exit_code == 2
    with app.app_context():
        assert db.session.scalars(select(InboundMail.sender)).all() == ["bo@example.org"]


def test_a_mail_that_waits_stays_when_its_writer_is_let_go_by_the_clock(
    app: Flask, subscriber: Callable[[str], int]
) -> None:
    number = subscriber(ADA)
    take_in(app, personal(From=ADA), to=TO_US, sender=ADA)

    with app.app_context():
        people.let_go(db.session.get_one(Person, number))
        db.session.commit()

        assert count_of(select(InboundMail)) == 1


@pytest.mark.parametrize(
    ("days", "said", "kept"),
    [(149, False, True), (151, True, True), (181, False, False)],
)
def test_what_nobody_looks_at_is_erased_in_half_a_year_and_the_desk_says_so_before(
    app: Flask, organiser: Visitor, days: int, said: bool, kept: bool
) -> None:
    take_in(app, personal(From=ADA), to=TO_US, sender=ADA)
    long_ago(app, timedelta(days=days))

    with app.app_context():
        duties.tidy()
        mail = db.session.scalars(select(InboundMail)).one()
        is_kept = bool(queries.bytes_of(mail)) and mail.waits
    desk = organiser.open("/office/")

    assert is_kept == kept
    assert ("is erased within 30 days" in desk.text) == said
    assert ("waits for a person" in desk.text) == kept
    assert kept == bool({"inbound_mail.sender"} & traces(app))


def test_an_import_that_nobody_reads_any_more_goes_with_its_refused_rows(
    app: Flask, tmp_path: Path
) -> None:
    imported(app, tmp_path, "email\nnonsense\n")
    with app.app_context():
        run = db.session.scalars(select(Import)).one()
        run.stage = Stage.IMPORTING
        run.uploaded_at = clock.now() - FILES_KEPT - timedelta(days=1)
        db.session.commit()
        imports.forget()
        after_a_month = count_of(select(Refused))
        run.uploaded_at = clock.now() - 2 * FILES_KEPT - timedelta(days=1)
        db.session.commit()

        imports.forget()

        assert (after_a_month, count_of(select(Refused))) == (1, 0)


def _days(row: str) -> list[str]:
    return [word for word in row.split() if word.isdigit()]


def test_the_privacy_page_says_what_becomes_of_mails_and_lists() -> None:
    page = (ROOT / "campaign/starter/pages/privacy.md").read_text().splitlines()
    rows: dict[str, Any] = {line[:20]: line.rpartition("|")[0] for line in page}

    mail = next(row for begin, row in rows.items() if begin.startswith("| write to us by"))
    listed = next(row for begin, row in rows.items() if begin.startswith("| stand in a list"))

    assert _days(mail) == ["30", str(WAITING_KEPT.days)]
    assert _days(listed) == [str(FILES_KEPT.days)]
