"""Words as they are looked for: parted and folded alike in what is kept and in what is asked."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

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
