"""Folding: words without case and accents, the same here and in both databases."""

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, String, func, literal_column

# Marks above, below and through letters: Latin, Cyrillic, Hebrew, Arabic.
_MARKS = ((0x300, 0x36F), (0x483, 0x487), (0x591, 0x5BD), (0x64B, 0x65F))
# What has no mark to take off, but is typed without it all the same.
_TYPED_AS = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ς": "σ",
    "’": "'", "‘": "'", "ʻ": "'", "ʼ": "'",
}  # fmt: skip
_TYPED_AS_TWO = {"ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_WORD = re.compile(r"[^\W_]+")
_SMALL = {
    letter: small
    for letter in map(chr, range(0x41, 0x590))
    if len(small := letter.lower()) == 1 and small != letter
    if unicodedata.normalize("NFKD", letter) == letter
}
# Not the databases' own `lower`: SQLite's knows ASCII only, PostgreSQL's what its locale knows.
_LETTERS = {**{big: _TYPED_AS.get(small, small) for big, small in _SMALL.items()}, **_TYPED_AS}
_HERE = str.maketrans({
    **{letter: _TYPED_AS_TWO.get(small, small) for letter, small in _LETTERS.items()},
    **_TYPED_AS_TWO,
    **{chr(mark): "" for first, last in _MARKS for mark in range(first, last + 1)},
})  # fmt: skip


def fold(text: str) -> str:
    """Give the form in which words are looked for: ŁÓDŹ, Łódź and lodz are one."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).translate(_HERE)


def fold_name(name: str) -> str:
    """Give the form in which names are compared: its words folded, with one space between them."""
    text = fold(name).replace("'", "").replace("`", "")
    if not text.isascii():
        seen = (c for c in text if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
        text = unicodedata.normalize("NFC", "".join(seen))
    return " ".join(_WORD.findall(text))


def fold_in_sqlite(column: Any) -> ColumnElement[str]:
    """Fold a column by the function that each connection brings along (`db`)."""
    return func.fold(column, type_=String)


def fold_in_postgresql(column: Any) -> ColumnElement[str]:
    """Fold a column in PostgreSQL's own words, step by step as `fold` does."""
    marks = "".join(f"{chr(first)}-{chr(last)}" for first, last in _MARKS)
    parted = func.normalize(column, literal_column("NFKD"))
    bare = func.regexp_replace(parted, f"[{marks}]", "", "g")
    folded = func.translate(bare, "".join(_LETTERS), "".join(_LETTERS.values()))
    for letter, typed in _TYPED_AS_TWO.items():
        folded = func.replace(folded, letter, typed, type_=String)
    return folded
