"""The index of words: SQLite's FTS5 and PostgreSQL's tsvector, made, filled and asked alike.

The table `search_words` is no model, for on SQLite it is a virtual one. Each row has the number of
its entry and goes with it. What is kept and asked are words of letters and digits
(`folded_words`), so nothing that was typed can mean anything to either database.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, cast, column, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from campaign.db import db

# The number of its entry: SQLite calls it so, and PostgreSQL has no word against it.
ENTRY_ID: ColumnElement[int] = column("rowid")
_INDEX = table("search_words", ENTRY_ID)  # type: ignore[arg-type]
# One thing asked for: alternatives, each of them words that stand one after the other.
Wanted = Sequence[Sequence[str]]
# PostgreSQL counts words up to here, and so many of each.
_LAST_POSITION, _MOST_POSITIONS = 16_383, 255

_MAKE = {
    "sqlite": (
        # Words come folded and parted by spaces; all that is not ASCII it takes for letters.
        "CREATE VIRTUAL TABLE search_words USING fts5(title, body, tokenize='ascii', columnsize=0)",
        "CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN "
        "DELETE FROM search_words WHERE rowid = old.id; END",
    ),
    "postgresql": (
        "CREATE TABLE search_words (rowid INTEGER CONSTRAINT pk_search_words PRIMARY KEY "
        "CONSTRAINT fk_search_words_rowid_search_entry "
        "REFERENCES search_entry (id) ON DELETE CASCADE, "
        "words TSVECTOR NOT NULL)",
        # What is new is put where it belongs at once, and not on a heap that is read through.
        "CREATE INDEX ix_search_words_words ON search_words USING gin (words) "
        "WITH (fastupdate = off)",
    ),
}


def make(target: Table, connection: Connection, **more: Any) -> None:
    """Make the index beside the table of its entries."""
    for statement in _MAKE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def drop(target: Table, connection: Connection, **more: Any) -> None:
    """Drop the index before the table of its entries."""
    connection.exec_driver_sql("DROP TABLE IF EXISTS search_words")


class Indexed(NamedTuple):
    """The number of an entry, the words of its title, and all others."""

    id: int
    title: Sequence[str]
    body: Sequence[str]


def write(entries: Sequence[Indexed]) -> None:
    """Keep the words of entries that are new."""
    if db.engine.dialect.name == "postgresql":
        statement = "INSERT INTO search_words VALUES (:id, CAST(:words AS tsvector))"
        values = [{"id": its.id, "words": _vector(its.title, its.body)} for its in entries]
    else:
        statement = "INSERT INTO search_words (rowid, title, body) VALUES (:id, :title, :body)"
        values = [
            {"id": its.id, "title": " ".join(its.title), "body": " ".join(its.body)}
            for its in entries
        ]
    db.session.execute(text(statement), values)


def _vector(title: Sequence[str], body: Sequence[str]) -> str:
    """Write words as a tsvector reads them: each with its places, those of the title marked."""
    places: dict[str, list[str]] = {}
    # Between the two lies a gap, so that no words follow one another across it.
    for words, begin, mark in ((title, 1, "A"), (body, len(title) + 10, "")):
        for at, word in enumerate(words, begin):
            its = places.setdefault(word, [])
            if (len(its) < _MOST_POSITIONS and at <= _LAST_POSITION) or not its:
                its.append(f"{min(at, _LAST_POSITION)}{mark}")
    return " ".join(f"'{word}':{','.join(its)}" for word, its in places.items())


def matching(asked: Sequence[Wanted], *, in_title: bool) -> Select[Any]:
    """Select the numbers of the entries in which all that is asked for stands, or in their titles.

    The last word of each alternative may be the beginning of one.
    """
    if db.engine.dialect.name == "postgresql":
        begins = ":*A" if in_title else ":*"
        whole = ":A" if in_title else ""
        terms = _joined(
            asked,
            lambda words: " <-> ".join(
                [*(f"'{word}'{whole}" for word in words[:-1]), f"'{words[-1]}'{begins}"]
            ),
            also=" & ",
            either=" | ",
        )
        found = column("words").op("@@", is_comparison=True)(cast(terms, TSQUERY))
    else:
        terms = _joined(asked, lambda words: f'"{" ".join(words)}" *', also=" AND ", either=" OR ")
        if in_title:
            terms = f"title : ({terms})"
        found = column("search_words").op("MATCH", is_comparison=True)(terms)
    return select(ENTRY_ID).select_from(_INDEX).where(found)


def _joined(asked: Sequence[Wanted], write: Any, *, also: str, either: str) -> str:
    return also.join(f"({either.join(map(write, wanted))})" for wanted in asked)
