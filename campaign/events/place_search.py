"""The search for a place: which cities and countries somebody means by what they typed."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from babel.languages import get_official_languages
from babel.localedata import locale_identifiers

from campaign.folding import fold_name
from campaign.languages import country_name, current_language


class City(NamedTuple):
    """A city by its name, of a country (ISO 3166-1 alpha-2)."""

    name: str
    country: str


def search_by_city_or_country(cities: Iterable[City], words: str) -> list[City]:
    """Find the cities that are called so, or are in a country that is, as people type it.

    Case, accents and order do not matter, and the beginning of a word is enough.
    """
    asked = [word for word in _plain(words).split() if word not in _LITTLE_WORDS]
    if not asked:
        return []
    language = current_language()
    return [
        city for city in cities if all(f" {word}" in _known_as(city, language) for word in asked)
    ]


_LITTLE_WORDS = {"the", "in", "near", "and"}
# What people call a country besides its name.
_ALSO_CALLED = {"GB": "UK Britain", "US": "USA America"}


@lru_cache(maxsize=16_384)
def _known_as(city: City, language: str) -> str:
    """Write all names of a city one after the other, with a space before each word."""
    return f" {_plain(f'{city.name} {_names_of(city.country, language)}')}"


@lru_cache(maxsize=1024)
def _names_of(country: str, _language: str) -> str:
    """Name a country in the reader's language, and as those who live there do; by its code too."""
    return f"{country_name(country)} {country} {called_at_home(country)}"


def called_at_home(country: str, languages: Iterable[str] = ()) -> str:
    """Name a country as its languages and others do, and as people call it for short."""
    spoken = dict.fromkeys((*get_official_languages(country, de_facto=True), *languages))
    locales = (Locale.parse(code) for code in spoken if code in _LOCALES)
    names = (str(locale.territories.get(country, "")) for locale in locales)
    return " ".join(filter(None, (_ALSO_CALLED.get(country, ""), *names)))


_LOCALES = frozenset(locale_identifiers())


def _plain(words: str) -> str:
    # St. Gallen and Washington, D.C. are typed without their full stops.
    return fold_name(words.replace(".", ""))
