"""Rows: what the cells of one line say about a person, checked and in our own words.

A person is refused only where there is no address to know them by. Whatever else cannot be read is
left out and noted. A cell is text and nothing else: a formula is a strange name.
"""

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from babel import Locale
from email_validator import SPECIAL_USE_DOMAIN_NAMES

from campaign.imports import statuses
from campaign.imports.models import LONGEST_SHOWN
from campaign.imports.reading import (
    CELLS,
    LONG,
    QUOTES,
    Broken,
)
from campaign.imports.statuses import KNOWN, STRICTEST, SUBSCRIBED
from campaign.languages import lazy_gettext as _l
from campaign.people.models import as_tag
from campaign.places import cities
from campaign.validators import has_control_characters, normal_address, tidy_line

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

# What the slow check would pass as it stands (`forms.normal_address`): nearly every address.
_PLAIN = re.compile(
    r"[a-z0-9_+-]{1,64}(?:\.[a-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
    re.ASCII,
)
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
_FORMULA = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
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
        email = _address(typed)
        if not email:
            email = _mended(typed)
            if not email:
                return ADDRESS
            notes["mended"] += 1
        row = Row(email, status=usual)
        is_told = False
        facts = _attributes(cell("attributes")) if "attributes" in single else {}
        name = cell("name") or f"{cell('first_name')} {cell('last_name')}"
        row.name = _name(name, notes)
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
            is_told = any(map(statuses.tag_tells, row.tags))
        if is_simple:
            word = cell("newsletter")
            row.status = _SIMPLE.get(word.casefold()) or _status("newsletter", word, notes)
        elif says:
            _stand(row, cells, spoken, columns, now=now, notes=notes)
        if is_told and row.status == SUBSCRIBED:
            row.status, row.at = KNOWN, None
            notes["told"] += 1
        return row

    return read


def shown(cells: list[str] | Broken) -> str:
    """Give the beginning of a refused row as one line of text that any database can keep."""
    text = cells.text if isinstance(cells, Broken) else ",".join(cells)
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", text)[:LONGEST_SHOWN].strip()


# What spreadsheets, mail programs and web pages put around an address.
_AROUND = " \t\r\n\"'`´‘’‚‛“”„«»‹›<>;,.:"
_REMARKED = re.compile(r"([^()\s]+@[^()\s]+)\s*\([^()@]*\)[\s;,.]*")
_NAMED = re.compile(r"[^<>]*<\s*(?:mailto:)?([^<>\s]+@[^<>\s]+?)\s*>[\s;,.]*", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:\s*([^?]+)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
# A cell with one of these before the address may pass as it stands, and is not meant so.
_OPENS = "'`´‘’‚‛“”„\""


def _mended(typed: str) -> str:
    """Find the one address in a cell with a name, a link, invisible or stray signs around it."""
    text = "".join(sign for sign in typed if unicodedata.category(sign) != "Cf")
    text = text.replace("＠", "@").replace("\N{NO-BREAK SPACE}", " ").strip()
    found = _NAMED.fullmatch(text)
    if found:
        # A name that is another address leaves open which one is meant.
        others = {word.strip(_AROUND).lower() for word in text.split("<")[0].split() if "@" in word}
        text = found[1] if others <= {found[1].lower()} else ""
    elif "<" in text.strip("<") or ">" in text.strip(">"):
        return ""
    found = _REMARKED.fullmatch(text)
    text = found[1] if found else text
    found = _MAILTO.fullmatch(text.strip(_AROUND))
    # A dot before an address is a mistake in it; one after it ends a sentence.
    text = (found[1] if found else text).lstrip(_AROUND.replace(".", "")).rstrip(_AROUND)
    return _address(text) if text != typed else ""


def _address(typed: str) -> str:
    plain = typed.lower()
    if (
        len(plain) <= 254
        and _PLAIN.fullmatch(plain)
        and plain.index("@") <= 64
        and "--" not in plain
        and not plain.endswith(_SPECIAL)
    ):
        return plain
    cell = _unguarded(typed)
    if cell.startswith(tuple(_OPENS)):
        return ""
    try:
        return normal_address(cell)
    except ValueError:
        return ""


def _unguarded(cell: str) -> str:
    """Take off the mark with which a formula was made text."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _line(cell: str) -> str:
    """Tidy one line of text; "" where it holds signs that are none."""
    text = _unguarded(cell)
    if text.isprintable() and "  " not in text and "\ufffd" not in text:
        # Nearly every cell: nothing to tidy, and no sign that steers machines.
        return unicodedata.normalize("NFC", text).strip()
    text = tidy_line(text.replace("\n", " ").replace("\r", " "))
    return "" if "\ufffd" in text or has_control_characters(text) else text


def _name(typed: str, notes: "Counter[str]") -> str:
    typed = typed.strip()
    if not typed:
        return ""
    name = _line(typed)
    if not name or len(name) > _LONGEST["name"] or _NO_NAME.search(name):
        notes["name"] += 1
        return ""
    return name


def _set_city(row: Row, typed: str, notes: "Counter[str]") -> None:
    city = _line(typed)[: _LONGEST["city"]].strip()
    if _NO_NAME.search(city):
        city = ""
    row.city = city
    row.city_id = _place(city, row.country) if row.country and city else None
    if row.city_id is None:
        notes["city"] += 1


@lru_cache(maxsize=8192)
def _place(city: str, country: str) -> int | None:
    found = cities.find(city, country)
    return found.id if found else None


@lru_cache(maxsize=8192)
def _zone(place: int | None, country: str) -> str:
    return cities.zone_of(place, country)


def _tags(typed: str, notes: "Counter[str]") -> tuple[str, ...]:
    """Part tags by commas or semicolons; Mailchimp puts each in quotes of its own."""
    parts = [typed]
    if '"' in typed:
        parts = next(csv.reader([typed], skipinitialspace=True), [])
    elif "," in typed or ";" in typed:
        parts = re.split(r"[,;]", typed)
    found = [_line(part.strip()) for part in parts]
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


@lru_cache(maxsize=2048)
def country_code(typed: str) -> str:
    """Find the country somebody means by its code or its name in a large language; "" if none."""
    code = typed.strip().upper()
    if code in cities.countries():
        return code
    return _country_names().get(cities.folded(_line(typed)), "")


@lru_cache(maxsize=2048)
def language_code(typed: str) -> str:
    """Find the language somebody means by its code (BCP 47) or its name; "" where there is none."""
    text = typed.strip()
    found = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?", text)
    if found and found[1].lower() in _language_codes():
        parts = [found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()]
        return "_".join(part for part in parts if part)[:12]
    return _names_of_languages().get(cities.folded(_line(text)), "")


_LARGE_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da")


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    """Map what people call countries to the code of each."""
    found = _names("territories", cities.countries())
    usual = {
        "uk": "GB", "u k": "GB", "great britain": "GB", "england": "GB", "scotland": "GB",
        "wales": "GB", "northern ireland": "GB", "usa": "US", "u s a": "US", "u s": "US",
        "united states of america": "US", "america": "US", "holland": "NL", "the netherlands": "NL",
        "czech republic": "CZ", "korea": "KR", "viet nam": "VN", "russian federation": "RU",
    }  # fmt: skip
    return found | usual


@lru_cache(maxsize=1)
def _language_codes() -> frozenset[str]:
    return frozenset(
        code for code in map(str, Locale("en").languages) if re.fullmatch("[a-z]{2,3}", code)
    )


@lru_cache(maxsize=1)
def _names_of_languages() -> dict[str, str]:
    return _names("languages", _language_codes())


def _names(kind: str, codes: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for language in _LARGE_LANGUAGES:
        names: dict[str, Any] = getattr(Locale(language), kind)
        for code, name in names.items():
            if code in codes:
                found.setdefault(cities.folded(str(name)), code)
    return found
