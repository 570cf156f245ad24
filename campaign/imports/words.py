"""Words: one line of a cell tidied, and the countries and languages that people name."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from babel import Locale

from campaign.places import cities
from campaign.spreadsheets import unguarded
from campaign.validators import has_control_characters, tidy_line


def line_of(cell: str) -> str:
    """Tidy one line of text; "" where it holds characters that are none."""
    text = unguarded(cell)
    if text.isprintable() and "  " not in text and "\ufffd" not in text:
        # Nearly every cell: nothing to tidy, and no character that steers machines.
        return unicodedata.normalize("NFC", text).strip()
    text = tidy_line(text.replace("\n", " ").replace("\r", " "))
    return "" if "\ufffd" in text or has_control_characters(text) else text


@lru_cache(maxsize=2048)
def country_code(typed: str) -> str:
    """Find the country somebody means by its code or its name in a large language; "" if none."""
    code = typed.strip().upper()
    if code in cities.countries():
        return code
    return _country_names().get(cities.folded(line_of(typed)), "")


@lru_cache(maxsize=2048)
def language_code(typed: str) -> str:
    """Find the language somebody means by its code (BCP 47) or its name; "" where there is none."""
    text = typed.strip()
    found = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?", text)
    if found and found[1].lower() in _language_codes():
        parts = [found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()]
        return "_".join(part for part in parts if part)[:12]
    return _names_of_languages().get(cities.folded(line_of(text)), "")


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
