"""Cutting: a file of people in chunks, each small enough to be saved at once."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from campaign.imports import csv_files, rows, statuses
from campaign.imports.csv_files import Broken, Shape
from campaign.imports.models import Import
from campaign.imports.rows import Row

SIZE = 2000


@dataclass
class Chunk:
    """Some rows that follow one another; whoever stands in several of them is there once."""

    people: dict[str, Row] = field(default_factory=dict)
    # Line, reason, and how the row begins.
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    notes: "Counter[str]" = field(default_factory=Counter)
    rows: int = 0
    line: int = 0


def read(run: Import, file: Path, *, now: datetime) -> Iterator[Chunk]:
    """Read a file in chunks, from the row after the last that was saved.

    Raises `UnclearColumn` before a chunk in which a column that is left out says who has left.
    """
    shape = Shape(run.encoding, run.delimiter, run.header)
    odd: Counter[str] = Counter()
    lines = csv_files.rows(file, shape, email=run.mapping.index("email"), notes=odd)
    # Rows before are read again, since a row may go over several lines; that takes a second or two.
    next(islice(lines, run.rows, run.rows), None)
    odd.clear()
    ask = _asker(run)
    while True:
        chunk = Chunk()
        person = rows.reader(run.mapping, status=run.status, now=now, notes=chunk.notes)
        for row in islice(lines, SIZE):
            chunk.rows += 1
            chunk.line = row.line
            if ask:
                ask(row)
            found = row.cells.reason if isinstance(row.cells, Broken) else person(row.cells)
            if isinstance(found, str):
                chunk.refused.append((row.line, found, rows.shown(row.cells)))
                continue
            first = chunk.people.setdefault(found.email, found)
            if first is not found:
                first.merge(found)
        chunk.notes += odd
        odd.clear()
        if not chunk.rows:
            return
        yield chunk


def look_through(run: Import, file: Path) -> None:
    """Read what is left out of a file to its end, before any of it is saved.

    Raises `UnclearColumn` where it says who has left.
    """
    ask = _asker(run)
    if ask is None:
        return
    shape = Shape(run.encoding, run.delimiter, run.header)
    for row in csv_files.rows(file, shape, email=run.mapping.index("email"), notes=Counter()):
        ask(row)


def _asker(run: Import) -> Callable[[csv_files.Row], None] | None:
    """Make what looks at the columns of a row that are left out; None where there are none."""
    header = run.header
    left_out = [at for at, field in enumerate(run.mapping) if not field]
    of_mail = [at for at in left_out if statuses.asks_of_mail(header[at])]
    if not left_out:
        return None

    def ask(row: csv_files.Row) -> None:
        cells = row.cells
        if isinstance(cells, Broken):
            return
        for at in left_out:
            # Longer cells are no status; most are dealt with by this look at their length.
            if at < len(cells) and 1 < len(cells[at]) < 40 and statuses.tells(cells[at]):
                raise statuses.UnclearColumn(at, header[at], cells[at])
        for at in of_mail:
            if at < len(cells) and len(cells[at]) < 20 and statuses.is_answer(cells[at]):
                raise statuses.UnclearColumn(at, header[at], cells[at])

    return ask
