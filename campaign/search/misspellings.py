"""Misspellings: how a word is found by who spells it otherwise, and how far apart two words are."""

from collections.abc import Iterable
from itertools import islice

from campaign.search.folded_words import LONGEST
from campaign.search.policy import LONG, SHORTEST_MISSPELT

# The beginning of a longer word is enough to know it by.
BEGINNING = 7


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
