"""Rows: what the cells of one line say about a person, checked and in our own words.

A person is refused only where there is no address to know them by. Whatever else cannot be read is
left out and noted. A cell is text and nothing else: a formula is a strange name.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from campaign.imports import statuses
from campaign.imports.addresses import address, mended
from campaign.imports.csv_files import (
    CELLS,
    LONG,
    QUOTES,
    Broken,
)
from campaign.imports.models import LONGEST_SHOWN
from campaign.imports.statuses import KNOWN, STRICTEST, SUBSCRIBED
from campaign.imports.words import country_code, language_code, line_of
from campaign.languages import lazy_gettext as _l
from campaign.people.models import as_tag
from campaign.places import cities

ADDRESS = "address"
NO_ADDRESS = "no-address"
REASONS = {
    ADDRESS: _l("this is not exactly one e-mail address"),
    NO_ADDRESS: _l("there is no e-mail address"),
    QUOTES: _l("a quotation mark is missing or stands where none may"),
    CELLS: _l("there are more cells than columns: perhaps a comma that should stand in quotes"),
    LONG: _l("the line is too long to be a row"),
}
NOTES = {
    "cp1252": _l("lines that were not UTF-8, read as Windows-1252"),
    "name": _l("names left out: links, addresses, or signs that cannot be shown"),
    "country": _l("countries not understood and left out"),
    "language": _l("languages not understood and left out"),
    "city": _l("cities kept as written, for they are not in our list or have no country"),
    "tag": _l("tags left out: longer than 40 characters"),
    "time": _l("times not understood and left out"),
    "newsletter": _l("words about the newsletter not understood, read as no"),
    "told": _l("people not subscribed: a tag says that they left or want no mail"),
    "mended": _l("addresses mended: a name, a link or signs that do not belong were taken off"),
}

_NO_NAME = re.compile(r"://|www\.|@|<|>|\{\{|\{%", re.IGNORECASE)
_LONGEST = {"name": 75, "city": 80, "tag": 40}
_TELLING = (*(status for status in STRICTEST if status != KNOWN), KNOWN)
_SIMPLE = statuses.TABLES["newsletter"]


@dataclass(slots=True)
class Row:
    """What one line says about a person."""

    email: str
    name: str = ""
    country: str = ""
    city: str = ""
    city_id: int | None = None
    timezone: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    status: str = KNOWN
    # When they agreed, or left; None where the file does not say.
    at: datetime | None = None

    def merge(self, other: "Row") -> None:
        """Take over what a further line with the same address says."""
        self.name = self.name or other.name
        self.language = self.language or other.language
        if not self.country or other.country in {"", self.country}:
            self.country = self.country or other.country
            if not self.city and other.city:
                self.city, self.city_id = other.city, other.city_id
                self.timezone = other.timezone or self.timezone
            self.timezone = self.timezone or other.timezone
        self.tags = tuple(dict.fromkeys(self.tags + other.tags))
        # A line in which nothing is said takes nothing from one in which it is.
        if _TELLING.index(other.status) < _TELLING.index(self.status):
            self.status, self.at = other.status, other.at
        elif other.status == self.status:
            self.at = self.at or other.at


def reader(
    mapping: Sequence[str], *, status: str, now: datetime, notes: "Counter[str]"
) -> Callable[[list[str]], Row | str]:
    """Make what turns the cells of a line into a `Row`, or into the reason why there is none.

    `status` is what is said of everybody in the file, or "". `notes` counts what is left out.
    """
    columns: dict[str, list[int]] = {}
    for at, field in enumerate(mapping):
        if field:
            columns.setdefault(field, []).append(at)
    single = {field: found[0] for field, found in columns.items()}
    says = (statuses.FIELDS | {"agreed_at"}) & set(columns)
    # Where nothing tells one from another, what the importer says of all is so of each.
    usual = status or SUBSCRIBED
    is_simple = says == {"newsletter"} and len(columns["newsletter"]) == 1 and not status
    spoken = [(field, at) for field in columns if field in statuses.FIELDS for at in columns[field]]

    def read(cells: list[str]) -> Row | str:
        width = len(cells)

        def cell(field: str) -> str:
            at = single.get(field)
            return cells[at].strip() if at is not None and at < width else ""

        typed = cell("email")
        if not typed:
            return NO_ADDRESS
        email = address(typed)
        if not email:
            email = mended(typed)
            if not email:
                return ADDRESS
            notes["mended"] += 1
        row = Row(email, status=usual)
        facts = _attributes(cell("attributes")) if "attributes" in single else {}
        _describe(row, cell, facts, notes)
        if is_simple:
            word = cell("newsletter")
            row.status = _SIMPLE.get(word.casefold()) or _status("newsletter", word, notes)
        elif says:
            _stand(row, cells, spoken, columns, now=now, notes=notes)
        if row.status == SUBSCRIBED and any(map(statuses.tag_tells, row.tags)):
            row.status, row.at = KNOWN, None
            notes["told"] += 1
        return row

    return read


def _describe(
    row: Row, cell: Callable[[str], str], facts: dict[str, str], notes: "Counter[str]"
) -> None:
    """Read who a person is, apart from their address and how they stand to us."""
    row.name = _name(cell("name") or f"{cell('first_name')} {cell('last_name')}", notes)
    country = cell("country") or facts.get("country", "")
    if country:
        row.country = country_code(country)
        if not row.country:
            notes["country"] += 1
    city = cell("city") or facts.get("city", "")
    if city:
        _set_city(row, city, notes)
    row.timezone = _zone(row.city_id, row.country) if row.country else ""
    language = cell("language") or facts.get("language", "")
    if language:
        row.language = language_code(language)
        if not row.language:
            notes["language"] += 1
    tags = cell("tags") or facts.get("tags", "")
    if tags:
        row.tags = _tags(tags, notes)


def shown(cells: list[str] | Broken) -> str:
    """Give the beginning of a refused row as one line of text that any database can keep."""
    text = cells.text if isinstance(cells, Broken) else ",".join(cells)
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", text)[:LONGEST_SHOWN].strip()


def _name(typed: str, notes: "Counter[str]") -> str:
    typed = typed.strip()
    if not typed:
        return ""
    name = line_of(typed)
    if not name or len(name) > _LONGEST["name"] or _NO_NAME.search(name):
        notes["name"] += 1
        return ""
    return name


def _set_city(row: Row, typed: str, notes: "Counter[str]") -> None:
    city = line_of(typed)[: _LONGEST["city"]].strip()
    if _NO_NAME.search(city):
        city = ""
    row.city = city
    row.city_id = _city_id(city, row.country) if row.country and city else None
    if row.city_id is None:
        notes["city"] += 1


@lru_cache(maxsize=8192)
def _city_id(city: str, country: str) -> int | None:
    found = cities.find(city, country)
    return found.id if found else None


@lru_cache(maxsize=8192)
def _zone(city_id: int | None, country: str) -> str:
    return cities.zone_of(city_id, country)


def _tags(typed: str, notes: "Counter[str]") -> tuple[str, ...]:
    """Part tags by commas or semicolons; Mailchimp puts each in quotes of its own."""
    parts = [typed]
    if '"' in typed:
        parts = next(csv.reader([typed], skipinitialspace=True), [])
    elif "," in typed or ";" in typed:
        parts = re.split(r"[,;]", typed)
    found = [line_of(part.strip()) for part in parts]
    short = [tag for tag in found if tag and len(tag) <= _LONGEST["tag"]]
    if len(short) < len([part for part in parts if part.strip()]):
        notes["tag"] += 1
    return tuple(dict.fromkeys(map(as_tag, short)))


def _attributes(typed: str) -> dict[str, str]:
    """Read listmonk's JSON of further facts; what is none of ours is not looked at."""
    try:
        found = json.loads(typed) if typed else {}
    except (ValueError, RecursionError):
        return {}
    facts: dict[str, str] = {}
    for name, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, str):
            facts[str(name).lower()] = value
        elif isinstance(value, list) and str(name).lower() == "tags":
            facts["tags"] = ";".join(str(one).replace(";", " ") for one in value)
    return facts


def _status(field: str, typed: str, notes: "Counter[str]") -> str:
    """Read one cell; what is not understood subscribes nobody, and is no word of leaving either."""
    found = statuses.read(field, typed)
    if found is None:
        notes["newsletter"] += 1
        return KNOWN
    return found


def _stand(
    row: Row,
    cells: list[str],
    spoken: list[tuple[str, int]],
    columns: dict[str, list[int]],
    *,
    now: datetime,
    notes: "Counter[str]",
) -> None:
    """Read how a person stands, and since when: the strictest of what is said counts."""

    def times(field: str) -> list[datetime]:
        typed = [cells[at].strip() for at in columns.get(field, ()) if at < len(cells)]
        read = [moment(one, now=now) for one in typed if one]
        # Why an address failed stands in words.
        if None in read and field != "bounced_at":
            notes["time"] += 1
        return [one for one in read if one is not None]

    # A file of those who did not subscribe makes nobody a subscriber: `row.status` says so.
    given = [row.status]
    for field, at in spoken:
        found = _status(field, cells[at].strip() if at < len(cells) else "", notes)
        if found:
            given.append(found)
    row.status = min(given, key=STRICTEST.index)
    if row.status == SUBSCRIBED:
        # Asked for, then confirmed: the later of the two is when they agreed.
        row.at = max(times("agreed_at"), default=None)
    else:
        row.at = max(times("left_at") + times("bounced_at"), default=None)


_GO = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.\d+)?\s*([+-]\d{4})?(?:\s+[A-Z]{2,5})?")


def moment(typed: str, *, now: datetime) -> datetime | None:
    """Read a time of the past (RFC 3339, or as Mailchimp and Go write it), in UTC if not said."""
    found = _GO.fullmatch(typed)
    text = f"{found[1]}{found[2] or ''}" if found else typed
    try:
        read = datetime.fromisoformat(text)
        read = read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read if read.year >= 1990 and read <= now else None
