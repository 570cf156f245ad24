"""One connection to the mail server: its talk (RFC 5321), pipelined where the server offers it.

Long, for the conversation is one state machine, and reads best in one piece.
"""

import contextlib
import selectors
import smtplib
import socket
import ssl
import time
from collections import deque
from typing import NamedTuple

from campaign.delivery import mail_server
from campaign.delivery.building import OutgoingMessage
from campaign.delivery.policy import IDLE
from campaign.delivery.replies import (
    Outcome,
    Reply,
    fault_of,
    judge,
    said,
    words_of,
)
from campaign.outbox.mail import ClaimedMessage

LONGEST_REPLY, MOST_LINES = 65_536, 100


class Free(NamedTuple):
    """A connection takes another message (`send`)."""


class Begun(NamedTuple):
    """The relay awaits a message's text (`give_text`), and may have the message from then on."""

    message: OutgoingMessage


class Ended(NamedTuple):
    """What became of a message."""

    mail: ClaimedMessage
    reply: Reply


Event = Free | Begun | Ended
_FREE = Free()


class _Closed(Exception):
    """The relay takes no more now (421); with its words."""


class SmtpConnection:
    """One connection: kept open, and opened anew when the server has closed it.

    Where the server offers PIPELINING (RFC 2920), the text of one message and the envelope of the
    next leave together: one round trip a message instead of four. It never waits for the server
    once it is open: `next_event` goes as far as it can, and is asked again when the selector says
    so (`wake`).
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._watched = 0
        self._host: smtplib.SMTP | None = None
        self._socket: socket.socket | None = None
        self.is_pipelining = False
        # Whether this connection has sent a message: then a sudden end may be mere tidiness.
        self._is_proven = False
        self.heard_at = 0.0
        self._is_readable = False
        self._unread = self._unsent = b""
        # The stages at which the relay has yet to answer, in their order.
        self._awaited: deque[str] = deque()
        # The message whose envelope left with the text of the one at hand.
        self._after: OutgoingMessage | None = None
        self._take(None)

    def _take(self, message: OutgoingMessage | None, *, is_asked: bool = False) -> None:
        self._message, self._is_asked = message, is_asked
        # Whether the relay took the message at hand up; then the trouble may be its own.
        self._was_begun = False
        self._was_given = False
        self._refused: tuple[str, int, bytes] | None = None

    def send(self, message: OutgoingMessage) -> None:
        """Take a message; `next_event` says what becomes of it."""
        self._take(message)

    def give_text(self, after: OutgoingMessage | None) -> None:
        """Give the text of the message at hand away, and with it the envelope of the next."""
        if self._message is not None:
            self._was_given = True
            self._after = after
            stages = ("body", *_ENVELOPE) if after else ("body",)
            self._say(_text(self._message, after), *stages)

    def wake(self) -> None:
        """Note that the server has said something, or listens again."""
        self.heard_at = time.monotonic()
        self._is_readable = self._watched == selectors.EVENT_READ

    def next_event(self) -> Event | None:
        """Go on, and give what happens next; None while the server has the word."""
        while self._message is not None:
            try:
                return self._go_on(self._message)
            except (OSError, smtplib.SMTPException, _Closed) as trouble:
                lost = self._lose(self._message, trouble)
                if lost is not None:
                    return lost
        return _FREE

    def time_out(self) -> Ended | None:
        """Give up waiting; None where the message at hand was not even begun and may go back."""
        trouble = TimeoutError("the relay does not answer")
        lost = self._lose(self._message, trouble) if self._message else None
        self.close()
        return lost

    def _go_on(self, message: OutgoingMessage) -> Event | None:
        if not self._is_asked:
            self._ask(message)
        while True:
            if self._unsent and not self._write():
                self._watch(selectors.EVENT_WRITE)
                return None
            answer = _parse(self._unread) if self._unread else None
            if answer is not None:
                code, words, self._unread = answer
                event = self._hear(message, code, words)
                if event is not None:
                    return event
            elif not self._receive():
                self._watch(selectors.EVENT_READ)
                return None

    def _ask(self, message: OutgoingMessage) -> None:
        self._connect()
        # However long it was idle, its time to answer begins now.
        self.heard_at = time.monotonic()
        self._is_asked = True
        if self.is_pipelining:
            self._say(_envelope(message), *_ENVELOPE)
        else:
            self._say(_command("MAIL", message), "MAIL")

    def _connect(self) -> None:
        if self._host is not None and time.monotonic() - self.heard_at <= IDLE:
            return
        self._disconnect()
        self._host = host = mail_server.connect()
        host.ehlo_or_helo_if_needed()
        if host.sock is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        self.is_pipelining = host.has_extn("pipelining")
        self._is_proven = False
        self.heard_at = time.monotonic()
        host.sock.setblocking(False)
        host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = host.sock

    def _hear(self, message: OutgoingMessage, code: int, words: bytes) -> Event | None:
        """Take an answer at its stage; most lead on to the next, without an event."""
        stage = self._awaited.popleft()
        if stage == "body":
            return self._hear_of_text(code, words)
        if stage == "RSET":
            return self._end(self._refusal())
        if stage == "end":
            self._say(b"RSET\r\n", "RSET")
            return None
        if code == 421:
            raise _Closed(said(stage, code, words))
        if stage == "DATA" and code == 354:
            if self._refused is None:
                return Begun(message)
            # It would take a text for nobody (RFC 2920 section 3.1): it gets none.
            self._say(b".\r\n", "end")
            return None
        if self._refused is None and code not in (250, 251):
            self._refused = (stage, code, words)
        self._was_begun = self._was_begun or (stage == "MAIL" and self._refused is None)
        if self._awaited:
            return None
        if self._refused is not None:
            self._say(b"RSET\r\n", "RSET")
        elif stage == "DATA":
            raise smtplib.SMTPServerDisconnected("the relay answers out of turn")
        else:
            following = _ENVELOPE[_ENVELOPE.index(stage) + 1]
            self._say(_command(following, message), following)
        return None

    def _hear_of_text(self, code: int, words: bytes) -> Ended:
        if code == 421:
            self._disconnect()
            return self._end(Reply(Outcome.RELAY, said("body", code, words), was_begun=True))
        if code == 250:
            self._is_proven = True
            return self._end(Reply(Outcome.SENT, words_of(code, words)))
        self._refused = ("body", code, words)
        return self._end(self._refusal())

    def _refusal(self) -> Reply:
        stage, code, words = self._refused or ("", 0, b"")
        outcome = judge(stage, code, words_of(code, words))
        return Reply(outcome, said(stage, code, words), was_begun=stage != "MAIL")

    def _end(self, reply: Reply) -> Ended:
        if self._message is None:
            raise RuntimeError("there is no message at hand")
        ended = Ended(self._message.mail, reply)
        self._take(self._after, is_asked=True)
        self._after = None
        return ended

    def _lose(self, message: OutgoingMessage, trouble: Exception) -> Ended | None:
        """Close after trouble; give what it means for the message, None where it may begin anew."""
        is_refused = "RSET" in self._awaited
        self._disconnect()
        if is_refused:
            return self._end(self._refusal())
        if self._is_proven and not self._was_begun:
            # A kept connection may be closed between two messages: begin once more.
            self._is_proven = False
            self._take(message)
            return None
        return self._end(_lost(trouble, was_begun=self._was_begun, was_given=self._was_given))

    def _say(self, octets: bytes, *stages: str) -> None:
        self._unsent += octets
        self._awaited.extend(stages)

    def _write(self) -> bool:
        try:
            sent = self._open().send(self._unsent)
        except (BlockingIOError, ssl.SSLWantWriteError):
            sent = 0
        self._unsent = self._unsent[sent:]
        return not self._unsent

    def _watch(self, event: int) -> None:
        if self._watched != event:
            change = self._selector.modify if self._watched else self._selector.register
            change(self._open(), event, self)
            self._watched = event

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        return self._socket

    def _receive(self) -> bool:
        """Read what has arrived. Returns whether anything may have."""
        open_socket = self._open()
        # What TLS has decrypted already, no selector tells of.
        if not self._is_readable and not (
            isinstance(open_socket, ssl.SSLSocket) and open_socket.pending()
        ):
            return False
        self._is_readable = False
        try:
            some = open_socket.recv(8192)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        if not some:
            raise smtplib.SMTPServerDisconnected("the relay closed the connection")
        self._unread += some
        return True

    def close(self) -> None:
        """Say goodbye, as far as the other side still listens, and wait for no answer."""
        self._disconnect()
        self._take(None)

    def _disconnect(self) -> None:
        if self._watched and self._socket is not None:
            self._selector.unregister(self._socket)
        self._watched = 0
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(b"QUIT\r\n")
        if self._host is not None:
            self._host.close()
        self._host = self._socket = self._after = None
        self._unread = self._unsent = b""
        self._awaited.clear()
        self._is_readable = False


def _parse(unread: bytes) -> tuple[int, bytes, bytes] | None:
    """Part what a relay sent into its first reply (RFC 5321 section 4.2) and what follows it.

    Gives the code, the words and the rest; None while the reply has no end yet. Raises
    `SMTPServerDisconnected` for what is no reply.
    """
    lines: list[bytes] = []
    begin = 0
    while (end := unread.find(b"\n", begin)) >= 0:
        line, begin = unread[begin:end], end + 1
        lines.append(line[4:].strip())
        if line[3:4] == b"-":
            if len(lines) > MOST_LINES:
                raise smtplib.SMTPServerDisconnected("the relay does not come to an end")
            continue
        if not line[:3].isdigit():
            raise smtplib.SMTPServerDisconnected("the relay does not speak SMTP")
        return int(line[:3]), lines[0] if len(lines) == 1 else b" ".join(lines), unread[begin:]
    if len(unread) > LONGEST_REPLY:
        raise smtplib.SMTPServerDisconnected("the relay does not speak SMTP")
    return None


_ENVELOPE = ("MAIL", "RCPT", "DATA")


def _envelope(message: OutgoingMessage) -> bytes:
    return b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n" % (
        message.sender.encode("ascii"),
        message.mail.to.encode("ascii"),
    )


def _command(stage: str, message: OutgoingMessage) -> bytes:
    return _envelope(message).splitlines(keepends=True)[_ENVELOPE.index(stage)]


def _text(message: OutgoingMessage, after: OutgoingMessage | None) -> bytes:
    """Give a text as DATA takes it, to its end (RFC 5321 section 4.5.2), and what goes with it."""
    body = message.body
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
