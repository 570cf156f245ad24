"""A text compiled: its MIME built once, each reader's values put in where they belong."""

import html
import re
from base64 import encodebytes
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from operator import attrgetter
from typing import Any, NamedTuple

from campaign.delivery.sentinels import (
    CALENDAR,
    DATE,
    HEAD,
    HTML,
    SENTINEL,
    TEXT,
    TOKEN,
    named_sentinel,
    sentinel,
)
from campaign.outbox import fields
from campaign.outbox.calendar_lines import CalendarLines
from campaign.outbox.fields import FIELD, Field, Recipient, Value
from campaign.outbox.mail import (
    ClaimedMessage,
    Content,
    Envelope,
    body_of,
    message_id,
    quoted_printable,
)
from campaign.outbox.mail_headers import address_header, on_one_line, text_header, token_header


class _Remembered(dict[Any, Any]):
    """Values made once for all who are alike; the oldest go before they fill the memory."""

    def __init__(self, most: int = 1_000_000) -> None:
        self._most, self._size = most, 0

    def remember(self, key: Any, value: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Remember values, and give them back."""
        self[key] = value
        self._size += _weight(value)
        while self._size > self._most:
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
            if kind == HEAD:
                made.append(_in_header(value))
            elif kind == HTML and value.html is not None:
                made.append(_quoted_printable(value.html))
            elif kind == HTML and _MARKUP.search(value.text):
                made.append(_quoted_printable(html.escape(value.text)))
            else:
                text = text or _quoted_printable(value.text)
                made.append(text)
        return tuple(made)


_MARKUP = re.compile("[&<>\"']")


Render = Callable[[Field, Recipient, datetime], Value]


class CompiledText:
    """The bytes of a text with placeholders, and what goes into each.

    Compiling costs as much as composing one mail; filling in costs a join of bytes. `render` asks
    a field for its value.
    """

    def __init__(self, content: Content, envelope: Envelope, *, render: Render) -> None:
        self._content, self._envelope, self._render = content, envelope, render
        self._asked: list[_Asked] = []
        self._subjects_known = _Remembered()
        # One that greets is written for each: encoded words cannot be pieced together.
        self._shared_subject = (
            b"" if FIELD.search(content.subject) else text_header("Subject", content.subject)
        )
        self._shared_sender = (
            b""
            if FIELD.search(content.sender_name + content.reply_to)
            else self._sender_headers(content.sender_name, content.reply_to)
        )
        self._calendar = CalendarLines(content.calendar) if content.calendar else None
        self._parts: list[bytes] = []
        self._fillers: dict[_Asked, _Filler] = {}
        # What every mail has -> where.
        self._named: dict[str, list[int]] = {TOKEN: [], DATE: [], CALENDAR: []}
        # Those of an issue have one, or some; of single mails hardly two have the same.
        self._dates_known = _Remembered(most=10_000)
        self._cut(self._with_sentinels())
        # What it was made of is not asked for again.
        self._content = replace(content, text="", html="", calendar="", headers={})

    def _with_sentinels(self) -> bytes:
        content = self._content

        def prepared(text: str, kind: str) -> str:
            def placeholder(found: re.Match[str]) -> str:
                # What stands in HTML is escaped once more when it is put in.
                default = found[2] or ""
                asked = _Asked(found[1], html.unescape(default) if kind == HTML else default)
                if asked not in self._asked:
                    self._asked.append(asked)
                return sentinel(kind, self._asked.index(asked))

            return FIELD.sub(placeholder, text)

        head = token_header("Date", named_sentinel(DATE))
        head += token_header("Message-ID", message_id(named_sentinel(TOKEN), self._envelope))
        for name, value in content.headers.items():
            head += token_header(name, prepared(value, HEAD))
        return head + body_of(
            replace(
                content,
                text=prepared(content.text, TEXT),
                html=prepared(content.html, HTML),
                calendar=named_sentinel(CALENDAR) if content.calendar else "",
            )
        )

    def _cut(self, raw: bytes) -> None:
        end = 0
        for found in SENTINEL.finditer(raw):
            self._parts.append(raw[end : found.start()])
            at = len(self._parts)
            self._parts.append(b"")
            end = found.end()
            if found[3]:
                self._named[found[3].decode()].append(at)
            else:
                asked = self._asked[int(re.sub(rb"\D", b"", found[2]))]
                filler = self._fillers.setdefault(
                    asked, _Filler(fields.find(asked.name), asked.default, self._render)
                )
                filler.stands(found[1].decode(), at)
        self._parts.append(raw[end:])

    def fill(self, mail: ClaimedMessage, token: str, *, now: datetime) -> bytes:
        """Build one recipient's mail."""
        parts = self._parts.copy()
        reader = Recipient(
            mail.person_id,
            mail.to_name,
            self._content.language,
            mail.country,
            mail.city_id,
            self._content.about_id,
            mail.to,
            mail.fields or {},
        )
        for filler in self._fillers.values():
            filler.put(parts, reader, now)
        for at in self._named[TOKEN]:
            parts[at] = token.encode()
        for at in self._named[DATE]:
            parts[at] = self._date(mail.queued_at)
        if self._calendar is not None:
            calendar = _base64(self._calendar.fill(lambda line: self._filled(line, reader, now)))
            for at in self._named[CALENDAR]:
                parts[at] = calendar
        head = address_header("To", mail.to, mail.to_name)
        subject = self._shared_subject or self._subject_header(reader, now)
        sender = self._shared_sender or self._sender_headers(
            self._filled(self._content.sender_name, reader, now),
            self._filled(self._content.reply_to, reader, now),
        )
        return b"".join([head, subject, sender, *parts])

    def _date(self, moment: datetime) -> bytes:
        written = self._dates_known.get(moment)
        if written is None:
            made = (format_datetime(moment).encode(),)
            written = self._dates_known.remember(moment, made)
        return bytes(written[0])

    def _filled(self, text: str, reader: Recipient, now: datetime) -> str:
        def value(found: re.Match[str]) -> str:
            return self._render(fields.find(found[1]), reader, now).text or found[2] or ""

        return FIELD.sub(value, text)

    def _sender_headers(self, name: str, reply_to: str) -> bytes:
        head = address_header("From", self._envelope.sender, name or self._envelope.name)
        return head + (address_header("Reply-To", reply_to) if reply_to else b"")

    def _subject_header(self, reader: Recipient, now: datetime) -> bytes:
        subject = on_one_line(self._filled(self._content.subject, reader, now))
        written = self._subjects_known.get(subject)
        if written is None:
            written = self._subjects_known.remember(subject, (text_header("Subject", subject),))
        return bytes(written[0])


def _base64(value: bytes) -> bytes:
    """Encode the body of a part (RFC 2045 section 6.8), without the end of its last line."""
    return encodebytes(value).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


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
    return b"=\r\n%s=\r\n" % quoted_printable(value)
