"""The database: migrations, moments, and what two writers at once may do to each other."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from campaign import clock, create_app
from campaign.config import ROOT
from campaign.db import db, insert_missing
from campaign.people.models import Person
from tests.conftest import SECRET


@pytest.fixture
def empty(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Flask:
    """Give an application whose database has no table yet."""
    if database_url.startswith("postgresql"):
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("drop database if exists migrated with (force)")
            connection.execute("create database migrated")
        url = server.removesuffix("postgres") + "migrated"
    else:
        url = f"sqlite:///{tmp_path}/migrated.sqlite"
    return create_app({"SECRET_KEY": SECRET, "INSTANCE": str(tmp_path), "DATABASE_URL": url})


@pytest.mark.xdist_group("migrations")
def test_migrations_make_from_nothing_what_the_models_say_and_can_be_undone(empty: Flask) -> None:
    with empty.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            differences = compare_metadata(context, db.metadata)
        downgrade(directory=str(ROOT / "migrations"), revision="base")
        with db.engine.connect() as connection:
            left = set(db.inspect(connection).get_table_names()) - {"alembic_version"}
        db.engine.dispose()

    assert differences == []
    assert left == set()


def test_a_moment_comes_back_as_it_went_in_and_in_utc(app: Flask) -> None:
    moment = datetime(2027, 5, 13, 17, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with app.app_context():
        db.session.add(Person(email="ada@example.org", remembered_at=moment))
        db.session.commit()
        db.session.expire_all()

        found = db.session.scalars(select(Person.remembered_at)).one()

    assert found == moment
    assert found.tzinfo == UTC


def test_a_moment_without_a_zone_is_refused(app: Flask) -> None:
    with app.app_context():
        db.session.add(Person(email="ada@example.org", remembered_at=datetime(2027, 5, 13)))

        with pytest.raises(StatementError, match="without a zone"):
            db.session.flush()


def test_twenty_at_once_insert_one_row_between_them(app: Flask) -> None:
    made: list[bool] = []

    def insert() -> None:
        with app.app_context():
            values = {"email": "ada@example.org", "name": "", "country": "", "language": ""}
            made.append(
                insert_missing(Person, {**values, "remembered_at": clock.now()}, unique=["email"])
            )
            db.session.commit()

    threads = [threading.Thread(target=insert) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(made) == [False] * 19 + [True]


def test_sqlite_is_opened_so_that_nothing_is_lost(app: Flask) -> None:
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
        found = {
            name: db.session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_the_words_of_a_fault_do_not_name_the_row(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(DBAPIError) as trouble:
            db.session.execute(text("SELECT :email FROM nowhere"), {"email": "ada@example.org"})

        assert "ada" not in str(trouble.value)
