"""A mail as the rooms write it, and its MIME form as it leaves (RFC 5322, 2045, 6047, 8058)."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import (
    Address,
    BaseHeader,
    HeaderRegistry,
    UniqueAddressHeader,
    UniqueUnstructuredHeader,
    UnstructuredHeader,
)
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import NamedTuple

import css_inline


class _OneLineHeader(UnstructuredHeader, BaseHeader):
    """A header of addresses that programs act on: never folded, never written as encoded words.

    The library would break a long address over lines, and one-click unsubscription with it.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def encoded_words(text: str) -> str:
    """Write text as encoded words, a line each (RFC 2047 section 2); none parts a character.

    The library writes a word of the text at a time and loses spaces between two that are long.
    """
    pieces = [b""]
    for character in text:
        octets = character.encode()
        if len(pieces[-1]) + len(octets) > _OCTETS:
            pieces.append(b"")
        pieces[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in pieces)


# In base64 they are 56 characters: with its marks, and `Subject:` before it, a line of 78.
_OCTETS = 42


class _TextHeader(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]
    """A header of words, in any script."""

    def fold(self, *, policy: Policy) -> str:
        if self.isascii():
            return super().fold(policy=policy)
        return f"{self.name}: {encoded_words(str(self))}{policy.linesep}"


class _OneAddressHeader(UniqueAddressHeader, BaseHeader):  # type: ignore[misc]
    """A header of one address, with a name in any script."""

    def fold(self, *, policy: Policy) -> str:
        [address] = self.addresses
        if address.display_name.isascii():
            return super().fold(policy=policy)
        name = encoded_words(address.display_name)
        return f"{self.name}: {name}{policy.linesep} <{address.addr_spec}>{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("list-unsubscribe", "list-archive", "list-id", "feedback-id"):
    _HEADERS.map_to_type(_name, _OneLineHeader)
for _name in ("from", "to"):
    _HEADERS.map_to_type(_name, _OneAddressHeader)
_HEADERS.map_to_type("subject", _TextHeader)

# One line of quoted-printable stays under 76 octets whatever the text; headers fold at 78.
_POLICY = SMTP.clone(max_line_length=78, header_factory=_HEADERS)
# What is inlined need not travel twice: a third of a mail. What is under @media stays.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class UnsafeHeader(ValueError):
    """A header value that would break out of its line, or a `To` that is not one address."""


@dataclass(frozen=True)
class Mail:
    """One mail to one recipient, before it becomes a row.

    `thread` keeps the order among mails that belong together. `is_own_act` marks the reply to
    what the recipient has just done. `is_automatic` marks what no person wrote, so that no machine
    answers it. `person_id` ties the row to the person it goes to, so that it goes when they go.
    """

    kind: str
    to: str
    subject: str
    text: str
    html: str = ""
    to_name: str = ""
    person_id: int | None = None
    thread: str | None = None
    is_own_act: bool = False
    is_automatic: bool = True
    sender_name: str = ""
    reply_to: str = ""
    calendar: str = ""
    calendar_method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True)
class Envelope:
    """What all mails of this campaign share: who sends, from which domain, with which name."""

    name: str
    sender: str
    domain: str


class Leaving(NamedTuple):
    """One message as a sender holds it, free of any session: for whom, and which text."""

    id: int
    kind: str
    to: str
    to_name: str
    person_id: int | None
    batch_id: int | None
    variant: str
    country: str
    place: int | None
    posted_at: datetime
    tries: int


@dataclass(frozen=True)
class Content:
    """What a message says: its own words, or those of its batch's variant with their fields."""

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


def safe_header(value: str) -> str:
    """Give a header value back, or raise `UnsafeHeader` when it holds a line end or a control."""
    if re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", value):
        raise UnsafeHeader("a header value may not hold control characters")
    return value


def display_name(name: str) -> str:
    """Give a name fit to stand before an address: no sign that parts addresses, 75 at most."""
    plain = re.sub(r'[@:,;"<>\\\x00-\x1f\x7f-\x9f]', " ", name)
    return re.sub(r"\s+", " ", plain).strip()[:75].strip()


def one_address(address: str) -> tuple[str, str]:
    """Part exactly one addr-spec (RFC 5322 section 3.4.1) into local part and domain."""
    found = re.fullmatch(r"([^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]+)@([A-Za-z0-9.-]+)", address)
    if not found:
        raise UnsafeHeader("a mail goes to exactly one address")
    return found[1], found[2]


def envelope_sender(token: str, envelope: Envelope) -> str:
    """Give the opaque envelope sender of a message, to which its bounces return (VERP)."""
    return f"bounces+{token}@{envelope.domain}"


def message_id(token: str, envelope: Envelope) -> str:
    """Give the Message-ID of a row: the same however often it is tried."""
    return f"<{token}@{envelope.domain}>"


def header(name: str, value: str | Address) -> bytes:
    """Write one header as `compose` does, with the ends of its lines."""
    return bytes(_POLICY.fold_binary(*_POLICY.header_store_parse(name, value)))


def compose(content: Content, mail: Leaving, token: str, envelope: Envelope) -> bytes:
    """Build the mail as it goes over the wire: CRLF, 7-bit, quoted-printable.

    A calendar stands inside the first child (multipart/alternative) with its method, where every
    reader looks, and once more as an attachment (RFC 6047 section 2.4, `calendar.md` 1).
    """
    message = EmailMessage(policy=_POLICY)
    local, domain = one_address(envelope.sender)
    sender = display_name(content.sender_name) or envelope.name
    message["From"] = Address(display_name(sender), local, domain)
    local, domain = one_address(mail.to)
    message["To"] = Address(display_name(mail.to_name), local, domain)
    if content.reply_to:
        message["Reply-To"] = Address("", *one_address(content.reply_to))
    message["Subject"] = safe_header(content.subject)
    message["Date"] = format_datetime(mail.posted_at)
    message["Message-ID"] = message_id(token, envelope)
    for name, value in content.headers.items():
        message[name] = safe_header(value)
    message.set_content(content.text, cte="quoted-printable")
    if content.html:
        message.add_alternative(inline(content.html), subtype="html", cte="quoted-printable")
    if content.calendar:
        _add_calendar(message, content.calendar, content.calendar_method)
    return message.as_bytes()


def inline(html: str) -> str:
    """Write the style sheet of an HTML mail into its elements; readers strip the rest."""
    return _INLINER.inline(html)


def _add_calendar(message: EmailMessage, calendar: str, method: str) -> None:
    message.add_alternative(calendar, subtype="calendar", cte="base64", params={"method": method})
    message.add_attachment(
        calendar.encode(), maintype="application", subtype="ics", filename="invite.ics"
    )


# What automatic mail says of itself, so that no machine answers it (RFC 3834 section 5).
AUTOMATIC = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "OOF, NRN, AutoReply, RN",
}
