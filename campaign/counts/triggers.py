"""The triggers that keep the counts: written from what is registered, for each database its own.

On SQLite, where one writes at a time, a trigger changes the count itself. On PostgreSQL it adds a
row of changes, one a statement and key, and so a deed waits for no other; a duty folds them in.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, MetaData, event

from campaign.counts.registry import Counted, Source, columns_as, known
from campaign.db import db

_PREFIX = "count_rows_of_"
_INTO_COUNTS = (
    "INSERT INTO count_kept (name, key, number) {rows} "
    "ON CONFLICT (name, key) DO UPDATE SET number = number + excluded.number"
)


@event.listens_for(db.metadata, "after_create")
def _install_with_the_tables(_: MetaData, connection: Connection, **more: Any) -> None:
    install(connection)


def install(connection: Connection) -> None:
    """Put the triggers on the tables, in place of those of another version."""
    remove(connection)
    make = _of_postgresql if connection.dialect.name == "postgresql" else _of_sqlite
    for table in sorted({source.table for each in known() for source in each.sources}):
        for statement in make(table):
            connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Take the triggers off the tables."""
    is_postgresql = connection.dialect.name == "postgresql"
    found = connection.exec_driver_sql(
        "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        if is_postgresql
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    for name in [name for (name,) in found if name.startswith(_PREFIX)]:
        connection.exec_driver_sql(
            f"DROP FUNCTION {name}() CASCADE" if is_postgresql else f"DROP TRIGGER {name}"
        )


def _sources_of(table: str) -> Iterator[tuple[Counted, Source]]:
    for each in known():
        for source in each.sources:
            if source.table == table:
                yield each, source


def _of_postgresql(table: str) -> Iterator[str]:
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
    yield f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN {changes(came)}
        ELSIF TG_OP = 'DELETE' THEN {changes(went)}
        ELSE {changes(came, went)} END IF;
        RETURN NULL; END $$
    """
    for deed, referencing in (
        ("INSERT", "NEW TABLE AS came"),
        ("DELETE", "OLD TABLE AS went"),
        ("UPDATE", "NEW TABLE AS came OLD TABLE AS went"),
    ):
        yield (
            f"CREATE TRIGGER {name}_{deed.lower()} AFTER {deed} ON {table} "
            f"REFERENCING {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def _of_sqlite(table: str) -> Iterator[str]:
    """Write, for each source, a trigger each for a row inserted, updated and deleted."""
    columns = [column.name for column in db.metadata.tables[table].columns]
    for at, (each, source) in enumerate(_sources_of(table)):

        def of(row: str, sql: str) -> str:
            return columns_as(row, sql, columns)

        def change(row: str, source: Source = source, each: Counted = each) -> str:
            sign = "-" if row == "OLD" else ""
            return _INTO_COUNTS.format(
                rows=f"SELECT '{each.name}', {of(row, source.key('sqlite'))}, "  # noqa: S608
                f"{sign}({of(row, source.number)}) WHERE {of(row, source.condition)}"
            )

        counts = f"CASE WHEN {source.condition} THEN {source.key('sqlite')} END"
        much = f"CASE WHEN {source.condition} THEN {source.number} END"
        has_changed = " OR ".join(
            f"{of('NEW', part)} IS NOT {of('OLD', part)}" for part in (counts, much)
        )
        for deed, when, rows in (
            ("INSERT", of("NEW", source.condition), ["NEW"]),
            ("DELETE", of("OLD", source.condition), ["OLD"]),
            ("UPDATE", has_changed, ["OLD", "NEW"]),
        ):
            yield (
                f"CREATE TRIGGER {_PREFIX}{table}_{deed.lower()}_{at} AFTER {deed} ON {table} "
                f"WHEN {when} BEGIN {'; '.join(change(row) for row in rows)}; END"
            )
