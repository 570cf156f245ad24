"""A mail as the rooms write it, and its MIME form as it leaves (RFC 5322, 2045, 6047, 8058)."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, NamedTuple

import css_inline

from campaign.outbox.kinds import Kind
from campaign.outbox.placeholders import Placeholders

# One line of quoted-printable stays under 76 octets whatever the text.
_POLICY = SMTP.clone(max_line_length=78)
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
    """Build the MIME of what a mail says: CRLF, 7-bit, quoted-printable.

    A calendar stands inside the first child (multipart/alternative) with its method, where every
    reader looks, and once more as an attachment (RFC 6047 section 2.4, `calendar.md` 1).
    """
    body = EmailMessage(policy=_POLICY)
    body.set_content(content.text, cte="quoted-printable")
    if content.html:
        body.add_alternative(inline(content.html), subtype="html", cte="quoted-printable")
    if content.calendar:
        _add_calendar(body, content.calendar, content.calendar_method)
    return body.as_bytes()


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
