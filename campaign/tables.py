"""Tables of the office: any query searched, paged, and downloaded whole as CSV.

A page view costs the same however many rows there are: they are counted a little further than they
are shown, and words are looked for by indexes and in the newest rows. The whole table is read for a
download, and for whoever asks to look through all of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, inspect, or_, select, union

from campaign import spreadsheets
from campaign.db import contains, count_of, db, is_among
from campaign.languages import local
from campaign.paging import MOST_COUNTED, MOST_SHOWN, PAGE_SIZE, Pager, pages_of

# So many of the newest rows are looked through for what no index finds.
LOOKED_THROUGH = 2_000
# In an address: every row is looked through.
EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Column:
    """One column: its name in the CSV, its label on the page, and how to read a row.

    `value` gives plain data; `cell`, if there is one, gives what the page shows instead, such as
    a link (as `Markup`).
    """

    name: str
    label: Any
    value: Callable[[Any], Any]
    cell: Callable[[Any], Any] | None = None
    is_number: bool = False

    def shown(self, row: Any) -> Any:
        """Give what the page shows for a row."""
        value = (self.cell or self.value)(row)
        # An element of its own, so that the page can keep it on one line.
        if isinstance(value, datetime):
            return Markup('<time datetime="{}">{}</time>').format(
                value.isoformat(timespec="minutes"), office_time(value)
            )
        if isinstance(value, date):
            return Markup("<time>{}</time>").format(value.isoformat())
        return "" if value is None else value


@dataclass(frozen=True)
class Table(Pager):
    """One page of a table, ready for `macros/lists.html`: columns, rows, pager, addresses."""

    columns: list[dict[str, Any]]
    rows: list[list[Any]]
    query: str
    path: str
    arguments: dict[str, str]
    # More rows follow than the `total` that were counted.
    has_more: bool = False
    # Only the newest rows, and what an index finds, were looked through.
    is_narrowed: bool = False

    def address_of(self, number: int) -> str:
        """Give the address of a page of this table."""
        return self._url(page=str(number))

    @property
    def csv_url(self) -> str:
        """Give the address of the whole table as CSV."""
        return self._url(format="csv")

    @property
    def looked_through(self) -> int:
        """Tell how many of the newest rows were looked through where not all were."""
        return LOOKED_THROUGH

    @property
    def is_cut(self) -> bool:
        """Tell whether more rows follow than can be leafed through."""
        return self.has_more and self.number * PAGE_SIZE >= MOST_SHOWN

    @property
    def has_next(self) -> bool:
        """Tell whether there is a page after."""
        return (super().has_next or self.has_more) and not self.is_cut

    @property
    def everywhere_url(self) -> str:
        """Give the address at which every row is looked through."""
        return self._url(**{EVERYWHERE: "1"})

    def _url(self, **more: str) -> str:
        return f"{self.path}?{urlencode({**self.arguments, **more})}"


def office_time(moment: datetime) -> str:
    """Write a moment as the office reads it: short, sortable, on the clocks of its own zone."""
    return f"{local(moment, current_app.config['TIMEZONE']):%Y-%m-%d %H:%M}"


def page(
    query: Select[Any],
    columns: list[Column] | Callable[[list[Any]], list[Column]],
    *,
    arguments: Mapping[str, str],
    path: str,
    is_narrowed: bool = False,
) -> Table:
    """Give one page of what a query finds; `arguments` are those of the address.

    The columns may be made from the rows of the page, for what is asked of these alone.
    `is_narrowed` says that only some of the rows were looked through (`finds_some`).
    """
    number = min(_page_asked_for(arguments.get("page", "1")), MOST_SHOWN // PAGE_SIZE)
    rows, has_more = _rows(query, number), False
    total = (number - 1) * PAGE_SIZE + len(rows)
    # Whoever sees the end of a list need not count it.
    if len(rows) > PAGE_SIZE or (number > 1 and not rows):
        most = max(MOST_COUNTED, number * PAGE_SIZE)
        counted = count_of(_ids(query), most=most + 1)
        total, has_more = min(counted, most), counted > most
    pages = pages_of(total, size=PAGE_SIZE)
    if number > pages:
        number, rows = pages, _rows(query, pages)
    rows = rows[:PAGE_SIZE]
    columns = columns(rows) if callable(columns) else columns
    return Table(
        columns=[{"label": c.label, "is_number": c.is_number} for c in columns],
        rows=[[column.shown(row) for column in columns] for row in rows],
        query=arguments.get("q", ""),
        number=number,
        pages=pages,
        total=total,
        has_more=has_more,
        path=path,
        arguments={k: v for k, v in arguments.items() if k not in {"page", "format"} and v},
        is_narrowed=is_narrowed,
    )


def _rows(query: Select[Any], number: int) -> list[Any]:
    """Give the rows of a page, and one more where more follow."""
    start = (number - 1) * PAGE_SIZE
    return list(db.session.scalars(query.limit(PAGE_SIZE + 1).offset(start)))


def _ids(query: Select[Any]) -> Select[Any]:
    """Ask for the keys alone: to count rows, none need be read."""
    entity = query.column_descriptions[0]["entity"]
    return query.with_only_columns(*inspect(entity).primary_key, maintain_column_froms=True)


def _page_asked_for(typed: str) -> int:
    # Nobody has a table of a billion pages; Python refuses to read numbers of thousands of digits.
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 9:
        return 1
    return max(int(typed), 1)


def download(query: Select[Any], columns: list[Column], *, name: str) -> Response:
    """Answer with all that a query finds as CSV, read and sent in pieces."""

    def rows() -> Iterator[list[Any]]:
        for row in db.session.scalars(query.execution_options(yield_per=500)):
            yield [column.value(row) for column in columns]

    return spreadsheets.download([column.name for column in columns], rows(), name=name)


def contains_word(words: str, *columns: Any) -> ColumnElement[bool]:
    """Tell whether words stand in one of the columns, whatever their case and accents."""
    return or_(*(contains(column, words) for column in columns))


def is_everywhere(arguments: Mapping[str, str]) -> bool:
    """Tell whether an address asks to look through every row: for a download, or by its link."""
    return arguments.get("format") == "csv" or bool(arguments.get(EVERYWHERE))


def finds_some(query: Select[Any], arguments: Mapping[str, str], *names: str) -> bool:
    """Tell whether `found` passes over some rows of a query for these arguments of an address."""
    asks = any(arguments.get(name) for name in names) and not is_everywhere(arguments)
    return asks and count_of(_ids(query), most=LOOKED_THROUGH + 1) > LOOKED_THROUGH


def found(
    rows: Select[Any],
    said: ColumnElement[bool],
    *,
    where: Iterable[ColumnElement[bool]] = (),
    by: Iterable[Select[Any]] = (),
    newest: Select[Any] | None = None,
    everywhere: bool = False,
) -> Select[Any]:
    """Find rows `where` conditions hold and of which something is said that no index knows.

    Looked through are the newest, the first of these rows; `by` are further ways to the ids of
    some, each by an index. Or, `everywhere`, all are. `newest` are the same rows in the words of an
    index, which would lead away from the ids.
    """
    conditions = list(where)
    first = rows.where(*conditions) if newest is None else newest
    if everywhere:
        return first.where(said)
    (key,) = inspect(rows.column_descriptions[0]["entity"]).primary_key
    keys = _ids(rows).order_by(None)

    def among(some: Select[Any]) -> Select[Any]:
        few = some.limit(MOST_SHOWN + 1).subquery()
        return keys.join(few, few.c[key.name] == key)

    # Asked of each of these rows and of no other, whatever a planner makes of the condition.
    looked_through = _ids(first).add_columns(said.label("is_said")).limit(LOOKED_THROUGH)
    newest_rows = looked_through.subquery("newest")
    near = select(newest_rows.c[key.name]).where(newest_rows.c.is_said)
    ways = (among(way).where(*conditions) for way in by)
    # Asked at once, and then for nothing but these: within one question, a planner may begin with
    # all for which the conditions hold.
    ids = db.session.scalars(union(near, *ways)).all()
    return rows.where(is_among(key, ids))


def pointing_to(some: Select[Any], column: Any) -> Select[Any]:
    """Find the ids of the rows whose foreign key is one of some ids."""
    (key,) = inspect(column.class_).primary_key
    few = some.limit(MOST_SHOWN + 1).subquery()
    return select(key).join(few, few.c.id == column)


def found_by(key: Any, *ways: Select[Any]) -> ColumnElement[bool]:
    """Tell that a row's id is found by one of some ways, followed no further than a list is shown.

    Asked at once, as in `found`: within one question, a planner may read the table through.
    """
    some = union(*(select(way.limit(MOST_SHOWN + 1).subquery()) for way in ways))
    return is_among(key, db.session.scalars(some).all())
