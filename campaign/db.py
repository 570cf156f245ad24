"""The database: one leaf that every room may touch, SQLite and PostgreSQL alike.

Long, for wherever the two differ, it is said here and nowhere else; SQLite's one lock has a file.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    ColumnElement,
    Date,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    and_,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

from campaign import sqlite_locks
from campaign.config import ROOT
from campaign.folding import fold, fold_in_postgresql, fold_in_sqlite
from campaign.sqlite_locks import only_reads


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases; SQLite itself keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # As with a `Day`: no zone's clocks can show the last hours of Python's years.
        if not FIRST_DAY.year <= value.year <= LAST_DAY.year:
            day = nearest_day(value.date())
            value = value.replace(year=day.year, month=day.month, day=day.day)
        # PostgreSQL answers in its server's own zone, SQLite in none.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# The days that are kept: what lies outside is a slip, and no calendar can count with it.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def nearest_day(day: date) -> date:
    """Give a day itself, or the nearest of the days that are kept."""
    return min(max(day, FIRST_DAY), LAST_DAY)


class Day(TypeDecorator[date]):
    """A day. One outside the days we keep, however it got there, is read as the nearest of them.

    So one bad row takes no page down: near the ends of Python's years no moment can be computed.
    """

    impl = Date
    cache_ok = True

    def process_result_value(self, value: date | None, dialect: Dialect) -> date | None:
        return None if value is None else nearest_day(value)


class Base(DeclarativeBase):
    """The base of all tables."""

    # The map stands in a registry: on the class itself Flask-SQLAlchemy would lose it.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: Moment(),
            date: Day(),
            str: String(),
            dict[str, Any]: JSON(),
            list[str]: JSON(),
            list[Any]: JSON(),
        },
    )
    metadata = registry.metadata


# Objects stay readable after a commit: a door answers with what it has just saved.
db = SQLAlchemy(
    model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False}
)
if TYPE_CHECKING:

    class Model(Base):
        """What every table extends."""

        __abstract__ = True
        # Whether strangers see its rows (`public_revision`); each table says so.
        __public__: bool

else:
    Model = db.Model


class _Migrations:
    """Flask-Migrate's part of the application, loaded when somebody migrates.

    With Alembic it takes ten megabytes, of which no server and no worker has any use.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        options = {
            "render_as_batch": True,
            "compare_type": True,
            "include_name": _is_of_a_model,
        }
        # In its place from now on, it answers for itself.
        Migrate(self._app, db, directory=str(ROOT / "migrations"), **options)
        return getattr(self._app.extensions["migrate"], name)


def _is_of_a_model(name: str | None, kind: str, parents: Any) -> bool:
    # The index of words (`search.index`) is no model: on SQLite it is a virtual table and its own.
    return kind != "table" or not (name or "").startswith("search_words")


class _MigrationCommands(click.Command):
    """`flask db …`, loaded when it is asked for."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        from flask_migrate.cli import db as commands

        context: click.Context = commands.make_context(*arguments, **options)
        return context


_READING = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask) -> None:
    """Bind the database and its migrations to the application."""
    url = app.config["DATABASE_URL"]
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    own: dict[str, Any] = (
        {"connect_args": {"timeout": sqlite_locks.LOCK_WAIT_OF_A_VISITOR}}
        if url.startswith("sqlite")
        else {
            "pool_pre_ping": True,
            "pool_size": 10,
            "max_overflow": 20,
            "connect_args": connection_timeouts(url),
        }
    )
    # A fault's words must not repeat the row, and with it a person, to whoever prints them.
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"hide_parameters": True, **own})
    db.init_app(app)
    app.extensions["migrate"] = _Migrations(app)
    app.cli.add_command(_MigrationCommands("db", help="Write and run migrations."))
    app.before_request(_note_whether_it_writes)
    app.teardown_request(_forget_whether_it_writes)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            folder = Path(db.engine.url.database or "").parent
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sqlite_locks.prepare(db.engine)


def connection_timeouts(url: str) -> dict[str, str]:
    """Give how long PostgreSQL and we wait for each other where the way between is cut.

    Left to themselves, we would wait a quarter of an hour for an answer, and the server two hours
    for us, with all that we had locked. What the URL says of it stands.
    """
    server = (
        "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 "
        "-c tcp_user_timeout=60000"
    )
    ours = {
        "connect_timeout": "10",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "30000",
        "options": server,
    }
    return {name: value for name, value in ours.items() if f"{name}=" not in url}


def _note_whether_it_writes() -> None:
    only_reads.set(request.method in _READING)


def _forget_whether_it_writes(trouble: BaseException | None) -> None:
    only_reads.set(False)


def contains(column: Any, words: str) -> ColumnElement[bool]:
    """Tell whether words stand in a column, whatever their case and accents (`folding`)."""
    sought = fold(words)
    # Most values are ASCII, and of these the database's own search is enough, and ten times as
    # fast; any other is folded.
    if db.engine.dialect.name == "postgresql":
        is_found = column.icontains(sought, autoescape=True)
        is_foreign = func.octet_length(column) != func.char_length(column)
        folded = fold_in_postgresql(column)
    else:
        # SQLite's LIKE takes big and small letters of ASCII for one; its `lower` costs as much.
        is_found = column.contains(sought, autoescape=True)
        is_foreign = func.length(column) != func.length(cast(column, LargeBinary))
        folded = fold_in_sqlite(column)
    return or_(is_found, and_(is_foreign, folded.contains(sought, autoescape=True)))


@contextmanager
def reading() -> Iterator[None]:
    """Read something outside a request and keep nothing afterwards: no lock, no transaction.

    Nothing may be unsaved before, and on SQLite nothing can be changed within.
    """
    before = only_reads.set(True)
    try:
        yield
    finally:
        db.session.rollback()
        only_reads.reset(before)


def upsert(model: type[Any]) -> Any:
    """Begin an INSERT that may say what to do where a row stands already (`on_conflict_…`)."""
    make = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return make(model)


def partial_index(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """Make an index of the rows alone of which a condition, in SQL, is true."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def insert_missing(model: type[Any], values: dict[str, Any], *, unique: Iterable[str]) -> bool:
    """Insert a row unless one with the same `unique` columns stands already, in one statement.

    Returns whether a row was inserted. Two processes asking at once insert one row between them.
    """
    columns = list(unique)
    statement = upsert(model).values(values).on_conflict_do_nothing(index_elements=columns)
    # Asked for what it inserted: PostgreSQL's driver gives no count of rows here.
    inserted = db.session.execute(statement.returning(model.__table__.c[columns[0]]))
    return inserted.first() is not None


def insert_all_missing(
    model: type[Any], rows: Sequence[dict[str, Any]], *, unique: Sequence[str]
) -> list[Any]:
    """Insert rows unless some with the same `unique` columns stand already, in one statement.

    Gives the unique columns of those that were inserted. Give the rows in one order everywhere:
    two that insert the same would else wait for each other.
    """
    columns = [model.__table__.c[name] for name in unique]
    statement = upsert(model).on_conflict_do_nothing(index_elements=list(unique))
    return [tuple(row) for row in db.session.execute(statement.returning(*columns), rows)]


def enlarge_cache() -> None:
    """Give SQLite more memory for its pages (8 MB), for much writing all over a table."""
    if db.engine.dialect.name == "sqlite":
        db.session.connection().exec_driver_sql("PRAGMA cache_size=-8000")


def bulk_insert(table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write many rows, a value for each column, in the way the database takes them fastest."""
    connection = db.session.connection()
    dialect = connection.dialect
    processors = [
        (at, process)
        for at, column in enumerate(table.columns)
        if (process := column.type.dialect_impl(dialect).bind_processor(dialect))
    ]

    def stored(row: tuple[Any, ...]) -> tuple[Any, ...]:
        cells = list(row)
        for at, process in processors:
            cells[at] = process(cells[at])
        return tuple(cells)

    ready = map(stored, rows) if processors else rows
    if dialect.name == "postgresql":
        with connection.connection.cursor().copy(f"COPY {table.name} FROM STDIN") as copy:
            for row in ready:
                copy.write_row(row)
        return
    placeholders = ", ".join("?" * len(table.columns))
    # The name is a table's of ours.
    connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({placeholders})", list(ready))  # noqa: S608


def lock(query: Select[Any]) -> Select[Any]:
    """Lock the rows a verb is about to decide on until what it does is saved.

    Others may still name such a row in a foreign key, so a mail to a person waits for nobody. On
    SQLite, which locks no rows, it takes the one lock there is.
    """
    return query.with_for_update(key_share=True)


def count_of(query: Select[Any]) -> int:
    """Count the rows a query would give."""
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
