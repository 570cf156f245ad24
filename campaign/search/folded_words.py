"""Words as they are looked for: parted and folded alike in what is kept and in what is asked."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

from campaign.folding import fold

LONGEST = 60
# PostgreSQL keeps no more than a megabyte of words of one thing; what a text says after half a
# million bytes is not found by.
MOST_BYTES = 500_000
# Thai, Lao, Burmese, Khmer, Japanese and Chinese: no space stands between words, so each letter is
# one, and a word is letters that follow one another.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
# Shorter words have too many neighbours; the beginning of a longer one is enough to know it by.
SHORTEST_MISSPELT, BEGINNING = 4, 7
# From so many letters on, two slips are forgiven, else one.
LONG = 8


def parted(text: str) -> list[str]:
    """Part a text into its words, folded: letters and digits alone."""
    folded = fold(text)
    if not folded.isascii():
        # Marks of other alphabets, and what is not seen, such as where a word may be broken.
        folded = "".join(
            letter
            for letter in folded
            if letter.isascii() or unicodedata.category(letter) not in {"Mn", "Mc", "Me", "Cf"}
        )
    return [word[:LONGEST] for word in _WORD.findall(folded)]


def bounded(words: Iterable[str]) -> Iterator[str]:
    """Give words as long as both databases take them."""
    left = MOST_BYTES
    for word in words:
        left -= len(word.encode()) + 4
        if left < 0:
            return
        yield word


def can_be_misspelt(word: str) -> bool:
    """Tell whether a word is kept for those who spell it otherwise."""
    return SHORTEST_MISSPELT <= len(word) <= LONGEST and word.isalpha()


def spellings(word: str) -> set[str]:
    """Give the beginning of a word, whole and with each letter left out.

    Two words that are one slip apart (a letter too many, too few, wrong, or two changed over) have
    one of these in common, so an ordinary index finds neighbours (symmetric deletion).
    """
    begins = word[:BEGINNING]
    return {begins, *(begins[:at] + begins[at + 1 :] for at in range(len(begins)))}


def nearest(word: str, candidates: Iterable[str], *, most: int) -> list[str]:
    """List those of the candidates that somebody may have meant by a word, the nearest first."""
    slips = 2 if len(word) >= LONG else 1
    near = ((distance(word, other), other) for other in candidates)
    ordered = sorted(pair for pair in near if pair[0] <= slips)
    # One slip is likelier than two.
    return [other for away, other in islice(ordered, most) if away == ordered[0][0]]


def distance(word: str, other: str) -> int:
    """Count the slips between two words: a letter more, less, other, or two changed over."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(word, 1):
        before, above, row = row, before, [at]
        for to, theirs in enumerate(other, 1):
            least = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != theirs))
            if at > 1 and to > 1 and letter == other[to - 2] and word[at - 2] == theirs:
                least = min(least, above[to - 2] + 1)
            row.append(least)
    return row[-1]
