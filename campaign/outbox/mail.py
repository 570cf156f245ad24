"""A mail as the rooms write it, and its MIME form as it leaves (RFC 5322, 2045, 6047, 8058)."""

import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import quoprimime
from typing import Any, NamedTuple

import css_inline

from campaign.outbox.kinds import Kind
from campaign.outbox.placeholders import Placeholders

# What is inlined need not travel twice: a third of a mail. What is under @media stays.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True)
class Content:
    """What mails say, all of them alike, with a field wherever they differ (`outbox.fields`)."""

    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    sender_name: str = ""
    reply_to: str = ""
    calendar: str = ""
    calendar_method: str = ""
    language: str = ""
    code: str = ""
    about_id: int | None = None


@dataclass(frozen=True)
class Mail:
    """One mail to one recipient, before it becomes a row that names its text.

    `write` renders the text with a field wherever mails of it differ (`outbox.placeholders`);
    `fields` are the few values of this one that go there. `key` is all that the text goes by
    besides its kind, such as a thing, its revision, a language: mails of one key have one text, and
    it is rendered for the first of them only. Without a key it is rendered for this mail.

    `thread` keeps the order among mails that belong together. `is_own_act` marks the reply to
    what the recipient has just done. `is_automatic` marks what no person wrote, so that no machine
    answers it. `person_id` ties the row to the person it goes to, so that it goes when they go.
    """

    kind: Kind
    to: str
    write: Callable[[Placeholders], Content]
    key: tuple[Hashable, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    to_name: str = ""
    person_id: int | None = None
    country: str = ""
    city_id: int | None = None
    thread: str | None = None
    is_own_act: bool = False
    is_automatic: bool = True
    due_at: datetime | None = None


def literally(content: Content) -> Callable[[Placeholders], Content]:
    """Give what writes a text that is the same for everybody: no brace in it is a field."""
    return lambda _field: content


@dataclass(frozen=True)
class Envelope:
    """What all mails of this campaign share: who sends, from which domain, with which name."""

    name: str
    sender: str
    domain: str


class ClaimedMessage(NamedTuple):
    """One message as a sender has claimed it, free of any session: for whom, and which text."""

    id: int
    kind: str
    to: str
    to_name: str
    person_id: int | None
    batch_id: int | None
    variant: str
    text_id: int | None
    fields: dict[str, Any] | None
    country: str
    city_id: int | None
    queued_at: datetime
    tries: int


def envelope_sender(token: str, envelope: Envelope) -> str:
    """Give the opaque envelope sender of a message, to which its bounces return (VERP)."""
    return f"bounces+{token}@{envelope.domain}"


def message_id(token: str, envelope: Envelope) -> str:
    """Give the Message-ID of a row: the same however often it is tried."""
    return f"<{token}@{envelope.domain}>"


def body_of(content: Content) -> bytes:
    """Build the MIME of what a mail says (RFC 2045, 2046): CRLF, 7-bit, quoted-printable.

    Its calendar must be in base64. It stands inside the first child (multipart/alternative) with
    its method, where every reader looks, and once more as an attachment (RFC 6047 section 2.4).
    By hand: the library parses and folds each header anew, in five times the time.
    """
    ways = [_words("plain", content.text)]
    if content.html:
        ways.append(_words("html", inline(content.html)))
    if content.calendar:
        method = f'text/calendar; charset="utf-8"; method="{content.calendar_method}"'
        ways.append(_part(method, "base64", content.calendar.encode()))
    body = ways[0] if len(ways) == 1 else _multipart("alternative", ways)
    if content.calendar:
        invite = 'application/ics\r\nContent-Disposition: attachment; filename="invite.ics"'
        body = _multipart("mixed", [body, _part(invite, "base64", content.calendar.encode())])
    return b"MIME-Version: 1.0\r\n" + body


def inline(html: str) -> str:
    """Write the style sheet of an HTML mail into its elements; readers strip the rest."""
    return _INLINER.inline(html)


def _words(subtype: str, words: str) -> bytes:
    body = quoted_printable(words.removesuffix("\n") + "\n")
    return _part(f'text/{subtype}; charset="utf-8"', "quoted-printable", body)


def quoted_printable(words: str) -> bytes:
    """Encode words (RFC 2045 section 6.7) on lines of 76 octets at most; its lines are kept."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    octets = (line.encode().decode("latin-1") for line in lines)
    return "\n".join(map(quoprimime.body_encode, octets)).replace("\n", "\r\n").encode()


def _part(kind: str, encoding: str, body: bytes) -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _multipart(subtype: str, parts: list[bytes]) -> bytes:
    # In no quoted-printable and no base64 stands such a line.
    boundary = f"=_{secrets.token_hex(12)}"
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    between = f"\r\n--{boundary}\r\n".encode()
    whole = between.join([head.encode().removesuffix(b"\r\n"), *parts])
    return whole + f"\r\n--{boundary}--\r\n".encode()


# What automatic mail says of itself, so that no machine answers it (RFC 3834 section 5).
AUTOMATIC = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "OOF, NRN, AutoReply, RN",
}
