"""What people paste is made into what it means, and what cannot be kept is named with its place."""

import pytest

from campaign.characters import clean_line, clean_text, unfit

LINES = [
    ("a\u2028b", "a\nb"),
    ("a\u2029b", "a\n\nb"),
    ("a\u000bb", "a\nb"),
    ("a\u000cb", "a\nb"),
    ("a\u0085b", "a\nb"),
    ("a\r\nb\rc", "a\nb\nc"),
]

PASTED = [
    # Word's bullets and signs.
    ("\uf0b7 one", "• one"),
    ("\uf0a7 one", "▪ one"),
    ("\uf0d8 one", "➢ one"),
    ("\uf0fc done", "✓ done"),
    ("\uf041 one", "• one"),
    ("\ue000 one", "• one"),
    # Marks around a text, which telephones and Windows put there.
    ("\u2068Ada\u2069", "Ada"),
    ("\u2066Ada\u2069 and \u2067Bo\u2069", "Ada and Bo"),
    ("\u202aAda\u202c", "Ada"),
    ("\u202bAda\u202c", "Ada"),
    ("\u200eAda\u200f", "Ada"),
    ("\u061cAda", "Ada"),
    # What is not seen.
    ("so\u00adft", "soft"),
    ("\ufeffAda", "Ada"),
    ("A\ufeffda", "Ada"),
    ("A\u200bda", "Ada"),
    ("A\u200cd\u200da", "Ada"),
    ("A\u2060da", "Ada"),
    ("A\u034fda", "Ada"),
    ("A\u3164", "A"),
    ("Ada\U000e0041\U000e0042", "Ada"),
    ("\ufe0fAda", "Ada"),
    ("\u200dAda", "Ada"),
    # Windows' signs, told to be Latin 1.
    ("\x93Ada\x94 \x96 5 \x80", "“Ada” – 5 €"),
    # One letter, written as two.
    ("Zoe\u0308", "Zoë"),
]

KEPT = [
    # Newer than the tables of this Python, or of any.
    "\U0001fae9", "\U0001facd", "\U0001fadf", "\U0001f6d8", "\U0001fa8f \U0001fabe", "\u0897",
    "\U0001faff", "\U000105c0",
    # Emoji put together, with a colour, and the flags of lands.
    "👩‍👩‍👧‍👦", "👩🏽‍🚒", "❤️‍🔥", "🏳️‍🌈", "1️⃣",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    # Joiners that scripts need.
    "می‌خواهم", "علی‌رضا", "نیم‌فاصله", "ශ්‍රී ලංකා", "ক্‍ষ", "ക്‍ഷ", "क्‍ष",
    # Directions among letters that have them, words without spaces, variants of a sign.
    "שלום\u200f!", "مرحبا\u200e C++", "ភាសា\u200bខ្មែរ", "葛\U000e0100城", "ᠮᠣᠩᠭᠣᠯ",
    "Zoë O’Connor-Łukasz", "李小龍", "naïve – “x”…",
]  # fmt: skip

REFUSED = [
    ("bell\x07", 1, 5, "U+0007"),
    ("\x00", 1, 1, "U+0000"),
    ("one\ntwo \x1b[0m", 2, 5, "U+001B"),
    ("x\ud800", 1, 2, "U+D800"),
    ("x\ue123", 1, 2, "U+E123"),
    ("one\n\nthree\uffff", 3, 6, "U+FFFF"),
    ("x\ufdd0", 1, 2, "U+FDD0"),
    ("x\U0001fffe", 1, 2, "U+1FFFE"),
    ("Ada \u202eadA", 1, 5, "U+202E"),
    ("Ada \u202dadA", 1, 5, "U+202D"),
    ("a\x81", 1, 2, "U+0081"),
    ("a\x7f", 1, 2, "U+007F"),
    ("a\x1cb", 1, 2, "U+001C"),
]


@pytest.mark.parametrize(("pasted", "meant"), LINES)
def test_a_line_end_of_any_kind_is_one_in_a_text_and_a_space_in_a_line(
    pasted: str, meant: str
) -> None:
    assert clean_text(pasted) == meant
    assert unfit(clean_text(pasted), allowed="\n") is None
    if "\r" not in pasted:
        assert clean_line(pasted) == "a b"


@pytest.mark.parametrize(("pasted", "meant"), PASTED)
def test_what_is_pasted_becomes_what_it_means(pasted: str, meant: str) -> None:
    assert clean_line(pasted) == meant
    assert clean_text(f"one\n{pasted}") == f"one\n{meant}"
    assert unfit(meant) is None


@pytest.mark.parametrize("text", KEPT)
def test_what_says_something_is_kept(text: str) -> None:
    assert clean_line(text) == text
    assert clean_text(text) == text
    assert unfit(text) is None


@pytest.mark.parametrize(("text", "line", "character", "code"), REFUSED)
def test_what_cannot_be_kept_is_named_with_its_place(
    text: str, line: int, character: int, code: str
) -> None:
    assert unfit(clean_text(text), allowed="\n\t") == (line, character, code)


def test_what_was_made_clean_stays_as_it_is() -> None:
    for pasted, _meant in PASTED + LINES:
        once = clean_text(pasted)
        assert clean_text(once) == once
