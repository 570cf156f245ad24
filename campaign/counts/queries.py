"""Questions about counts: one, some, all of a kind, each as of one moment, in one statement."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, Subquery, cast, func, select, union_all

from campaign.counts.models import Count, CountChange
from campaign.counts.policy import CHECKED
from campaign.counts.registry import Counted, quarter_of
from campaign.db import db

Key = TypeVar("Key", int, str)

# Under this name stands how many counts were found to differ from the rows.
DIFFERING = "counts.differing"


def number(counted: Counted, key: int | str = "") -> int:
    """Give one number."""
    return int(db.session.scalar(select(number_of(counted, str(key)))) or 0)


def numbers(counted: Counted, keys: Iterable[Key]) -> dict[Key, int]:
    """Give the numbers of some keys; every key asked for is in the answer."""
    wanted = list(keys)
    found = _by_key(counted, [str(key) for key in wanted])
    return {key: found.get(str(key), 0) for key in wanted}


def all_numbers(counted: Counted) -> dict[str, int]:
    """Give every number of a kind that is not zero, by its key."""
    return _by_key(counted, None)


def total(counted: Counted) -> int:
    """Give the sum over all keys of a kind."""
    return sum(all_numbers(counted).values())


def number_of(counted: Counted, key: Any) -> ColumnElement[int]:
    """Give a number in SQL, beside rows by which it is kept: `number_of(SEATS, Event.id)`."""
    same = key if isinstance(key, str) else cast(key, String)
    kept = select(Count.number).where(Count.name == counted.name, Count.key == same)
    pending = select(func.sum(CountChange.change)).where(
        CountChange.name == counted.name, CountChange.key == same
    )
    return func.coalesce(kept.scalar_subquery(), 0) + func.coalesce(pending.scalar_subquery(), 0)


def between(kinds: Sequence[Counted], moments: Sequence[datetime]) -> dict[str, list[int]]:
    """Give what is counted by time between each moment and the next, by the names of the kinds."""
    keys = [quarter_of(moment) for moment in moments]
    rows = _rows([kind.name for kind in kinds], since=keys[0])
    spans = [
        func.coalesce(func.sum(rows.c.number).filter(rows.c.key >= begin, rows.c.key < end), 0)
        for begin, end in pairwise(keys)
    ]
    found = db.session.execute(select(rows.c.name, *spans).group_by(rows.c.name))
    of_kinds = {name: [int(number) for number in numbers] for name, *numbers in found}
    return {kind.name: of_kinds.get(kind.name, [0] * len(spans)) for kind in kinds}


def _by_key(counted: Counted, keys: list[str] | None) -> dict[str, int]:
    if keys == []:
        return {}
    rows = _rows([counted.name], keys=keys)
    added = func.sum(rows.c.number)
    query = select(rows.c.key, added).group_by(rows.c.key).having(added != 0)
    return {key: int(found) for key, found in db.session.execute(query)}


def _rows(names: list[str], *, keys: list[str] | None = None, since: str = "") -> Subquery:
    """Find what is kept and what is still to be folded in, as of one moment."""
    kept = select(Count.name, Count.key, Count.number)
    pending = select(CountChange.name, CountChange.key, CountChange.change)
    parts = []
    for query, table in ((kept, Count), (pending, CountChange)):
        query = query.where(table.name.in_(names))
        if keys is not None:
            query = query.where(table.key.in_(keys))
        parts.append(query.where(table.key >= since) if since else query)
    return union_all(*parts).subquery()


def differences(kinds: Iterable[Counted], *, now: datetime) -> dict[tuple[str, str], int]:
    """Count the rows and tell, by name and key, what a count lacks to be what they say.

    Of what is counted by time only what is kept for sure.
    """
    connection = db.session.connection()
    sql = differences_in_sql(kinds, connection.dialect.name, now=now)
    return {(name, key): int(lacks) for name, key, lacks in connection.exec_driver_sql(sql)}


def differences_in_sql(kinds: Iterable[Counted], dialect: str, *, now: datetime) -> str:
    """Write that question: nothing stands in it but what the rooms have registered."""
    return " UNION ALL ".join(
        _difference(each, dialect, first=quarter_of(now - CHECKED) if each.is_by_time else "")
        for each in kinds
    )


def _difference(counted: Counted, dialect: str, *, first: str) -> str:
    truth = " UNION ALL ".join(source.rows(dialect) for source in counted.sources)
    return (
        f"SELECT '{counted.name}' AS name, key, sum(number) AS number FROM ({truth} "  # noqa: S608
        f"UNION ALL SELECT key, -number FROM count_kept WHERE name = '{counted.name}' "
        f"UNION ALL SELECT key, -change FROM count_change WHERE name = '{counted.name}') "
        f"AS counted WHERE key >= '{first}' GROUP BY key HAVING sum(number) <> 0"
    )


def number_differing() -> int:
    """Tell how many counts differed from the rows when they were last checked."""
    return int(
        db.session.scalar(select(func.sum(Count.number)).where(Count.name == DIFFERING)) or 0
    )
