"""The headers of a mail, written here and never by a library that reads what it writes.

Libraries decode encoded words (RFC 2047) in what they are given: with one in a name, a stranger
would write addresses, and with some versions whole lines, into our mails.
"""

import re
from base64 import b64encode

# A line has 78 characters at most (RFC 5322 section 2.1.1); an encoded word 75 (RFC 2047 section
# 2). In base64 these octets are 56 characters: with its marks, and `Subject:` before it, one line.
LINE = 78
_OCTETS = 42

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Signs that part addresses, that turn the order of others around, or that begin and end an
# encoded word.
_NOT_IN_NAMES = re.compile(r'[@:,;"<>\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]|=\?|\?=')
# Needs neither quotes nor encoding: atoms and spaces (RFC 5322 section 3.2.5).
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 '_-]{0,59}")
_QUOTABLE_NAME = re.compile(r"[ !#-;=?-\[\]-~]{1,60}")
_SHOWN = re.compile(r"[ -~]*")
_LONGEST_WORD = 60
_FOLD = "\r\n "
_ADDRESS = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)@([A-Za-z0-9.-]+)")


class UnsafeHeader(ValueError):
    """A header value that would break out of its line, or what is not exactly one address."""


def safe_header(value: str) -> str:
    """Give a header value back, or raise `UnsafeHeader` when it holds a line end or a control."""
    if _CONTROLS.search(value):
        raise UnsafeHeader("a header value may not hold control characters")
    return value


def on_one_line(text: str) -> str:
    """Write text on one line: controls and line ends become spaces."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def display_name(name: str) -> str:
    """Give a name fit to stand before an address: no sign that parts addresses, 75 at most."""
    plain = name
    # What is left of one mark must not make another with what stands beside it.
    while _NOT_IN_NAMES.search(plain):
        plain = _NOT_IN_NAMES.sub(" ", plain)
    return " ".join(plain.split())[:75].strip()


def one_address(address: str) -> tuple[str, str]:
    """Part exactly one addr-spec (RFC 5322 section 3.4.1) into local part and domain.

    Raises `UnsafeHeader`, for an encoded word too: some programs decode it even there.
    """
    found = _ADDRESS.fullmatch(address)
    if not found or "=?" in address:
        raise UnsafeHeader("a mail goes to exactly one address")
    return found[1], found[2]


def encoded_words(text: str) -> str:
    """Write text as encoded words, a line each (RFC 2047 section 2); none parts a character."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= _OCTETS:
        # As most names are: in an issue, one for each reader.
        return f"=?utf-8?b?{b64encode(whole).decode()}?="
    pieces = [b""]
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(pieces[-1]) + len(octets) > _OCTETS:
            pieces.append(b"")
        pieces[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in pieces)


def text_header(name: str, text: str) -> bytes:
    """Write a header of words in any script, such as a subject. Raises `UnsafeHeader`."""
    text = safe_header(text).strip()
    words = text.split(" ")
    is_plain = _SHOWN.fullmatch(text) and "=?" not in text
    if not is_plain or max(map(len, words)) > _LONGEST_WORD:
        written = encoded_words(text)
    else:
        written = _folded(name, words)
    return f"{name}: {written}\r\n".encode("ascii")


def _folded(name: str, words: list[str]) -> str:
    lines, length = [words[0]], len(name) + 2 + len(words[0])
    for word in words[1:]:
        # A line that holds spaces alone is not to be (RFC 5322 section 3.2.2).
        if word and length + 1 + len(word) > LINE:
            lines.append(f" {word}")
            length = len(word) + 1
        else:
            lines[-1] += f" {word}"
            length += len(word) + 1
    return "\r\n".join(lines)


def address_header(name: str, address: str, called: str = "") -> bytes:
    """Write a header of one address, with a name in any script. Raises `UnsafeHeader`."""
    one_address(address)
    shown = display_name(called)
    if not shown:
        return f"{name}: {address}\r\n".encode("ascii")
    if _PLAIN_NAME.fullmatch(shown):
        phrase = shown
    elif _QUOTABLE_NAME.fullmatch(shown):
        phrase = f'"{shown}"'
    else:
        phrase = encoded_words(shown)
    fits = len(name) + len(phrase) + len(address) + 5 <= LINE and "\r" not in phrase
    return f"{name}: {phrase}{' ' if fits else _FOLD}<{address}>\r\n".encode("ascii")


def token_header(name: str, value: str) -> bytes:
    """Write a header that programs act on: visible ASCII on one line, never folded or encoded.

    Folded, an address to leave by is read by some as another. Raises `UnsafeHeader`.
    """
    if not _SHOWN.fullmatch(value):
        raise UnsafeHeader("such a header holds visible ASCII only")
    return f"{name}: {value}\r\n".encode("ascii")
