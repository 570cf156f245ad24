"""The craft of comparing two texts: the words that went and the words that came."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# Comparing takes time with the square of what differs: beyond this many words whole lines are
# compared, and beyond as many lines nothing is.
_MOST = 8000


class Kind(StrEnum):
    """What became of some words."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True)
class Part:
    """Words that stayed, went or came."""

    kind: Kind
    words: str


def differences(before: str, after: str) -> list[Part]:
    """Tell what changed from one text to another, in the order of reading."""
    old, new = _pieces(before), _pieces(after)
    if len(old) + len(new) > _MOST:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > _MOST:
        old, new = [before], [after]
    parts: list[Part] = []
    for change, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if change == "equal":
            parts.append(Part(Kind.SAME, "".join(old[a:b])))
            continue
        if b > a:
            parts.append(Part(Kind.GONE, "".join(old[a:b])))
        if d > c:
            parts.append(Part(Kind.NEW, "".join(new[c:d])))
    return parts


def _pieces(text: str) -> list[str]:
    # A word with the space after it: a space alone is the same everywhere and would part changes.
    return re.findall(r"\S+\s*|\s+", text)
