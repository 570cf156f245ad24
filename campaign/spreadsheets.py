"""Spreadsheets: cells that one would run as a formula are made text, and back again."""

import re

# What is run as a formula (OWASP, "CSV injection"), full-width characters too, with the quotes
# that were put before it already.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def guarded(cell: str) -> str:
    """Put a quote before what a spreadsheet would run; an import takes it off again."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Take off the quote with which a formula was made text."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
