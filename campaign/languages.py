"""Languages: which one a reader gets, and how dates, numbers and countries read in it."""

from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, gettext, lazy_gettext, ngettext
from flask_babel import format_date as _format_date
from flask_babel import format_decimal as _format_decimal
from flask_babel.speaklater import LazyString
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from campaign.config import ROOT

__all__ = ["_", "babel", "force_locale", "lazy_gettext", "ngettext"]

# The library calls every lazy sentence finished HTML, together with the strangers' words in it, and
# templates would believe that. Ours are text, and are escaped like all text.
if hasattr(LazyString, "__html__"):
    del LazyString.__html__

# Characters of the longest header that names the languages somebody reads.
LONGEST_WISH = 1000

_ = gettext
babel = Babel()


def init_app(app: Flask) -> None:
    """Bind translations and the choice of language to the application."""
    app.config["BABEL_DEFAULT_LOCALE"] = app.config["LANGUAGES"][0]
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "translations")
    babel.init_app(app, locale_selector=_choose)


def _choose() -> str:
    offered = own_languages()
    if not has_request_context() or len(offered) == 1:
        return offered[0]
    # Caches must not hand one reader's language to the next (RFC 9110 section 12.5.5).
    request.environ["campaign.varies_by_language"] = True
    return best_language(tuple(offered), request.headers.get("Accept-Language", ""))


def best_language(offered: tuple[str, ...], accepted: str) -> str:
    """Give the language offered that an `Accept-Language` header asks for most; else the first."""
    return _best(offered, accepted) if len(accepted) <= LONGEST_WISH else offered[0]


@lru_cache(maxsize=1000)
def _best(offered: tuple[str, ...], accepted: str) -> str:
    asked = parse_accept_header(accepted, LanguageAccept)
    return str(asked.best_match(offered, offered[0]))


def current_language() -> str:
    """Name the language of this answer as an HTML `lang` value (BCP 47)."""
    return str(get_locale() or own_languages()[0]).replace("_", "-")


def text_direction() -> str:
    """Tell which way this answer's language runs: `ltr` or `rtl`."""
    return (get_locale() or Locale("en")).text_direction


def language_name(code: str) -> str:
    """Name a language in its own words."""
    return Locale.parse(code.replace("-", "_")).get_display_name() or code


def country_name(code: str) -> str:
    """Name a country (ISO 3166-1 alpha-2) in this answer's language."""
    names = (get_locale() or Locale("en")).territories
    return str(names.get(code, code))


def names_of_country(code: str) -> list[str]:
    """Name a country (ISO 3166-1 alpha-2) in each of the campaign's languages, its first first."""
    spoken = (Locale.parse(language.replace("-", "_")) for language in own_languages())
    return list(dict.fromkeys(str(locale.territories.get(code, code)) for locale in spoken))


def country_codes(words: str) -> list[str]:
    """Find the countries somebody may mean by its code, or by a part of its name."""
    names = (get_locale() or Locale("en")).territories
    sought = words.strip().casefold()
    return [
        code
        for code, name in names.items()
        if len(code) == 2
        and (code.casefold() == sought or (len(sought) > 2 and sought in str(name).casefold()))
    ]


def territories() -> list[tuple[str, str]]:
    """List the countries (ISO 3166-1 alpha-2) with their names, in the order of the alphabet."""
    names = (get_locale() or Locale("en")).territories
    # Neither groups of countries nor codes that stand for no country.
    return _by_name({code: name for code, name in names.items() if _is_country(code)})


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES


# Of CLDR's own: unknown, two pseudo-languages' regions, and unions of countries.
_NO_COUNTRIES = {"ZZ", "XA", "XB", "EU", "EZ", "UN", "QO"}


def languages() -> list[tuple[str, str]]:
    """List the languages (BCP 47) with their names, in the order of the alphabet."""
    names = (get_locale() or Locale("en")).languages
    return _by_name(
        {code: name for code, name in names.items() if len(code) == 2}
        | {code: names.get(code.replace("-", "_"), code) for code in own_languages()}
    )


def _by_name(names: dict[str, Any]) -> list[tuple[str, str]]:
    def plain(pair: tuple[str, Any]) -> str:
        # Åland stands with the letter A.
        return normalize("NFKD", str(pair[1])).encode("ascii", "ignore").decode().casefold()

    return sorted(((code, str(name)) for code, name in names.items()), key=plain)


def long_date(day: date | datetime) -> str:
    """Write a day in full: Thursday 13 May 2027."""
    if _is_british():
        return f"{_format_date(day, 'EEEE', rebase=False)} {short_date(day)}"
    return str(_format_date(day, "full", rebase=False))


def short_date(day: date | datetime) -> str:
    """Write a day without its weekday: 13 May 2027."""
    return str(_format_date(day, "d MMMM y" if _is_british() else "long", rebase=False))


def wall_time(moment: datetime | time) -> str:
    """Write a time of day as clocks show it: 17:30."""
    return f"{moment:%H:%M}"


def own_languages() -> list[str]:
    """List the languages the campaign speaks (BCP 47), its first one first."""
    return list(current_app.config["LANGUAGES"])


def own_zone() -> str:
    """Name the zone of the campaign's own clocks."""
    return str(current_app.config["TIMEZONE"])


def local(moment: datetime, zone: str) -> datetime:
    """Give a moment as the clocks of an IANA zone show it."""
    return moment.astimezone(ZoneInfo(zone))


def number(value: Any) -> str:
    """Write a number with the language's separators."""
    return str(_format_decimal(value))


def _is_british() -> bool:
    # Plain "en" is American English to CLDR; the campaign writes British English.
    return current_language() == "en"
