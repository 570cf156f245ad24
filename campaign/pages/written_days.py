"""Days as people write them in front matter, in figures or with the month's name."""

import re
from datetime import date

from babel import Locale, UnknownLocaleError

# Read first: year, month, day, in any of the usual ways; what follows is an hour, not asked for.
_YEAR_FIRST = re.compile(
    r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:[\d:.,]+ ?(?:[A-Z]{1,4}|[+-][\d:]+)?)?"
)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4})")
_WORDS = re.compile(r"[^\W\d_]+|\d+")
# What stands between a day, a month and a year, and says nothing.
_EMPTY = {"st", "nd", "rd", "th", "er", "of", "the", "de", "del", "den", "le"}


class AmbiguousDay(ValueError):
    """It may be the one day or the other: which figure is the month is not to be seen."""


def read_day(written: str, *, language: str = "") -> date:
    """Give the day that is written, an hour after it left aside; months are named in English too.

    Raises `AmbiguousDay` of 03/04/2027, and ValueError of what is no day.
    """
    written = written.strip()
    if found := _YEAR_FIRST.fullmatch(written):
        if not found[2] and len(found[3] + found[4]) < 4:
            raise ValueError(written)
        return date(int(found[1]), int(found[3]), int(found[4]))
    if found := _YEAR_LAST.fullmatch(written):
        return _year_last(int(found[1]), int(found[3]), int(found[4]), separator=found[2])
    return _by_name(written, language)


def _year_last(first: int, second: int, year: int, *, separator: str) -> date:
    # With points the day comes first wherever people write so; else it is one way here, one there.
    if separator == "." or first > 12 or first == second:
        return date(year, second, first)
    if second > 12:
        return date(year, first, second)
    date(year, first, second)
    raise AmbiguousDay(f"{first}/{second}/{year}")


def _by_name(written: str, language: str) -> date:
    """Read a day such as 18 September 2027, Sept. 18th, 2027, or Sat, 18 Sep 2027 14:26 +0200."""
    words = _WORDS.findall(re.sub(r"\d{1,2}:\d{2}.*", "", written).casefold())
    months, weekdays = _names(language)
    figures = [word for word in words if word.isdigit()]
    found = {months[word] for word in words if word in months}
    unknown = {
        word
        for word in words
        if not (word.isdigit() or word in months or word in weekdays or word in _EMPTY)
    }
    if unknown or len(found) != 1 or len(figures) != 2:
        raise ValueError(written)
    day, year = sorted(figures, key=len)
    if len(year) != 4 or len(day) > 2:
        raise ValueError(written)
    return date(int(year), found.pop(), int(day))


def _names(language: str) -> tuple[dict[str, int], set[str]]:
    months: dict[str, int] = {"sept": 9}
    weekdays: set[str] = set()
    for code in {"en", language} - {""}:
        try:
            locale = Locale.parse(code, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                named = locale.months[form][width]
                months |= {_bare(name): number for number, name in named.items()}
                weekdays |= {_bare(name) for name in locale.days[form][width].values()}
    return months, weekdays


def _bare(name: str) -> str:
    return name.casefold().rstrip(".")
