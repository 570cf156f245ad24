"""One connection to the mail server: its talk (RFC 5321), pipelined where the server offers it."""

import contextlib
import selectors
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Generator
from typing import NamedTuple, Protocol

from flask import Flask, current_app
from flask_mail import Connection as FlaskMailConnection
from flask_mail import Mail as FlaskMail

from campaign.delivery.replies import (
    Outcome,
    Reply,
    fault_of,
    judge,
    said,
    words_of,
)
from campaign.outbox.mail import ClaimedMessage

mail = FlaskMail()

# Longer than a busy relay needs (RFC 5321 section 4.5.3.2 allows minutes), shorter than a lease.
TIMEOUT = 60
IDLE = 60


def init_app(app: Flask) -> None:
    """Bind the relay's settings to the application."""
    mail.init_app(app)


class _Connection(FlaskMailConnection):
    """Flask-Mail's connection with what it leaves out: a timeout, and certificates checked."""

    def configure_host(self) -> smtplib.SMTP:
        settings = self.mail
        context = ssl.create_default_context(cafile=current_app.config["MAIL_CA_FILE"] or None)
        host: smtplib.SMTP
        if settings.use_ssl:
            host = smtplib.SMTP_SSL(
                settings.server, settings.port, timeout=TIMEOUT, context=context
            )
        else:
            host = smtplib.SMTP(settings.server, settings.port, timeout=TIMEOUT)
        if settings.use_tls:
            host.starttls(context=context)
        if settings.username and settings.password:
            host.login(settings.username, settings.password)
        return host


class Letter(NamedTuple):
    """One message ready for the wire: its envelope (RFC 5321) and its bytes."""

    mail: ClaimedMessage
    sender: str
    body: bytes


class Keeper(Protocol):
    """Who notes what is begun and ended, before anybody else hears of it."""

    def begin(self, number: int) -> None:
        """Note that a message's text is about to be given away."""

    def end(self, number: int, reply: Reply) -> None:
        """Note what became of a message."""

    def write(self) -> None:
        """Make sure of what was noted."""


class _Closed(Exception):
    """The relay takes no more now (421); with its words."""


class Line:
    """One connection: kept open, and opened anew when the server has closed it.

    Where the server offers PIPELINING (RFC 2920), the end of one message and the envelope of the
    next leave together: one round trip a message instead of four. Its talk is a generator that
    pauses wherever the server has the word.
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._watched = 0
        self._host: smtplib.SMTP | None = None
        self._socket: socket.socket | None = None
        self._unread = b""
        self._is_pipelining = False
        # Whether this connection has carried a message: then a sudden end may be mere tidiness.
        self._is_proven = False
        # Whether the relay took the message at hand up; then the trouble may be its own.
        self._was_begun = False
        self.heard_at = 0.0

    def carry(
        self,
        following: Callable[[], Letter | None],
        keeper: Keeper,
        tell: Callable[[ClaimedMessage, Reply], None],
    ) -> Generator[None]:
        """Hand over one message after the other, as long as there is a following one."""
        at_hand = following()
        is_asked = False
        while at_hand is not None:
            mail, after = at_hand.mail, None
            was_given = False
            self._was_begun = False
            try:
                if not is_asked:
                    self._connect()
                    if self._is_pipelining:
                        yield from self._write(_envelope(at_hand))
                stage, code, words = yield from self._answer(at_hand)
                if stage:
                    tell(mail, self._refused(stage, code, words))
                    at_hand, is_asked = following(), False
                    continue
                keeper.begin(mail.id)
                was_given = True
                after = following() if self._is_pipelining else None
                is_asked = after is not None
                yield from self._write(_given(at_hand, after))
                code, words = self._ready() or (yield from self._read())
            except (OSError, smtplib.SMTPException, _Closed) as trouble:
                is_retried = self._is_proven and not self._was_begun
                self.close()
                if is_retried:
                    # A kept connection may be closed between two messages: begin once more.
                    self._is_proven = is_asked = False
                    continue
                tell(mail, _lost(trouble, was_begun=self._was_begun, was_given=was_given))
                return
            if code == 421:
                self.close()
                tell(mail, Reply(Outcome.RELAY, said("body", code, words), was_begun=True))
                return
            if code == 250:
                self._is_proven = True
                tell(mail, Reply(Outcome.SENT, words_of(code, words)))
            else:
                tell(mail, self._refused("body", code, words))
            at_hand = after if is_asked else following()

    def _connect(self) -> None:
        if self._host is not None and time.monotonic() - self.heard_at <= IDLE:
            return
        self.close()
        host = _Connection(current_app.extensions["mail"]).configure_host()
        self._host = host
        host.ehlo_or_helo_if_needed()
        if host.sock is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        self._is_pipelining = host.has_extn("pipelining")
        self._unread = b""
        self._is_proven = False
        self.heard_at = time.monotonic()
        host.sock.setblocking(False)
        host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = host.sock

    def _wait(self, event: int) -> Generator[None]:
        if self._watched != event:
            change = self._selector.modify if self._watched else self._selector.register
            change(self._open(), event, self)
            self._watched = event
        yield
        self.heard_at = time.monotonic()

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        return self._socket

    def _answer(self, letter: Letter) -> Generator[None, None, tuple[str, int, bytes]]:
        """Read what the relay says to an envelope: the stage it refused at, "" where it did not."""
        refused: tuple[str, int, bytes] | None = None
        commands = (b"", b"", b"") if self._is_pipelining else _commands(letter)
        for stage, command in zip(("MAIL", "RCPT", "DATA"), commands, strict=True):
            if command:
                if refused is not None:
                    break
                yield from self._write(command)
            code, words = self._ready() or (yield from self._read())
            if code == 421:
                raise _Closed(said(stage, code, words))
            if stage == "DATA" and code == 354:
                if refused is None:
                    return "", code, words
                # It would take a text for nobody (RFC 2920 section 3.1): it gets none.
                yield from self._write(b".\r\n")
                yield from self._read()
            elif refused is None and code not in (250, 251):
                refused = (stage, code, words)
            self._was_begun = self._was_begun or (stage == "MAIL" and refused is None)
        if refused is None:
            raise smtplib.SMTPServerDisconnected("the relay answers out of turn")
        try:
            yield from self._write(b"RSET\r\n")
            yield from self._read()
        except (OSError, smtplib.SMTPException):
            self.close()
        return refused

    def _refused(self, stage: str, code: int, words: bytes) -> Reply:
        outcome = judge(stage, code, words_of(code, words))
        return Reply(outcome, said(stage, code, words), was_begun=stage != "MAIL")

    def _write(self, octets: bytes) -> Generator[None]:
        while True:
            try:
                sent = self._open().send(octets)
            except (BlockingIOError, ssl.SSLWantWriteError):
                sent = 0
            if sent == len(octets):
                return
            octets = octets[sent:]
            yield from self._wait(selectors.EVENT_WRITE)

    def _ready(self) -> tuple[int, bytes] | None:
        """Give a reply of one line that has arrived: most are, and most have."""
        unread = self._unread
        end = unread.find(b"\n")
        if end < 0 or unread[3:4] != b" " or not unread[:3].isdigit():
            return None
        self._unread = unread[end + 1 :]
        return int(unread[:3]), unread[4:end].strip()

    def _read(self) -> Generator[None, None, tuple[int, bytes]]:
        """Read one reply, of however many lines (RFC 5321 section 4.2)."""
        lines: list[bytes] = []
        while True:
            end = self._unread.find(b"\n")
            if end < 0:
                yield from self._receive()
                continue
            line, self._unread = self._unread[:end], self._unread[end + 1 :]
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                break
            if len(lines) > MOST_LINES:
                raise smtplib.SMTPServerDisconnected("the relay does not come to an end")
        if not line[:3].isdigit():
            raise smtplib.SMTPServerDisconnected("the relay does not speak SMTP")
        return int(line[:3]), lines[0] if len(lines) == 1 else b" ".join(lines)

    def _receive(self) -> Generator[None]:
        open_socket = self._open()
        # What TLS has decrypted already, no selector tells of.
        if not (isinstance(open_socket, ssl.SSLSocket) and open_socket.pending()):
            yield from self._wait(selectors.EVENT_READ)
        try:
            some = open_socket.recv(8192)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        if not some:
            raise smtplib.SMTPServerDisconnected("the relay closed the connection")
        self._unread += some
        if len(self._unread) > LONGEST_REPLY:
            raise smtplib.SMTPServerDisconnected("the relay does not speak SMTP")

    def close(self) -> None:
        """Say goodbye, as far as the other side still listens, and wait for no answer."""
        if self._watched and self._socket is not None:
            self._selector.unregister(self._socket)
        self._watched = 0
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(b"QUIT\r\n")
        if self._host is not None:
            self._host.close()
        self._socket = self._host = None


LONGEST_REPLY, MOST_LINES = 65_536, 100


def _commands(letter: Letter) -> tuple[bytes, bytes, bytes]:
    return (
        b"MAIL FROM:<%s>\r\n" % letter.sender.encode("ascii"),
        b"RCPT TO:<%s>\r\n" % letter.mail.to.encode("ascii"),
        b"DATA\r\n",
    )


def _envelope(letter: Letter) -> bytes:
    return b"".join(_commands(letter))


def _given(letter: Letter, after: Letter | None) -> bytes:
    """Give a text as DATA takes it, to its end (RFC 5321 section 4.5.2), and what goes with it."""
    body = letter.body
    if b"\r\n." in body:
        body = body.replace(b"\r\n.", b"\r\n..")
    end = b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"
    return b"".join((body, end, _envelope(after) if after else b""))


def _lost(trouble: Exception, *, was_begun: bool, was_given: bool) -> Reply:
    if isinstance(trouble, smtplib.SMTPAuthenticationError):
        words = f"login refused: {words_of(*trouble.args[:2])}"
    elif isinstance(trouble, smtplib.SMTPResponseException):
        words = words_of(trouble.smtp_code, trouble.smtp_error)
    elif isinstance(trouble, _Closed):
        words = str(trouble)
    else:
        words = fault_of(trouble)
    if was_given:
        # The body may have gone: only the relay knows whether it took the message.
        return Reply(Outcome.RELAY, f"lost after DATA: {words}", is_uncertain=True, was_begun=True)
    return Reply(Outcome.RELAY, words, was_begun=was_begun)
