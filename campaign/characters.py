"""Characters: what people paste is made into what it means; what steers machines is found.

Text comes from word processors, mails and telephones. It may hold line ends of many kinds, bullets
of private fonts, marks that nobody sees, and letters and emoji newer than our tables of them.
"""

import re
import unicodedata
from typing import NamedTuple

# Other line ends (Unicode 5.8): vertical tab, form feed, next line, line separator.
_LINE_ENDS = re.compile("[\v\f\x85\u2028]")
# Marks of direction around a text (UAX 9), which telephones and Windows put around a name. Those
# that turn letters around against their own direction are left, to be refused.
_EMBEDDINGS = "\u202a-\u202c\u2066-\u2069"
_SPACES = re.compile(r"[ \t\r\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(
    # Soft hyphen, grapheme joiner, fillers of Hangul, word joiner and other operators, interlinear
    # notes, byte-order mark, music and shorthand controls.
    f"[\xad\u034f\u2060-\u2065{_EMBEDDINGS}\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
    # Letters of tags, but in the flags of lands, which a black flag begins.
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
    # Selectors of a variant without a character before them.
    "|(?:^|(?<=\\s))[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
# Scripts that join their letters by marks no one sees: from Hebrew on, and emoji.
_JOINS = (
    "\u0590-\u1cff\u2190-\u2bff\u3000-\ud7ff\ufb1d-\ufdff\ufe0f\ufe70-\ufefc\U00010800-\U0001ffff"
)
_USELESS_JOINERS = re.compile(f"(?<![{_JOINS}])[\u200c\u200d]+|(?<=[\u200c\u200d])[\u200c\u200d]+")
# A space of no width parts words where no others do: in Thai, Lao, Burmese and Khmer.
_WITHOUT_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_USELESS_SPACES = re.compile(f"(?<![{_WITHOUT_SPACES}])\u200b+|\u200b+(?![{_WITHOUT_SPACES}])")
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f]")
# Where word processors' symbol fonts put their characters, less 0xF000.
_SYMBOLS = {
    0x2D: "–", 0x76: "❖", 0xA7: "▪", 0xA8: "□", 0xB7: "•", 0xD8: "➢", 0xDE: "⇒", 0xDF: "←",
    0xE0: "→", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFE: "☑",
}  # fmt: skip
_PRIVATE_BULLET = re.compile("(?m)^([ \t]*)[\ue000-\uf8ff](?=[ \t])")
_SYMBOL = re.compile("[\uf000-\uf0ff]")
# What Windows means by the controls of Latin 1 (as HTML has it: 13.2.5.80); 0x85 is a line end.
_OF_WINDOWS = re.compile("[\x80\x82-\x84\x86-\x8c\x8e\x91-\x9c\x9e\x9f]")


class Place(NamedTuple):
    """Where a character that cannot be kept stands, from 1, and its code, such as U+0007."""

    line: int
    character: int
    code: str


def clean_line(text: str) -> str:
    """Make what was pasted into one line be what it means: NFC, single spaces, nothing unseen.

    Line feeds stay, for whoever refuses them to see.
    """
    text = _SPACES.sub(" ", as_meant(text, line_end=" "))
    return unicodedata.normalize("NFC", text).strip()


def clean_text(text: str) -> str:
    """Make what was pasted into several lines be what it means: NFC, line feeds, nothing unseen."""
    text = as_meant(text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", text).strip()


def as_meant(text: str, *, line_end: str = "\n") -> str:
    """Give pasted text without what is not seen, its odd characters as those they stand for."""
    text = _LINE_ENDS.sub(line_end, text)
    if text.isascii():
        return text
    # Editors part paragraphs by it, as Markdown does by an empty line.
    text = text.replace("\u2029", line_end if line_end == " " else line_end * 2)
    text = _OF_WINDOWS.sub(lambda character: character[0].encode("latin-1").decode("cp1252"), text)
    text = _SYMBOL.sub(
        lambda character: _SYMBOLS.get(ord(character[0]) - 0xF000, character[0]), text
    )
    text = _PRIVATE_BULLET.sub("\\1•", text)
    text = _INVISIBLE.sub("", text)
    text = _USELESS_JOINERS.sub("", text)
    text = _USELESS_SPACES.sub("", text)
    if _DIRECTION_MARKS.search(text) and not _has_letters_from_right_to_left(text):
        text = _DIRECTION_MARKS.sub("", text)
    return text


def _has_letters_from_right_to_left(text: str) -> bool:
    # The marks themselves count as such letters (UAX 9, table 4).
    letters = _DIRECTION_MARKS.sub("", text)
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in letters)


def unfit(text: str, *, allowed: str = "") -> Place | None:
    """Find the first character, but for those allowed, that steers machines and says nothing.

    Controls, halves of characters, places of private fonts, what will never be a character, and
    what turns letters around. None of these is a letter or an emoji that our tables do not know.
    """
    for at, character in enumerate(text):
        if character not in allowed and _is_unfit(character):
            before = text[:at]
            line = before.count("\n") + 1
            return Place(line, at - (before.rfind("\n") + 1) + 1, f"U+{ord(character):04X}")
    return None


def _is_unfit(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind == "Cn":
        return ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"
    return kind in {"Cc", "Cs", "Co", "Zl", "Zp"} or character in "\u202d\u202e"
