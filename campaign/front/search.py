"""The craft of the search: what was asked for, which hits come first, and the words around them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from unicodedata import normalize

from markupsafe import Markup, escape

from campaign.folding import fold
from campaign.front.policy import FOUND_ON_A_PAGE, LONGEST_SEARCH, MOST_LOOKED_AT, MOST_SEARCH_WORDS
from campaign.languages import country_name
from campaign.paging import Pager, nearest_page, pages_of
from campaign.search import queries
from campaign.search.folded_words import LONGEST, parted
from campaign.search.models import Entry

# Characters of text around the first word found.
BEFORE, AROUND = 60, 240


def words_of(asked: str) -> list[str]:
    """Part what was typed into the words to look for; what stands between them is no word."""
    found = re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", normalize("NFC", asked[:LONGEST_SEARCH]))
    # One Latin letter stands everywhere; one Chinese character may say something.
    words = [word.lower() for word in found if len(word) > 1 or not word.isascii()]
    return list(dict.fromkeys(words))[:MOST_SEARCH_WORDS]


@dataclass(frozen=True)
class Found:
    """What is found by some words: the entries, the best first, and by which words instead."""

    entries: Sequence[Entry]
    # There are more than are looked at.
    has_more: bool
    # The words as they stand in what was found, to be marked there.
    words: Sequence[str]
    # What somebody must have meant, by what they typed and nothing has.
    meant: Mapping[str, str]


def find(words: Sequence[str], *, language: str, now: datetime) -> Found:
    """Find everything in which all of the words stand, or begin, what fits best first.

    What is in the visitor's language, or in none, comes before the rest. Where nothing is found,
    words that nothing has give way to those that somebody may have meant.
    """
    wanted = {word: _spelt(parts) for word in words if (parts := parted(word))}
    look = partial(queries.find, language=language, now=now, most=MOST_LOOKED_AT)
    hits = look(list(wanted.values()))
    meant = {} if hits.entries else _meant(wanted)
    if meant:
        wanted |= {word: [[other] for other in others] for word, others in meant.items()}
        hits = look(list(wanted.values()))
    instead = [other for word in words for other in meant.get(word, [word])]
    weighed = [(word, fold(word)) for word in instead]
    ordered = sorted(
        hits.entries,
        key=lambda entry: (
            entry.language not in {"", language},
            -_weight(entry, weighed, now),
            _away(entry, now),
            entry.path,
        ),
    )
    return Found(ordered, hits.has_more, instead, {w: o[0] for w, o in meant.items()})


def _spelt(parts: list[str]) -> list[list[str]]:
    """Give the ways a word may stand there: as its parts, or as one: U.K. and UK."""
    return [parts, ["".join(parts)[:LONGEST]]] if len(parts) > 1 else [parts]


def _meant(wanted: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, list[str]]:
    """Give for each word that nothing has those that stand somewhere, where there are any."""
    return {
        word: others
        for word, [parts, *_joined] in wanted.items()
        if len(parts) == 1 and not queries.is_known(parts)
        if (others := [other for other in queries.meant_by(parts[0]) if queries.is_known([other])])
    }


def _away(entry: Entry, now: datetime) -> int:
    return abs((entry.day - now.date()).days) if entry.day else 0


def summary_of(entry: Entry) -> str:
    """Give what an entry says of itself, and in which country it is."""
    country = country_name(entry.country) if entry.country else ""
    return ", ".join(part for part in (entry.summary, country) if part)


def _weight(entry: Entry, words: Sequence[tuple[str, str]], now: datetime) -> int:
    """Weigh a hit by words and their folded forms: in the title most, whole more than begun."""
    title, summary = fold(entry.names or entry.title), fold(entry.summary)
    # A text may be long, and need not be weighed so closely as to fold it.
    text = entry.text.lower()
    weight = 0 if entry.until is None else 6 if entry.until > now else -6
    for word, folded in words:
        weight += 12 * _fit(folded, title) + 4 * _fit(folded, summary)
        weight += _fit(word, text) + min(text.count(word), 5)
    phrase, folded = (" ".join(forms) for forms in zip(*words, strict=True))
    if len(words) > 1:
        weight += 20 * (folded in title) + 6 * (phrase in text)
    return weight + 30 * (folded == title)


def _fit(word: str, text: str) -> int:
    """Tell how well a word fits a text: 0 not at all, 1 within a word, 2 its beginning, 3 whole."""
    if word not in text:
        return 0
    if _whole(word).search(text):
        return 3
    return 2 if _begun(word).search(text) else 1


@lru_cache(maxsize=64)
def _whole(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}\b")


@lru_cache(maxsize=64)
def _begun(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}")


_WORD = re.compile(r"\w+")
_MARK, _MARK_END = Markup("<mark>"), Markup("</mark>")


def marked(text: str, words: Sequence[str]) -> Markup:
    """Give a text, made safe, with the words marked that hold one of those asked for."""
    parts: list[Markup] = []
    end = 0
    for found in _standing(text, words):
        parts += [escape(text[end : found.start()]), _MARK, escape(found[0]), _MARK_END]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _standing(text: str, words: Sequence[str]) -> Iterator[re.Match[str]]:
    """Find the words of a text that hold one of those asked for, whatever case and accents."""
    # One Latin letter, such as those of U.N., stands everywhere.
    sought = [part for word in words for part in parted(word) if len(part) > 1 or part > "\x7f"]
    for found in _WORD.finditer(text):
        folded = fold(found[0])
        if any(part in folded for part in sought):
            yield found


def around(entry: Entry, words: Sequence[str]) -> Markup:
    """Give the words of a hit around the first place where one of those asked for stands."""
    text, summary = entry.text, summary_of(entry)
    place = next((found.start() for found in _standing(text, words)), None)
    if place is None or next(_standing(summary, words), None):
        # What it says of itself is the better answer.
        text, place = summary or text, 0
    begin = max(place - BEFORE, 0)
    if begin:
        begin = text.find(" ", begin) + 1
    cut = text[begin : begin + AROUND]
    if begin + AROUND < len(text):
        cut = cut.rpartition(" ")[0] + " …"
    return marked(("… " if begin else "") + cut, words)


@dataclass(frozen=True)
class HitPage(Pager):
    """One page of hits, the best first."""

    entries: Sequence[Entry]
    address: str

    def address_of(self, number: int) -> str:
        """Give the address of a page of these hits."""
        return f"{self.address}&page={number}"


def page_of(entries: Sequence[Entry], number: int, *, address: str) -> HitPage:
    """Give one page of the hits; a number beyond them gives the last."""
    pages = pages_of(len(entries), size=FOUND_ON_A_PAGE)
    number = nearest_page(number, pages)
    shown = entries[(number - 1) * FOUND_ON_A_PAGE : number * FOUND_ON_A_PAGE]
    return HitPage(number, pages, len(entries), shown, address)
