"""Reading: a stranger's file of rows, in whatever encoding and with whatever delimiter.

Rows are those of RFC 4180, read one by one: a quote that is never closed costs its own row and no
other. The encoding is UTF-8 or UTF-16; a line that is neither is read as Windows-1252.
"""

import csv
import io
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from campaign.imports.formats import certainty
from campaign.languages import lazy_gettext as _l
from campaign.refusals import Refusal

# Longer lines, and rows of more lines, are no rows about people.
LONGEST_LINE = 65_536
MOST_LINES = 20
_PROBE = 65_536
_DELIMITERS = (",", ";", "\t")
_MOST_COLUMNS = 500
# A title, a date and the like stand at most in so many lines above the names of the columns.
_MOST_ABOVE = 10
# How archives (and spreadsheets, which are such), pictures, pages and the like begin.
_NOT_TEXT = (
    b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"{\\rtf", b"\x89PNG", b"GIF8", b"\x1f\x8b", b"<",
)  # fmt: skip

# Why a row is refused, beside those of `rows`.
QUOTES = "quotes"
CELLS = "cells"
LONG = "long"


class Unreadable(Refusal):
    status = 422


class Empty(Unreadable):
    sentence = _l("The file is empty.")


class NotText(Unreadable):
    sentence = _l(
        "This is not a text file. From a spreadsheet, save the table as CSV; unpack an archive "
        "first and take the CSV files in it one by one."
    )


class NoHeader(Unreadable):
    sentence = _l(
        "The first line should name the columns, such as email,name,country. It looks like a row."
    )


class Shape(NamedTuple):
    """How a file is written: its encoding, its delimiter, and the names of its columns."""

    encoding: str
    delimiter: str
    header: list[str]


class Broken(NamedTuple):
    """A row that cannot be read: why, and how it begins."""

    reason: str
    text: str


@dataclass(slots=True)
class Row:
    """One row: the line it begins on, and its cells."""

    line: int
    cells: list[str] | Broken


def look(file: Path) -> Shape:
    """Find out how a file is written. Raises `Unreadable`."""
    with file.open("rb") as stream:
        probe = stream.read(_PROBE)
    encoding = _encoding(probe)
    named = ""
    above: list[str] = []
    for _, line in _lines(file, encoding):
        if line is None and not above:
            raise NotText
        if line is None or len(above) > _MOST_ABOVE:
            break
        if not line.strip():
            continue
        if _names_the_delimiter(line):
            named = line.strip()[-1]
            continue
        above.append(line)
    if not above:
        raise Empty
    delimiter, header = _header(above, (named,) if named else _DELIMITERS)
    if not any(header):
        raise Empty
    if not all(name.isprintable() for name in header):
        raise NotText
    if any(_ADDRESS.search(name) for name in header):
        raise NoHeader
    return Shape(encoding, delimiter, header)


_ADDRESS = re.compile(r"\S@\S+\.\S")


def _header(lines: list[str], delimiters: Sequence[str]) -> tuple[str, list[str]]:
    """Find the line that names the columns: one that names addresses, else the first of all."""

    def parted(line: str) -> tuple[str, list[str]]:
        found = ((one, _names(line, one)) for one in delimiters)
        return max(found, key=lambda pair: len(pair[1]))

    best, sure = parted(lines[0]), 0
    for line in lines:
        if _ADDRESS.search(line):
            # People begin here: what names the columns is above.
            break
        shape = parted(line)
        certain = certainty(shape[1])
        # A title, too, may speak of mail: then the names of columns are beneath it.
        if certain and certain >= sure:
            best, sure = shape, certain
        if certain == 2:
            break
    return best


def _names(line: str, delimiter: str) -> list[str]:
    """Part a line into names of columns; a mark of byte order and the like is no part of one."""
    cells = (_parsed(line, delimiter) or [])[:_MOST_COLUMNS]
    return ["".join(c for c in cell if unicodedata.category(c) != "Cf").strip() for cell in cells]


def _names_the_delimiter(line: str) -> bool:
    """Tell whether a line only names the delimiter, as Excel writes it."""
    return line[:4].lower() == "sep=" and len(line.strip()) == 5


def _encoding(probe: bytes) -> str:
    if not probe.strip():
        raise Empty
    if probe.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Latin letters in UTF-16 without its mark: every other byte is nothing.
    if probe[1:200:2].count(0) > len(probe[1:200:2]) * 0.7:
        return "utf-16-le"
    if probe[0:200:2].count(0) > len(probe[0:200:2]) * 0.7:
        return "utf-16-be"
    # A stray zero costs its own row; a file of many is none of words.
    if probe.count(0) > max(8, len(probe) // 100) or probe.startswith(_NOT_TEXT):
        raise NotText
    return "utf-8-sig"


def number_of_lines(file: Path) -> int:
    """Count the line ends of a file."""
    found = 0
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            found += block.count(b"\n") or block.count(b"\r")
    return found


def samples(file: Path, shape: Shape, number: int) -> list[list[str]]:
    """Give the cells of the first rows that can be read; none where the file is elsewhere."""
    if not file.is_file():
        return []
    found = rows(file, shape, email=0, notes=Counter())
    return [row.cells for row in islice(found, 2 * number) if isinstance(row.cells, list)][:number]


def rows(file: Path, shape: Shape, *, email: int, notes: "Counter[str]") -> Iterator[Row]:
    """Read the rows beneath the header, one after the other.

    `email` is the column that holds an address: a line with one there begins a row, whatever
    quotes stand before it. `notes` counts the lines that were no UTF-8.
    """
    lines = _lines(file, shape.encoding, notes=notes)
    ahead: deque[tuple[int, str | None]] = deque()
    width = len(shape.header)
    header_seen = False

    def following() -> tuple[int, str | None] | None:
        return ahead.popleft() if ahead else next(lines, None)

    while (item := following()) is not None:
        number, line = item
        if line is None:
            yield Row(number, Broken(LONG, ""))
            continue
        if not line.strip():
            continue
        if not header_seen:
            header_seen = _names(line, shape.delimiter) == shape.header
            continue
        try:
            cells = next(csv.reader((line,), delimiter=shape.delimiter, strict=True))
        except csv.Error:
            taken = _joined(line, following, ahead, shape, email)
            if taken is None:
                yield Row(number, Broken(QUOTES, line))
                continue
            cells = taken
        if len(cells) > width:
            if any(cells[width:]):
                yield Row(number, Broken(CELLS, line))
                continue
            del cells[width:]
        yield Row(number, cells)


def _joined(
    line: str,
    following: Callable[[], tuple[int, str | None] | None],
    ahead: "deque[tuple[int, str | None]]",
    shape: Shape,
    email: int,
) -> list[str] | None:
    """Read a row whose quotes go on over further lines; give those back where it is none."""
    if '"' not in line or not _is_unfinished(line, shape.delimiter):
        return None
    text = line
    taken: list[tuple[int, str | None]] = []
    while len(taken) < MOST_LINES and len(text) < LONGEST_LINE:
        item = following()
        if item is None:
            break
        taken.append(item)
        if item[1] is None or _begins_a_row(item[1], shape, email):
            break
        text += item[1]
        cells = _parsed(text, shape.delimiter)
        if cells is not None:
            return cells
        if not _is_unfinished(text, shape.delimiter):
            break
    ahead.extendleft(reversed(taken))
    return None


def _begins_a_row(line: str, shape: Shape, email: int) -> bool:
    cells = line.split(shape.delimiter)
    return len(cells) == len(shape.header) and "@" in cells[email]


def _is_unfinished(text: str, delimiter: str) -> bool:
    try:
        next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as trouble:
        return "end of data" in str(trouble)
    return False


def _parsed(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def _lines(
    file: Path, encoding: str, *, notes: "Counter[str] | None" = None
) -> Iterator[tuple[int, str | None]]:
    """Give each line with its number; None for one that is too long."""
    is_utf8 = encoding == "utf-8-sig"
    errors = "surrogateescape" if is_utf8 else "replace"
    number = 0
    with file.open(encoding=encoding, errors=errors, newline="") as stream:
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
                while (rest := stream.readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
                    pass
                yield number, None
                continue
            if is_utf8 and not line.isascii():
                try:
                    line.encode()
                except UnicodeEncodeError:
                    line = line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
                    if notes is not None:
                        notes["cp1252"] += 1
            yield number, line
