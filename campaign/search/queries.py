"""Questions to the index: what is found by words, and which word somebody may have meant."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, select, union

from campaign.db import db
from campaign.search import index
from campaign.search.findings import Findable, Finding, known
from campaign.search.index import Wanted
from campaign.search.misspellings import can_be_misspelt, nearest, spellings
from campaign.search.models import Entry, Spelling, Word
from campaign.search.policy import MOST_MEANT

# So many rows are compared with the index at a time.
_PIECE = 200
# Of which row an entry is, and in which language.
At = tuple[int, str]


class Hits(NamedTuple):
    """The entries found, and whether there are more."""

    entries: list[Entry]
    has_more: bool


def find(asked: Sequence[Wanted], *, language: str, now: datetime, most: int) -> Hits:
    """Find what has all that is asked for: first in its title, then anywhere.

    Of each, what is in a language or in none comes first, then what is ahead or does not pass, and
    the nearer day. No more is read than was asked for, however much there is.
    """
    if not asked:
        return Hits([], False)
    ranked = partial(_ranked, asked, language=language, now=now, most=most + 1)
    found = {entry.id: entry for entry in ranked(in_title=True)}
    if len(found) <= most:
        for entry in ranked(in_title=False):
            found.setdefault(entry.id, entry)
    return Hits(list(found.values())[:most], len(found) > most)


def _ranked(
    asked: Sequence[Wanted], *, language: str, now: datetime, most: int, in_title: bool
) -> list[Entry]:
    matching = index.matching(asked, in_title=in_title).subquery("matching")
    today = now.date().toordinal()
    is_foreign: ColumnElement[int] = case((Entry.language.in_(("", language)), 0), else_=1)
    is_over: ColumnElement[int] = case((Entry.until < now, 1), else_=0)
    query: Select[Any] = (
        select(Entry)
        .join(matching, matching.c.rowid == Entry.id)
        .order_by(
            is_foreign, is_over, func.abs(func.coalesce(Entry.day_number, today) - today), Entry.id
        )
        .limit(most)
    )
    return list(db.session.scalars(query))


def is_known(words: Sequence[str]) -> bool:
    """Tell whether anything has these words, one after the other."""
    # PostgreSQL would read the table through for one row, if it were free to.
    matching = index.matching([[words]], in_title=False).cte("matching")
    matching = matching.prefix_with("MATERIALIZED", dialect="postgresql")
    return db.session.scalar(select(matching.c.rowid).limit(1)) is not None


def meant_by(word: str) -> list[str]:
    """List the words somebody may have meant by one that nothing has: misspelt, or part of one."""
    if not can_be_misspelt(word):
        return []
    like = select(Spelling.word).where(Spelling.spelling.in_(spellings(word))).distinct()
    near = nearest(word, db.session.scalars(like), most=MOST_MEANT)
    if near:
        return near
    # Some languages write as one word what others write as two: Streik in Klimastreik. The words of
    # a language are few, however many texts there are.
    longer = select(Word.word).where(Word.word.contains(word)).order_by(Word.word)
    return list(db.session.scalars(longer.limit(MOST_MEANT)))


class Kept(NamedTuple):
    """An entry as it is kept: its id, and the digest of what it says."""

    id: int
    digest: str


def kept(findable: Findable, ids: Collection[int]) -> dict[At, Kept]:
    """Give what the index has of some rows."""
    rows = db.session.execute(
        select(Entry.thing_id, Entry.language, Entry.id, Entry.digest).where(
            Entry.thing == findable.name, Entry.thing_id.in_(ids)
        )
    )
    return {(thing_id, language): Kept(id, digest) for thing_id, language, id, digest in rows}


def wanted(findable: Findable, ids: Collection[int]) -> dict[At, Finding]:
    """Give what is to be found of some rows, as their room says."""
    things = db.session.scalars(_anew(findable, ids))
    return {
        (thing.id, finding.language): finding
        for thing in things
        for finding in findable.findings(thing)
    }


def _anew(findable: Findable, ids: Collection[int]) -> Select[Any]:
    # A statement may have changed rows that the session still has as they were.
    query = select(findable.model).where(findable.model.id.in_(ids))
    return query.execution_options(populate_existing=True)


def differing(findable: Findable, ids: Collection[int]) -> set[int]:
    """List which of some rows are found otherwise than as they are."""
    has = {at: entry.digest for at, entry in kept(findable, ids).items()}
    needs = {at: finding.digest for at, finding in wanted(findable, ids).items()}
    return {thing_id for thing_id, _language in dict(has.items() ^ needs.items())}


def pieces() -> Iterator[tuple[Findable, list[int]]]:
    """Give, a piece at a time, all that can be found; each piece may be saved by itself."""
    for findable in known():
        for ids in all_ids(findable):
            yield findable, ids


def all_ids(findable: Findable) -> Iterator[list[int]]:
    """Give, in pieces, the ids of all rows that are there or that the index has."""
    last = 0
    while True:
        there = select(findable.model.id.label("id")).where(findable.model.id > last)
        had = select(Entry.thing_id).where(Entry.thing == findable.name, Entry.thing_id > last)
        either = union(
            select(there.order_by(findable.model.id).limit(_PIECE).subquery()),
            select(had.distinct().order_by(Entry.thing_id).limit(_PIECE).subquery()),
        ).subquery()
        ids = list(db.session.scalars(select(either.c.id).order_by(either.c.id).limit(_PIECE)))
        if not ids:
            return
        yield ids
        last = ids[-1]
