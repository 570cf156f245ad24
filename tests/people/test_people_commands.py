"""`campaign people import` and `export`: what they say; a kill loses and repeats nobody."""

import signal
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from campaign import clock
from campaign.db import db
from campaign.imports.models import Import
from campaign.people import verbs
from campaign.people.cli import cli
from campaign.people.models import Consent, Person, Subscription, Tag
from tests.drills.private import Private, private, wait_until

FILE = "email,name,newsletter\nada@example.org,Ada,yes\nbo@example.org,Bo,no\nnonsense,Cy,yes\n"


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(cli, list(words))


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(FILE)

    said = run(app, "import", str(file), "--dry-run", "--consent", "Yes.")

    assert said.exit_code == 0, said.output
    assert "email -> e-mail address" in said.output
    assert "3 rows: 2 people would be new, 0 known already." in said.output
    assert "1 would be subscribed to the newsletter." in said.output
    assert "line 4: this is not exactly one e-mail address" in said.output
    with app.app_context():
        assert db.session.scalars(select(Person)).all() == []
        assert db.session.scalars(select(Import)).all() == []


def test_people_are_imported_and_what_was_refused_is_written_down(
    app: Flask, tmp_path: Path
) -> None:
    file, refused = tmp_path / "people.csv", tmp_path / "refused.csv"
    file.write_text(FILE)

    said = run(app, "import", str(file), "--refused", str(refused))

    assert "Nobody is subscribed without --consent" in said.output
    assert refused.read_text().splitlines() == [
        "line,reason,row",
        '4,this is not exactly one e-mail address,"nonsense,Cy,yes"',
    ]
    with app.app_context():
        assert len(db.session.scalars(select(Person)).all()) == 2
        assert db.session.scalars(select(Subscription)).all() == []


def test_columns_are_named_and_a_wrong_name_is_refused(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Who,Reach,Group\nAda,ada@example.org,poets\n")

    right = run(
        app, "import", str(file), "--map", "Reach=email", "--map", "Who=name", "--map", "Group="
    )
    wrong = run(app, "import", str(file), "--map", "Reach=address")
    absent = run(app, "import", str(file), "--map", "Nowhere=email")

    assert right.exit_code == 0, right.output
    assert "Group -> (left out)" in right.output
    assert (wrong.exit_code, absent.exit_code) == (2, 2)
    with app.app_context():
        assert db.session.scalars(select(Person.name)).all() == ["Ada"]


def test_everybody_is_written_to_a_file(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    with app.app_context():
        verbs.remember("ada@example.org", name="=Ada", country="GB", now=clock.now())
        db.session.commit()

    said = run(app, "export", str(file))

    assert said.exit_code == 0, said.output
    assert file.read_text().splitlines()[1:] == ["ada@example.org,'=Ada,GB,,,,,"]


def _rows(campaign: Private) -> int:
    with campaign.app.app_context():
        found = db.session.scalar(select(Import.rows)) or 0
        db.session.rollback()
    return found


def test_killed_in_the_middle_the_same_command_goes_on_and_nobody_is_lost_or_twice() -> None:
    people = 30_000
    with private() as campaign:
        file = campaign.folder / "people.csv"
        lines = [f"p{number}@example.org,yes,list {number % 3}" for number in range(people)]
        file.write_text("email,newsletter,tags\n" + "\n".join(lines) + "\n")
        words = ("people", "import", str(file), "--consent", "Yes.", "--consent-source", "list")
        first = campaign.start(*words)
        wait_until(lambda: _rows(campaign) > 0, within=60, what="some people are imported")

        first.send_signal(signal.SIGKILL)
        first.wait()
        before = _rows(campaign)
        second = campaign.start(*words)
        status = second.wait(120)

        with campaign.app.app_context():
            numbers = [
                db.session.scalar(select(func.count()).select_from(model))
                for model in (Person, Subscription, Consent, Tag)
            ]
            done = db.session.scalars(select(Import)).one()
        assert status == 0, campaign.log.read_text()
        assert 0 < before < people
        assert f"Going on after row {before}." in campaign.log.read_text()
        assert numbers == [people] * 4
        assert (done.made, done.subscribed, done.refused) == (people, people, 0)
