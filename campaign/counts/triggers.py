"""The triggers that keep the counts: written from what is registered, for each database its own.

On SQLite, where one writes at a time, a trigger changes the count itself. On PostgreSQL it adds a
row of changes, one a statement and key, and so a deed waits for no other; a duty folds them in.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, MetaData, event

from campaign.counts.registry import Counted, Source, known
from campaign.db import db

_PREFIX = "count_rows_of_"


class _Part(NamedTuple):
    """A trigger or its function: how it is made, and what the database then says of it."""

    name: str
    statement: str
    words: str = ""


@event.listens_for(db.metadata, "after_create")
def _install_with_the_tables(_: MetaData, connection: Connection, **more: Any) -> None:
    install(connection)


def install(connection: Connection) -> None:
    """Put the triggers on the tables, in place of those of another version."""
    remove(connection)
    for part in _wanted(connection):
        connection.exec_driver_sql(part.statement)


def are_in_place(connection: Connection) -> bool:
    """Tell whether the tables have these triggers and no others of ours.

    A table that SQLite made anew has lost its own; another version counted something else.
    """
    return _found(connection) == {part.name: part.words for part in _wanted(connection)}


def remove(connection: Connection) -> None:
    """Take the triggers off the tables."""
    is_postgresql = connection.dialect.name == "postgresql"
    for name in _found(connection):
        if not is_postgresql:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        elif not name.endswith(_OPERATIONS):
            # A function takes its triggers with it.
            connection.exec_driver_sql(f"DROP FUNCTION {name}() CASCADE")


_OPERATIONS = ("_insert", "_update", "_delete")
_IN_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
# Of a trigger PostgreSQL keeps no words; those of its function say what it does.
_IN_POSTGRESQL = """
    SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    UNION ALL
    SELECT tgname, '' FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace
"""


def _found(connection: Connection) -> dict[str, str]:
    """List what stands in the database, by name, with its words."""
    is_postgresql = connection.dialect.name == "postgresql"
    rows = connection.exec_driver_sql(_IN_POSTGRESQL if is_postgresql else _IN_SQLITE)
    return {name: words for name, words in rows if name.startswith(_PREFIX)}


def _wanted(connection: Connection) -> list[_Part]:
    make = _of_postgresql if connection.dialect.name == "postgresql" else _of_sqlite
    tables = sorted({source.table for each in known() for source in each.sources})
    return [part for table in tables for part in make(table)]


def _sources_of(table: str) -> Iterator[tuple[Counted, Source]]:
    for each in known():
        for source in each.sources:
            if source.table == table:
                yield each, source


def _of_postgresql(table: str) -> Iterator[_Part]:
    """Write one function, and a trigger each for what is inserted, updated and deleted at once."""

    def changes(*rows: tuple[str, str]) -> str:
        found = " UNION ALL ".join(
            f"SELECT '{each.name}' AS name, * FROM ({source.rows('postgresql', of=of, sign=sign)}) "  # noqa: S608
            "AS one"
            for each, source in _sources_of(table)
            for of, sign in rows
        )
        return (
            "INSERT INTO count_change (name, key, change) "  # noqa: S608
            f"SELECT name, key, sum(number) FROM ({found}) AS counted "
            "GROUP BY name, key HAVING sum(number) <> 0;"
        )

    came, went = ("came", ""), ("went", "-")
    name = f"{_PREFIX}{table}"
    words = (
        f"BEGIN IF TG_OP = 'INSERT' THEN {changes(came)} ELSIF TG_OP = 'DELETE' THEN "
        f"{changes(went)} ELSE {changes(came, went)} END IF; RETURN NULL; END"
    )
    yield _Part(
        name, f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${words}$$", words
    )
    for operation, referencing in (
        ("INSERT", "NEW TABLE AS came"),
        ("DELETE", "OLD TABLE AS went"),
        ("UPDATE", "NEW TABLE AS came OLD TABLE AS went"),
    ):
        trigger = f"{name}_{operation.lower()}"
        yield _Part(
            trigger,
            f"CREATE TRIGGER {trigger} AFTER {operation} ON {table} "
            f"REFERENCING {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        )


def _of_sqlite(table: str) -> Iterator[_Part]:
    """Write, for each source, a trigger each for a row inserted, updated and deleted."""
    columns = [column.name for column in db.metadata.tables[table].columns]
    for at, (each, source) in enumerate(_sources_of(table)):
        key, is_counted = source.key("sqlite"), source.condition
        new, old = _Row(columns, "NEW"), _Row(columns, "OLD")

        def change(row: _Row, sign: str, name: str = each.name, source: Source = source) -> str:
            return (
                "INSERT INTO count_kept (name, key, number) "
                f"SELECT '{name}', {row(source.key('sqlite'))}, {sign}({row(source.number)}) "
                f"WHERE {row(source.condition)} "
                "ON CONFLICT (name, key) DO UPDATE SET number = number + excluded.number"
            )

        parts = [key] if source.number == "1" else [key, source.number]
        watched = [f"CASE WHEN {is_counted} THEN {part} END" for part in parts]
        has_changed = " OR ".join(f"{new(part)} IS NOT {old(part)}" for part in watched)
        # Of an update that names none of these columns nothing is asked.
        named = ", ".join(new.columns_in(" ".join(watched)))
        came, went = change(new, ""), change(old, "-")
        for operation, of_columns, when, changes in (
            ("INSERT", "", new(is_counted), came),
            ("DELETE", "", old(is_counted), went),
            ("UPDATE", f" OF {named}" if named else "", has_changed, f"{went}; {came}"),
        ):
            name = f"{_PREFIX}{table}_{operation.lower()}_{at}"
            statement = (
                f"CREATE TRIGGER {name} AFTER {operation}{of_columns} ON {table} "
                f"WHEN {when} BEGIN {changes}; END"
            )
            yield _Part(name, statement, statement)


class _Row:
    """A row before or after a deed: SQL of a table's columns is written of it."""

    def __init__(self, columns: list[str], row: str) -> None:
        self._names = re.compile(rf"\b({'|'.join(map(re.escape, columns))})\b")
        self._row = row

    def __call__(self, sql: str) -> str:
        """Write `guests` as `NEW.guests`, and leave what stands in quotes."""
        return "'".join(
            part if in_quotes else self._names.sub(rf"{self._row}.\1", part)
            for in_quotes, part in _parts(sql)
        )

    def columns_in(self, sql: str) -> list[str]:
        """List the columns that are named."""
        bare = (part for in_quotes, part in _parts(sql) if not in_quotes)
        return sorted({name for part in bare for name in self._names.findall(part)})


def _parts(sql: str) -> Iterator[tuple[bool, str]]:
    for at, part in enumerate(sql.split("'")):
        yield at % 2 == 1, part
