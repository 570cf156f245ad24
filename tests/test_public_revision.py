"""The public revision: it rises with what strangers see, and with nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, delete, insert, select, text, update

from campaign import public_revision
from campaign.db import Model, db
from campaign.events.models import Event
from campaign.pages.models import Page
from campaign.people.models import Person
from campaign.people.verbs import remember
from campaign.public_revision import KnownRevision
from tests.pages.making import keep, page

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def number(app: Flask) -> int:
    with app.app_context():
        return public_revision.current(db.engine)


def of_the_session() -> None:
    db.session.scalars(select(Page)).first().title = "Another"  # type: ignore[union-attr]
    db.session.commit()


def of_many_rows() -> None:
    db.session.execute(update(Page).values(title="Another"))
    db.session.commit()


def of_the_core() -> None:
    with db.engine.begin() as connection:
        connection.execute(delete(Page.__table__))  # type: ignore[arg-type]


def in_plain_words() -> None:
    db.session.execute(text("  update page set title = 'Another'"))
    db.session.commit()


def behind_a_question() -> None:
    chosen = select(Page.id).limit(1).cte("chosen")
    db.session.execute(update(Page).where(Page.id.in_(select(chosen.c.id))).values(title="Another"))
    db.session.commit()


def in_a_part_that_was_kept() -> None:
    with db.session.begin_nested():
        db.session.execute(update(Page).values(title="Another"))
    db.session.commit()


@pytest.mark.parametrize(
    "change",
    [
        of_the_session,
        of_many_rows,
        of_the_core,
        in_plain_words,
        behind_a_question,
        in_a_part_that_was_kept,
    ],
)
def test_a_change_of_what_strangers_see_raises_it_in_whatever_words(
    app: Flask, change: Callable[[], None]
) -> None:
    keep(app, "a.md", page())
    before = number(app)

    with app.app_context():
        change()

    assert number(app) == before + 1


def of_a_person() -> None:
    remember("ada@example.org", now=NOW)
    db.session.commit()


def of_people() -> None:
    row = {"email": "bo@example.org", "address_hash": "b", "remembered_at": NOW}
    db.session.execute(insert(Person).values(name="", country="", language="", **row))
    db.session.commit()


def taken_back() -> None:
    db.session.execute(update(Page).values(title="Another"))
    db.session.rollback()
    remember("cleo@example.org", now=NOW)
    db.session.commit()


def that_only_looks() -> None:
    db.session.scalars(select(Event)).all()
    db.session.commit()


@pytest.mark.parametrize("deed", [of_a_person, of_people, taken_back, that_only_looks])
def test_what_strangers_do_not_see_leaves_it_alone(app: Flask, deed: Callable[[], None]) -> None:
    keep(app, "a.md", page())
    before = number(app)

    with app.app_context():
        deed()

    assert number(app) == before


def test_a_process_sees_at_once_what_it_has_changed_itself(app: Flask) -> None:
    with app.app_context():
        known = KnownRevision(db.engine)
        known.look()
        before = known.number

    keep(app, "a.md", page())
    known.look()

    assert known.number == before + 1


def test_a_process_sees_soon_what_another_has_changed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(app, "a.md", page())
    with app.app_context():
        known = KnownRevision(db.engine)
    known.look()
    before = known.number

    with app.app_context(), db.engine.begin() as connection:
        # As it comes from elsewhere: this process has no part in it.
        connection.execute(text("UPDATE public_revision SET number = number + 1"))
    known.look()
    at_once = known.number
    monkeypatch.setattr(public_revision, "LOOK_EVERY", 0.0)
    known.look()

    assert public_revision.LOOK_EVERY <= 0.5
    assert (at_once, known.number) == (before, before + 1)


def test_without_the_database_it_stays_what_it_was(tmp_path: Path) -> None:
    known = KnownRevision(create_engine(f"sqlite:///{tmp_path}/gone/campaign.sqlite"))

    known.look()

    assert (known.number, known.is_known) == (0, True)


def test_every_table_says_whether_strangers_see_its_rows() -> None:
    silent = {
        str(mapper.local_table)
        for mapper in Model.registry.mappers
        if not isinstance(vars(mapper.class_).get("__public__"), bool)
    }

    assert silent == set(), "each says `__public__ = True`, or False where only we see its rows"
