"""A variant compiled: its MIME built once, each reader's values put in where they belong."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from operator import attrgetter
from typing import Any, NamedTuple

from campaign.outbox import fields
from campaign.outbox.fields import FIELD, Field, Recipient, Value
from campaign.outbox.mail import ClaimedMessage, Content, Envelope, shared_part
from campaign.outbox.mail_headers import address_header, on_one_line, text_header

# A placeholder is plain letters and digits, so that no encoding changes it; quoted-printable may
# only break it across lines, which the pattern allows for.
_HEAD, _TEXT, _HTML = "H", "T", "M"
_BREAK = rb"(?:=\r\n)?"
_PLACEHOLDER = re.compile(
    _BREAK.join([rb"Q", rb"Z", rb"X", rb"([HTM])"])
    + _BREAK
    + rb"((?:\d"
    + _BREAK
    + rb"){3})"
    + _BREAK.join([rb"X", rb"Z", rb"Q"])
    + rb"|QZX(token)XZQ|(Date: [^\r]*)"
)
_ANY_DATE = datetime(2000, 1, 1, tzinfo=UTC)


class _Remembered(dict[Any, Any]):
    """Values made once for all who are alike; the oldest go before they fill the memory."""

    most = 1_000_000
    _size = 0

    def remember(self, key: Any, value: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Remember values, and give them back."""
        self[key] = value
        self._size += _weight(value)
        while self._size > self.most:
            self._size -= _weight(self.pop(next(iter(self))))
        return value


def _weight(value: tuple[bytes, ...]) -> int:
    return sum(map(len, value)) + 200


class _Asked(NamedTuple):
    """A field as a text asks for it, with what stands there for who has no value."""

    name: str
    default: str


class _Filler:
    """Puts a field's value for a reader wherever it stands; made once for all who are alike."""

    def __init__(self, field: Field, default: str, render: "Render") -> None:
        self._field, self._default, self._render = field, default, render
        # Who goes by the person is like nobody else, and what is plain is made as fast as found.
        self._is_remembered = "person_id" not in field.by and not field.is_plain
        self._key: Callable[[Recipient], Any] = (
            attrgetter(*field.by) if field.by else lambda reader: None
        )
        self._known = _Remembered()
        # kind of place -> where
        self._places: dict[str, list[int]] = {}

    def stands(self, kind: str, at: int) -> None:
        """Note a place where the value stands."""
        self._places.setdefault(kind, []).append(at)

    def put(self, parts: list[bytes], reader: Recipient, now: datetime) -> None:
        """Put the reader's value into its places."""
        if self._is_remembered:
            key = self._key(reader)
            encoded = self._known.get(key)
            if encoded is None:
                encoded = self._known.remember(key, self._encoded(reader, now))
        else:
            encoded = self._encoded(reader, now)
        for places, value in zip(self._places.values(), encoded, strict=True):
            for at in places:
                parts[at] = value

    def _encoded(self, reader: Recipient, now: datetime) -> tuple[bytes, ...]:
        value = self._render(self._field, reader, now)
        if not value.text:
            value = Value(self._default)
        text = b""
        made = []
        for kind in self._places:
            if kind == _HEAD:
                made.append(_in_header(value))
            elif kind == _HTML and value.html is not None:
                made.append(_quoted_printable(value.html))
            elif kind == _HTML and _MARKUP.search(value.text):
                made.append(_quoted_printable(html.escape(value.text)))
            else:
                text = text or _quoted_printable(value.text)
                made.append(text)
        return tuple(made)


_MARKUP = re.compile("[&<>\"']")


Render = Callable[[Field, Recipient, datetime], Value]


class CompiledVariant:
    """The bytes of a variant with holes, and what goes into each.

    Compiling costs as much as composing one mail; filling in costs a join of bytes. `render` asks
    a field for its value.
    """

    def __init__(self, content: Content, envelope: Envelope, *, render: Render) -> None:
        self._language = content.language
        self._about_id = content.about_id
        self._asked: list[_Asked] = []
        self._subject = content.subject
        self._render = render
        self._subjects_known = _Remembered()
        prepared = replace(
            content,
            text=self._with_placeholders(content.text, _TEXT),
            html=self._with_placeholders(content.html, _HTML),
            headers={
                name: self._with_placeholders(value, _HEAD)
                for name, value in content.headers.items()
            },
        )
        # One that greets is written for each: encoded words cannot be pieced together.
        greets = FIELD.search(content.subject)
        self._shared_subject = b"" if greets else text_header("Subject", content.subject)
        raw = shared_part(prepared, "QZXtokenXZQ", envelope, queued_at=_ANY_DATE)
        self._parts: list[bytes] = []
        self._fillers: dict[_Asked, _Filler] = {}
        self._tokens: list[int] = []
        self._dates: list[int] = []
        self._dates_known = _Remembered()
        self._cut(raw, render)

    def _with_placeholders(self, text: str, kind: str) -> str:
        def placeholder(found: re.Match[str]) -> str:
            # What stands in HTML is escaped once more when it is put in.
            default = found[2] or ""
            asked = _Asked(found[1], html.unescape(default) if kind == _HTML else default)
            if asked not in self._asked:
                self._asked.append(asked)
            return f"QZX{kind}{self._asked.index(asked):03d}XZQ"

        return FIELD.sub(placeholder, text)

    def _cut(self, raw: bytes, render: Render) -> None:
        known = fields.known()
        end = 0
        for found in _PLACEHOLDER.finditer(raw):
            if found[4] and self._dates:
                # Only the first is the header; another is somebody's text.
                continue
            self._parts.append(raw[end : found.start()])
            at = len(self._parts)
            self._parts.append(b"")
            end = found.end()
            if found[3]:
                self._tokens.append(at)
            elif found[4]:
                self._dates.append(at)
            else:
                kind = found[1].decode()
                asked = self._asked[int(re.sub(rb"\D", b"", found[2]))]
                if asked.name not in known:
                    raise KeyError(asked.name)
                filler = self._fillers.setdefault(
                    asked, _Filler(known[asked.name], asked.default, render)
                )
                filler.stands(kind, at)
        self._parts.append(raw[end:])

    def fill(self, mail: ClaimedMessage, token: str, *, now: datetime) -> bytes:
        """Build one recipient's mail."""
        parts = self._parts.copy()
        reader = Recipient(
            mail.person_id, mail.to_name, self._language, mail.country, mail.city_id, self._about_id
        )
        for filler in self._fillers.values():
            filler.put(parts, reader, now)
        name = token.encode()
        for at in self._tokens:
            parts[at] = name
        date = self._dates_known.get(mail.queued_at)
        if date is None:
            written = f"Date: {format_datetime(mail.queued_at)}".encode()
            date = self._dates_known.remember(mail.queued_at, (written,))
        for at in self._dates:
            parts[at] = date[0]
        head = address_header("To", mail.to, mail.to_name)
        subject = self._shared_subject or self._subject_header(reader, now)
        return b"".join([head, subject, *parts])

    def _subject_header(self, reader: Recipient, now: datetime) -> bytes:
        known = fields.known()

        def value(found: re.Match[str]) -> str:
            return self._render(known[found[1]], reader, now).text or found[2] or ""

        subject = on_one_line(FIELD.sub(value, self._subject))
        written = self._subjects_known.get(subject)
        if written is None:
            written = self._subjects_known.remember(subject, (text_header("Subject", subject),))
        return bytes(written[0])


_VISIBLE = re.compile(r"[\x21-\x7e]*")
# Fits on one line as it is: no sign that quoted-printable would change (RFC 2045 section 6.7).
_SHORT = re.compile(r"[ !-<>-~]{0,72}")


def _in_header(value: Value) -> bytes:
    # Only our own ASCII goes into these headers: tokens and addresses of ours.
    if not _VISIBLE.fullmatch(value.text):
        raise ValueError("a header field may hold visible ASCII only")
    return value.text.encode()


def _quoted_printable(value: str) -> bytes:
    """Encode a value (RFC 2045 section 6.7) on lines of its own, so that none grows too long."""
    if _SHORT.fullmatch(value):
        return b"=\r\n%s=\r\n" % value.encode()
    return b"=\r\n" + b"\r\n".join(_soft_lines(line) for line in value.split("\n")) + b"=\r\n"


def _soft_lines(line: str) -> bytes:
    quoted = _TO_QUOTE.sub(lambda found: b"=%02X" % found[0][0], line.encode())
    if quoted.endswith(b" "):
        # A space at the end of a line would be stripped on the way.
        quoted = quoted[:-1] + b"=20"
    return b"=\r\n".join(_PIECE.findall(quoted))


# All but what may stand as it is (RFC 2045 section 6.7); a line holds 24 signs or codes of three.
_TO_QUOTE = re.compile(rb"[^ !-<>-~]")
_PIECE = re.compile(rb"(?:=..|[^=]){1,24}")
