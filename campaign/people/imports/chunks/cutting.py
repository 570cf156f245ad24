"""Cutting: a file of people in chunks, each small enough to be saved at once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from campaign.people.imports import reading, rows
from campaign.people.imports.models import Import
from campaign.people.imports.reading import Broken, Shape
from campaign.people.imports.rows import Row

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
    """Read a file in chunks, from the row after the last that was saved."""
    shape = Shape(run.encoding, run.delimiter, run.header)
    odd: Counter[str] = Counter()
    lines = reading.rows(file, shape, email=run.mapping.index("email"), notes=odd)
    # Rows before are read again, since a row may go over several lines; that takes a second or two.
    next(islice(lines, run.rows, run.rows), None)
    odd.clear()
    while True:
        chunk = Chunk()
        person = rows.reader(run.mapping, standing=run.standing, now=now, notes=chunk.notes)
        for row in islice(lines, SIZE):
            chunk.rows += 1
            chunk.line = row.line
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
