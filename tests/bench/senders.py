"""Floors of mailing: the same mails from a Flask-Mail loop, and from a bare pipelining sender."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Flask
from flask_mail import Mail, Message

from campaign.delivery.personalisation import CompiledText
from campaign.outbox.fields import Field, Recipient, Value
from campaign.outbox.mail import ClaimedMessage, Content, Envelope
from tests.services.programs import HERE

SENDER = "hello@campaign.example"
CONNECTIONS = 10

SENTENCE = (
    "We meet on Saturday, because nobody who builds these systems knows how to keep them in hand; "
    "Zoë, Zürich and 10 € prove that more than ASCII arrives. "
)
TEXT = (
    "{{ greeting }}\n\n" + "\n\n".join([SENTENCE * 2] * 8)
    + "\n\nLeave: https://campaign.example/unsubscribe/{{ unsubscribe }}\n"
)  # fmt: skip
_LINK = '<p style="margin: 0 0 1em"><a href="https://campaign.example/news">More</a> '
HTML = (
    "<html><body><p>{{ greeting }}</p>"
    + "".join([f"{_LINK}{SENTENCE * 2}</p>\n"] * 14)
    + '<p><a href="https://campaign.example/unsubscribe/{{ unsubscribe }}">Leave</a></p>'
    + "</body></html>"
)
HEADERS = {
    "List-Id": "<news.campaign.example>",
    "List-Unsubscribe": "<https://campaign.example/unsubscribe/{{ unsubscribe }}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def flask_mail_loop(port: int, *, messages: int) -> float:
    """Send with Flask-Mail's own connection, one message built after the other; mails a second."""
    app = Flask("floor")
    app.config.update(MAIL_SERVER=HERE, MAIL_PORT=port, MAIL_SUPPRESS_SEND=False)
    mail = Mail(app)
    began = time.perf_counter()
    with app.app_context(), mail.connect() as connection:
        for number in range(messages):
            greeting, token = f"Dear Zoë Reader {number},", f"{number}n0123456789abcdef0123"
            connection.send(
                Message(
                    "Saturday: the march",
                    sender=("Campaign", SENDER),
                    recipients=[f"reader{number}@example.net"],
                    body=_filled(TEXT, greeting, token),
                    html=_filled(HTML, greeting, token),
                    extra_headers={
                        name: _filled(value, greeting, token) for name, value in HEADERS.items()
                    },
                )
            )
    return messages / (time.perf_counter() - began)


def _filled(text: str, greeting: str, token: str) -> str:
    return text.replace("{{ greeting }}", greeting).replace("{{ unsubscribe }}", token)


def mails(messages: int) -> Iterator[tuple[bytes, bytes]]:
    """Give so many personal mails, each with its envelope: what is sent, and to whom."""
    content = Content("Saturday: the march", TEXT, HTML, HEADERS, language="en")

    def render(field: Field, reader: Recipient, now: datetime) -> Value:
        if field.name == "greeting":
            return Value(f"Dear {reader.name},")
        return Value(f"{reader.person_id}n0123456789abcdef0123")

    compiled = CompiledText(
        content, Envelope("Campaign", SENDER, "campaign.example"), render=render
    )
    at = datetime(2027, 5, 1, tzinfo=UTC)
    for number in range(1, messages + 1):
        to, name = f"reader{number}@example.net", f"Zoë Reader {number}"
        mail = ClaimedMessage(
            number, "newsletter", to, name, number, 1, "en", None, None, "", None, at, 1
        )
        opening = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode()
        yield opening, compiled.fill(mail, f"{number}m0123456789abcdef0123", now=at)


def size_of_one() -> int:
    """Give the size of one of the mails in bytes."""
    return len(next(mails(1))[1])


def pipelining(port: int, *, messages: int) -> float:
    """Send with PIPELINING over ten connections and remember nothing; give mails a second."""
    began = time.perf_counter()
    asyncio.run(_pipeline(port, mails(messages)))
    return messages / (time.perf_counter() - began)


async def _pipeline(port: int, queue: Iterator[tuple[bytes, bytes]]) -> None:
    loop = asyncio.get_running_loop()
    ends = []
    for _ in range(CONNECTIONS):
        end: asyncio.Future[None] = loop.create_future()
        ends.append(end)
        await loop.create_connection(lambda end=end: _Sender(queue, end), HERE, port)
    await asyncio.gather(*ends)


class _Sender(asyncio.Protocol):
    """The end of one message and the envelope of the next in one write (RFC 2920)."""

    def __init__(self, queue: Iterator[tuple[bytes, bytes]], end: "asyncio.Future[None]") -> None:
        self._queue, self._end = queue, end
        self._unread, self._body, self._awaited = b"", b"", 1
        self._stage = "greeting"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._way = transport

    def connection_lost(self, trouble: Exception | None) -> None:
        if not self._end.done():
            self._end.set_exception(trouble or ConnectionError(f"lost at {self._stage}"))

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\r\n")
        for line in lines:
            if line[3:4] == b"-":
                continue
            if line[:1] not in b"23":
                self._end.set_exception(ConnectionError(line.decode()))
                self._way.abort()
                return
            self._awaited -= 1
            if not self._awaited:
                self._go_on()

    def _go_on(self) -> None:
        match self._stage:
            case "greeting":
                self._stage, self._awaited = "ehlo", 1
                self._way.write(b"EHLO floor\r\n")
            case "ehlo":
                self._ask(b"")
            case "envelope":
                self._ask(self._body + b".\r\n")
            case _:
                self._end.set_result(None)
                self._way.close()

    def _ask(self, before: bytes) -> None:
        following = next(self._queue, None)
        if following is None:
            self._stage, self._awaited = "quit", 2 if before else 1
            self._way.write(before + b"QUIT\r\n")
            return
        envelope, self._body = following
        self._stage, self._awaited = "envelope", 4 if before else 3
        self._way.write(before + envelope)
