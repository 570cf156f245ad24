"""Mails that come in, as mail servers, providers, calendars and people write them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from email.message import EmailMessage

from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.inbound import worker
from campaign.inbound.models import InboundMail
from campaign.outbox.models import Message, State, address_hash
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.verbs import queue
from tests.mails import a_mail

ADA = "ada@example.org"
DOMAIN = "campaign.example"


def left(app: Flask, to: str = ADA, *, person_id: int | None = None, **values: object) -> str:
    """Let a mail have left for somebody, and give the address to which it comes back."""
    with app.app_context():
        mail = a_mail(kind="newsletter", to=to, subject="Hello", text="Hi", person_id=person_id)
        message = queue(mail, now=clock.now())
        message.state, message.settled_at = State.SENT, clock.now()
        for name, value in values.items():
            setattr(message, name, value)
        db.session.commit()
        return f"bounces+{message.token}@{DOMAIN}"


def take_in(app: Flask, raw: bytes | str, *, to: str, sender: str | None = "") -> InboundMail:
    """Feed a mail and give the newest row there is."""
    with app.app_context():
        raw = raw.encode() if isinstance(raw, str) else raw
        worker.take_in(raw, recipient=to, envelope_sender=sender)
        return db.session.scalars(select(InboundMail).order_by(InboundMail.id.desc())).first()


def only(app: Flask) -> InboundMail:
    """Give the one mail that came in."""
    with app.app_context():
        return db.session.scalars(select(InboundMail)).one()


def long_ago(app: Flask, ago: timedelta) -> None:
    """Move all that came in so far into the past."""
    with app.app_context():
        for mail in db.session.scalars(select(InboundMail)):
            mail.received_at -= ago
        db.session.commit()


def message_of(app: Flask, address: str) -> Message:
    """Give the message that an address for bounces stands for."""
    with app.app_context():
        number = int(address.partition("+")[2].partition("m")[0])
        return db.session.get_one(Message, number)


def why_suppressed(app: Flask, address: str = ADA) -> Suppression | None:
    """Give the reason for which an address is not written to."""
    with app.app_context():
        return db.session.get(Suppression, address_hash(address))


def dsn(
    *recipients: str,
    status: str = "5.1.1",
    action: str = "failed",
    words: str = "smtp; 550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown",
) -> str:
    """Write a delivery report as Postfix does (RFC 3464), about each of some recipients."""
    return report(
        [
            f"Final-Recipient: rfc822; {one}\r\nAction: {action}\r\nStatus: {status}\r\n"
            f"Diagnostic-Code: {words}\r\n"
            for one in recipients or (ADA,)
        ]
    )


def report(blocks: Iterable[str], *, returned: str = "Subject: Hello\r\n") -> str:
    """Write a delivery report of some groups of fields."""
    fields = "\r\n".join(blocks)
    return (
        "From: MAILER-DAEMON@mx.example.test (Mail Delivery System)\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is the mail system.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example.test\r\n\r\n{fields}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n--b--\r\n"
    )


def arf(*, kind: str = "abuse", fields: str = "", returned: str = "") -> str:
    """Write a complaint as a provider does (RFC 5965)."""
    return (
        "From: feedback@provider.example\r\nSubject: FW: Hello\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: Provider/1.0\r\nVersion: 1\r\n{fields}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\n\r\nHi\r\n--b--\r\n"
    )


def calendar_reply(
    *, uid: str, attendee: str, says: str, sequence: int | None = 0, method: str = "REPLY"
) -> bytes:
    """Write the answer of a calendar to an invitation, as calendars do."""
    numbered = [f"SEQUENCE:{sequence}"] if sequence is not None else []
    lines = [
        "BEGIN:VCALENDAR", f"METHOD:{method}", "VERSION:2.0", "BEGIN:VEVENT",
        f"UID:{uid[:40]}", f" {uid[40:]}", *numbered,
        f'ATTENDEE;CN="Ada: the first";PARTSTAT={says}:MAILTO:{attendee}',
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["Subject"] = attendee, f"{says.title()}: Vigil"
    mail.set_content("See the attachment.")
    mail.add_alternative("\r\n".join(lines), subtype="calendar", params={"method": method})
    return mail.as_bytes()


def personal(text: str = "Can you call me?", **headers: str) -> bytes:
    """Write a mail as a person does."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Bo Example <bo@example.org>", "A question"
    for name, value in headers.items():
        name = name.replace("_", "-")
        del mail[name]
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def bomb(depth: int) -> bytes:
    """Write a mail of parts within parts."""
    lines = []
    for number in range(depth):
        lines.append(f'Content-Type: multipart/mixed; boundary="b{number}"\r\n\r\n--b{number}')
    return (
        "\r\n".join(lines) + "\r\nContent-Type: text/plain\r\n\r\nhi" + "\r\n" * 60_000
    ).encode()


def at(moment: str) -> datetime:
    """Give a moment."""
    return datetime.fromisoformat(f"{moment}T12:00:00+00:00")


def returned(text: str) -> str:
    """Write a bounce for people, as mail servers did before there were reports."""
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.test>\n"
        "To: bounces@campaign.example\nSubject: Returned mail\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"
    )


def receipt(what: str) -> bytes:
    """Write a receipt that a mail was read (RFC 8098)."""
    return (
        "From: bo@example.org\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail was displayed.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Disposition: manual-action/MDN-sent-manually; {what}\r\n\r\n--b--\r\n"
    ).encode()
