"""Opening a mail from anywhere: parsed within bounds, its words cleaned, nothing ever raised.

What comes in is hostile: a thousand parts within each other, charsets that do not exist, headers
that hold controls. So only so much of a mail is looked at, and all text passes through `clean`.
"""

import codecs
import contextlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.feedparser import BytesFeedParser
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from itertools import chain, islice
from typing import Any

import nh3

from campaign.validators import normal_address

# What decides stands at the head of a mail; this much costs a third of a second at the worst.
LOOKED_AT = 256 * 1024
SHOWN = 512 * 1024
LONGEST_TEXT = 100_000
LONGEST_RAW = 10_000
# Parts that hold parts. Each may be open while all that follows is read, so they multiply.
MOST_BRANCHES = 30
MOST_PARTS = 200
_AT_ONCE = 8192
_BRANCH = re.compile(rb"(?:^|[\r\n])content-type:\s{0,99}(?:multipart|message)/", re.IGNORECASE)

# The library takes the square of such a header's length to part it.
_ENDLESS = re.compile(
    rb"(?:^|[\r\n])content-(?:type|disposition):(?:[^\r\n]|[\r\n]{1,2}[ \t]){4000}", re.IGNORECASE
)

# Controls, and the marks that turn the direction of what follows them.
_UNSEEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
_CONTROLS = re.compile(rf"[{_UNSEEN}]+")
_ENCODED_LINE = re.compile(r"(?m)^[>\s]*[A-Za-z0-9+/]{40,}={0,2}\s*$")
# As qmail, Exim, sendmail and others begin the mail that they return.
_ORIGINAL = re.compile(
    r"^-{2,} ?(?:below this line is a copy of the message|this is a copy of (?:the|your) message"
    r"|(?:the )?(?:body|header|headers) of the (?:original )?message"
    r"|(?:original|returned|undelivered|unsent) (?:message|mail))\b.*$",
    re.IGNORECASE | re.MULTILINE,
)
# Text in these takes the square of its length to decode.
_SLOW = {"punycode", "idna"}


@dataclass(frozen=True)
class Shown:
    """A mail as an organiser reads it: plain text and the names of what is attached."""

    text: str
    attachments: list[str]
    is_cut: bool


def is_nested(raw: bytes) -> bool:
    """Tell whether a mail is built to be expensive: parts in parts, or headers without an end."""
    branches = sum(1 for _ in islice(_BRANCH.finditer(raw), MOST_BRANCHES + 1))
    return branches > MOST_BRANCHES or _ENDLESS.search(raw) is not None


def open_mail(raw: bytes, *, most: int = LOOKED_AT) -> Message:
    """Parse the head of a mail; of one that is nested so, its headers only."""
    # Some begin with empty lines; the library would take all that follows for the body.
    head = raw[:most].lstrip()
    if is_nested(head):
        headers = BytesHeaderParser().parsebytes(head)
        headers.set_payload("")
        for name in ("Content-Type", "Content-Disposition"):
            del headers[name]
        return headers
    return _parsed(head)


def _parsed(head: bytes) -> Message:
    """Parse a mail until it has more parts than anybody looks at: each costs as much as a mail."""
    begun = 0

    def begin(**policy: Any) -> Message:
        nonlocal begun
        begun += 1
        return Message(**policy)

    # The older of the library's two ways: it looks into no header until it is asked.
    parser = BytesFeedParser(begin)
    for at in range(0, len(head), _AT_ONCE):
        if begun > MOST_PARTS + 1:
            break
        parser.feed(head[at : at + _AT_ONCE])
    return parser.close()


def clean(text: str, most: int) -> str:
    """Write text on one line that can be stored and shown: no controls, no half characters."""
    whole = text[: most * 4].encode("utf-8", "replace").decode()
    return " ".join(_CONTROLS.sub(" ", whole).split())[:most]


def header(message: Message, name: str, *, most: int = 255) -> str:
    """Give the text of a header, decoded (RFC 2047); "" where there is none."""
    value = message.get(name)
    if value is None:
        return ""
    written = str(value)[:4000]
    # What cannot be decoded is shown as it was written: better than not at all.
    with contextlib.suppress(HeaderParseError, LookupError, ValueError):
        written = str(make_header(decode_header(written)))
    return clean(written, most)


def address_in(message: Message, name: str) -> str:
    """Give the one address of a header in its plain form; "" where there is none."""
    value = clean(str(message.get(name) or ""), 1000)
    # The library goes one deeper for each comment within a comment.
    return plain_address(parseaddr(value)[1]) if value.count("(") < 20 else ""


def plain_address(written: str) -> str:
    """Give an address in the form we keep; "" where it is none."""
    try:
        return normal_address(written.strip().strip("<>"))
    except ValueError:
        return ""


def _before_the_original(words: str) -> str:
    """Cut off the mail of ours that a report in plain words returns: what it said is not ours."""
    found = _ORIGINAL.search(words)
    return words[: found.end()] if found else words


def text_of(part: Message, *, most: int = LONGEST_TEXT) -> str:
    """Give the text of one part, whatever its charset is or says to be."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    return _decoded(content[: most * 4], _charset(part))[:most]


def _charset(part: Message) -> str:
    try:
        named = codecs.lookup(str(part.get_content_charset("utf-8"))).name
    except (LookupError, ValueError, TypeError):
        return "utf-8"
    return "utf-8" if named in _SLOW else named


def _decoded(content: bytes, charset: str) -> str:
    for one in (charset, "utf-8"):
        try:
            return content.decode(one)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def first_text(message: Message, *, most: int = LONGEST_TEXT) -> str:
    """Give the words of a mail: its first plain text, or else its first HTML without the tags.

    `most` characters of what is written are looked at, tags among them.
    """
    texts = [part for part in _own_parts(message) if part.get_content_maintype() == "text"]
    for part in texts:
        if part.get_content_subtype() == "plain" and not _name(part):
            return text_of(part, most=most)
    for part in texts:
        if part.get_content_subtype() == "html":
            return html.unescape(nh3.clean(text_of(part, most=most), tags=set()))
    return ""


def _own_parts(message: Message) -> Iterator[Message]:
    """Give the parts of a mail, or of a report those that are not of the mail it returns."""
    if message.get_content_type() != "multipart/report":
        return parts(message)
    own = message.get_payload()
    first = own[:1] if isinstance(own, list) else []
    return chain.from_iterable(parts(one) for one in first if isinstance(one, Message))


def parts(message: Message) -> Iterator[Message]:
    """Give the parts of a mail, what holds parts before what it holds; so many and no more."""
    return islice(message.walk(), MOST_PARTS)


def show(raw: bytes) -> Shown:
    """Give a mail as an organiser reads it."""
    message = open_mail(raw, most=SHOWN)
    is_unread = is_nested(raw[:SHOWN])
    # Of what no program reads, a person sees the bytes themselves, but for what is encoded.
    if is_unread:
        words = _ENCODED_LINE.sub("…", _decoded(raw[:LONGEST_RAW], "utf-8"))
    else:
        words = _before_the_original(first_text(message))
    whole = words.encode("utf-8", "replace").decode()
    text = _CONTROLS.sub(" ", re.sub(r"\r\n?", "\n", whole))
    shown = list(parts(message))
    return Shown(
        text=text.strip(),
        attachments=[name for part in shown if (name := _name(part))],
        is_cut=(
            len(raw) > SHOWN or len(text) >= LONGEST_TEXT or len(shown) == MOST_PARTS or is_unread
        ),
    )


def _name(part: Message) -> str:
    """Give the file name of what is attached; "" for what is not."""
    try:
        name = part.get_filename("")
    except (LookupError, ValueError, TypeError, AttributeError):
        name = "?"
    return clean(str(name), 100)
