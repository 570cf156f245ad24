"""Spreadsheets: CSV files to download, in which no cell is run as a formula, and back again."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Response, stream_with_context

# What is run as a formula (OWASP, "CSV injection"), full-width characters too, with the quotes
# that were put before it already.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def guarded(cell: str) -> str:
    """Put a quote before what a spreadsheet would run; an import takes it off again."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Take off the quote with which a formula was made text."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def download(names: Sequence[str], rows: Iterable[Sequence[Any]], *, name: str) -> Response:
    """Answer with rows under their columns' names as CSV (RFC 4180, UTF-8), sent in pieces."""

    def lines() -> Iterator[str]:
        yield _line(names)
        for row in rows:
            yield _line([_cell(value) for value in row])

    return Response(
        stream_with_context(lines()),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    # A number may begin with a minus.
    return str(value) if isinstance(value, int | float) else guarded(str(value))


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
