"""Posts and their holders as a CSV file, each row checked, line and column named.

A row is one holder's term in one post; rows with the same country and post are the terms of the
same post and agree on how it is reached.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from urllib.parse import urlsplit

from babel import Locale

from campaign.db import FIRST_DAY, LAST_DAY
from campaign.languages import country_name
from campaign.spreadsheets import guarded, unguarded
from campaign.validators import has_control_characters, normal_address, tidy_line

# What CLDR calls territories but ISO 3166-1 does not, save the EU, which has posts of its own.
_NO_COUNTRIES = {
    "AC", "CP", "CQ", "DG", "EA", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ",
}  # fmt: skip
COUNTRIES = frozenset(
    str(code)
    for code in Locale("en").territories
    if re.fullmatch("[A-Z]{2}", str(code)) and code not in _NO_COUNTRIES
)
_LONGEST = {"post": 200, "holder": 200, "salutation": 200, "contact_form": 500, "source_url": 500}


@dataclass(frozen=True)
class Row:
    """One line of the file, checked; the order of the fields is that of the columns."""

    country: str
    post: str
    holder: str
    salutation: str
    email: str
    contact_form: str
    language: str
    source_url: str
    seen_on: date | None
    valid_from: date | None
    valid_until: date | None

    @property
    def contact(self) -> tuple[object, ...]:
        """Give what all rows of one post must agree on."""
        return (self.email, self.contact_form, self.language, self.source_url, self.seen_on)


COLUMNS = [field.name for field in fields(Row)]


class Unreadable(ValueError):
    """A file with mistakes; `mistakes` is a sentence each, with line and column."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


def write(rows: Iterable[Row]) -> str:
    """Write rows as CSV (RFC 4180); what a spreadsheet would run as a formula is made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(guarded(str(value or "")) for value in asdict(row).values())
    return out.getvalue()


def read(content: bytes, *, today: date) -> list[Row]:
    """Read CSV (UTF-8, a byte-order mark is fine). Raises `Unreadable` with every mistake."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        line = content[: trouble.start].count(b"\n") + 1
        raise Unreadable([f"line {line}: this is not UTF-8 text"]) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    mistakes: list[str] = []
    terms: dict[tuple[str, str], tuple[int, Row]] = {}
    try:
        head = [cell.strip() for cell in next(reader, [])]
        _check_head(head)
        for cells in reader:
            if not any(cells):
                continue
            line = reader.line_num
            if len(cells) != len(head):
                mistakes.append(f"line {line}: {len(cells)} cells where there are {len(head)}")
                continue
            row, wrong = _row(dict(zip(head, cells, strict=True)), today=today)
            mistakes += [f"line {line}, {column}: {sentence}" for column, sentence in wrong]
            if row is None:
                continue
            first, other = terms.setdefault((row.country, row.post), (line, row))
            if other.contact != row.contact:
                mistakes.append(
                    f"line {line}: reached otherwise than the same post on line {first}"
                )
            rows.append(row)
    except csv.Error as trouble:
        mistakes.append(f"line {reader.line_num}: {trouble}")
    if mistakes:
        raise Unreadable(mistakes)
    return rows


def listed_countries() -> list[tuple[str, str]]:
    """List every country, code and name, in the alphabet of the reader."""
    named = [(code, country_name(code)) for code in COUNTRIES]
    return sorted(named, key=lambda pair: unicodedata.normalize("NFKD", pair[1]).casefold())


def _check_head(head: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in head]
    unknown = [name for name in head if name not in COLUMNS]
    mistakes = [f"line 1: the column {name} is missing" for name in missing]
    mistakes += [f"line 1: {name[:40]!r} is not a column of this file" for name in unknown]
    mistakes += [
        f"line 1: the column {name} stands twice" for name in COLUMNS if head.count(name) > 1
    ]
    if mistakes:
        raise Unreadable(mistakes)


def _row(cells: dict[str, str], *, today: date) -> tuple[Row | None, list[tuple[str, str]]]:
    given = {name: tidy_line(unguarded(cell)) for name, cell in cells.items()}
    wrong: list[tuple[str, str]] = []
    for name, value in given.items():
        if has_control_characters(value):
            wrong.append((name, "holds characters that cannot be shown, or a line end"))
        elif len(value) > _LONGEST.get(name, 254):
            wrong.append((name, f"has more than {_LONGEST.get(name, 254)} characters"))
    if wrong:
        return None, wrong
    given["country"] = given["country"].upper()
    if given["country"] not in COUNTRIES:
        wrong.append(("country", "should be a code of two letters, such as DE"))
    if not given["post"]:
        wrong.append(("post", "is empty"))
    if given["email"]:
        try:
            given["email"] = normal_address(given["email"])
        except ValueError:
            wrong.append(("email", "should be exactly one e-mail address"))
    if given["contact_form"] and not _is_web_address(given["contact_form"]):
        wrong.append(("contact_form", "should begin with https:// or http://"))
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", given["language"]):
        wrong.append(("language", "should be a code such as de"))
    days: dict[str, date | None] = {}
    for name in ("seen_on", "valid_from", "valid_until"):
        try:
            days[name] = date.fromisoformat(given[name]) if given[name] else None
        except ValueError:
            wrong.append((name, "should be a day such as 2026-11-21"))
            continue
        day = days[name]
        if day and not FIRST_DAY <= day <= LAST_DAY:
            years = f"{FIRST_DAY.year} to {LAST_DAY.year}"
            wrong.append((name, f"should be a day of a year from {years}"))
    if wrong:
        return None, wrong
    seen, start, end = days["seen_on"], days["valid_from"], days["valid_until"]
    if given["email"] or given["contact_form"]:
        # Never invent one: every contact says where and when it was seen.
        if not given["source_url"]:
            wrong.append(("source_url", "is empty, but a contact needs its source"))
        if seen is None:
            wrong.append(("seen_on", "is empty, but a contact needs the day it was seen"))
    if seen and seen > today:
        wrong.append(("seen_on", "lies in the future"))
    if start and end and end < start:
        wrong.append(("valid_until", "lies before valid_from"))
    if wrong:
        return None, wrong
    return Row(**{**given, **days}), []  # type: ignore[arg-type]


def _is_web_address(value: str) -> bool:
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    return url.scheme in {"https", "http"} and bool(url.hostname) and " " not in value
