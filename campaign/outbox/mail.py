"""A mail as the rooms write it, and its MIME form as it leaves (RFC 5322, 2045, 6047, 8058)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

import css_inline

from campaign.outbox.kinds import Kind
from campaign.outbox.mail_headers import address_header, text_header, token_header

# One line of quoted-printable stays under 76 octets whatever the text.
_POLICY = SMTP.clone(max_line_length=78)
# What is inlined need not travel twice: a third of a mail. What is under @media stays.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True)
class Mail:
    """One mail to one recipient, before it becomes a row.

    `thread` keeps the order among mails that belong together. `is_own_act` marks the reply to
    what the recipient has just done. `is_automatic` marks what no person wrote, so that no machine
    answers it. `person_id` ties the row to the person it goes to, so that it goes when they go.
    """

    kind: Kind
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


class ClaimedMessage(NamedTuple):
    """One message as a sender has claimed it, free of any session: for whom, and which text."""

    id: int
    kind: str
    to: str
    to_name: str
    person_id: int | None
    batch_id: int | None
    variant: str
    country: str
    city_id: int | None
    queued_at: datetime
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
    about_id: int | None = None


def envelope_sender(token: str, envelope: Envelope) -> str:
    """Give the opaque envelope sender of a message, to which its bounces return (VERP)."""
    return f"bounces+{token}@{envelope.domain}"


def message_id(token: str, envelope: Envelope) -> str:
    """Give the Message-ID of a row: the same however often it is tried."""
    return f"<{token}@{envelope.domain}>"


def compose(content: Content, mail: ClaimedMessage, token: str, envelope: Envelope) -> bytes:
    """Build the mail as it goes over the wire: CRLF, 7-bit, quoted-printable."""
    return (
        address_header("To", mail.to, mail.to_name)
        + text_header("Subject", content.subject)
        + shared_part(content, token, envelope, queued_at=mail.queued_at)
    )


def shared_part(content: Content, token: str, envelope: Envelope, *, queued_at: datetime) -> bytes:
    """Build what a mail has in common with others of its text: all but whom it is to, and subject.

    A calendar stands inside the first child (multipart/alternative) with its method, where every
    reader looks, and once more as an attachment (RFC 6047 section 2.4, `calendar.md` 1).
    """
    head = address_header("From", envelope.sender, content.sender_name or envelope.name)
    if content.reply_to:
        head += address_header("Reply-To", content.reply_to)
    head += token_header("Date", format_datetime(queued_at))
    head += token_header("Message-ID", message_id(token, envelope))
    for name, value in content.headers.items():
        head += token_header(name, value)
    body = EmailMessage(policy=_POLICY)
    body.set_content(content.text, cte="quoted-printable")
    if content.html:
        body.add_alternative(inline(content.html), subtype="html", cte="quoted-printable")
    if content.calendar:
        _add_calendar(body, content.calendar, content.calendar_method)
    return head + body.as_bytes()


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
