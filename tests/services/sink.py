"""A mail server that keeps what it is given."""

import asyncio
import inspect
import os
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.services.programs import HERE

HANG_UP = "hang up"

Reply = str | None
Behaviour = Callable[[str, str], Reply | Awaitable[Reply]]


@dataclass(frozen=True)
class Received:
    """One mail as it arrived: its envelope, its content, and how the sender came in."""

    sender: str
    recipients: list[str]
    raw: bytes
    login: str | None
    encrypted: bool
    message: EmailMessage = field(init=False)

    def __post_init__(self) -> None:
        parsed = BytesParser(policy=modern).parsebytes(self.raw)
        object.__setattr__(self, "message", parsed)


class Sink:
    """An SMTP server that delivers nowhere: it keeps what it accepts, and misbehaves on request.

    `behaviour(stage, subject)` is asked before every answer: stage is `ehlo` (subject: the name the
    client gives itself), `mail` and `rcpt` (the address), `data` (the sender, when the whole mail
    is in) or `kept` (the sender, when it has been kept: the mail arrived and the client may not
    learn of it). It returns None for the usual answer, an SMTP reply, or HANG_UP; it may be a
    coroutine function, to take its time.
    """

    def __init__(
        self,
        *,
        behaviour: Behaviour | None = None,
        starttls: bool = False,
        tls: bool = False,
        login: tuple[str, str] | None = None,
        pipelining: bool = True,
    ) -> None:
        self.behaviour = behaviour
        self._pipelining = pipelining
        self.received: list[Received] = []
        self.connections = 0
        self.port = 0
        self.ca_file: str | None = None
        self._starttls, self._tls, self._login = starttls, tls, login
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-sink")
        self._clients: set[asyncio.BaseTransport] = set()
        self._context: ssl.SSLContext | None = None

    def __enter__(self) -> "Sink":
        if self._starttls or self._tls:
            self._certify()
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        if self.ca_file is not None:
            os.unlink(self.ca_file)

    def wait_for(self, count: int, timeout: float = 10) -> list[Received]:
        """Give the mails kept so far, once there are at least `count` of them."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.received) >= count, timeout):
                raise TimeoutError(f"{len(self.received)} of {count} mails after {timeout} s")
            return list(self.received)

    def forget(self) -> None:
        """Empty the sink."""
        with self._news:
            self.received.clear()

    def _certify(self) -> None:
        authority = trustme.CA()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HERE, "localhost").configure_cert(self._context)
        handle, self.ca_file = tempfile.mkstemp(prefix="campaign-ca-", suffix=".pem")
        os.close(handle)
        authority.cert_pem.write_to_path(self.ca_file)

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            lambda: _Conversation(self), HERE, 0, ssl=self._context if self._tls else None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for transport in list(self._clients):
            # Aborting a TLS connection that is over is a fault to older Pythons.
            if not transport.is_closing():
                transport.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _asked(self, server: "SMTP", stage: str, subject: str, usual: str) -> str:
        reply = self.behaviour(stage, subject) if self.behaviour else None
        if inspect.isawaitable(reply):
            reply = await reply
        if reply == HANG_UP:
            assert server.transport is not None
            server.transport.abort()
            raise asyncio.CancelledError
        return reply or usual

    # What aiosmtpd calls: a reply of our own, or its usual one.

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        reply = await self._asked(server, "ehlo", name, "")
        offered = ["250-PIPELINING"] if self._pipelining else []
        return [reply] if reply else [*replies[:-1], *offered, replies[-1]]

    async def handle_HELO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str
    ) -> str:
        session.host_name = name
        return await self._asked(server, "ehlo", name, "250 sink.example.test")

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        if self._login is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        reply = await self._asked(server, "mail", sender, "250 2.1.0 Ok")
        if reply.startswith("2"):
            envelope.mail_from = sender
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._asked(server, "rcpt", address, "250 2.1.5 Ok")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        sender = envelope.mail_from or ""
        number = len(self.received) + 1
        reply = await self._asked(server, "data", sender, f"250 2.0.0 Ok: kept as {number}")
        if not reply.startswith("2"):
            return reply
        with self._news:
            self.received.append(
                Received(
                    sender=sender,
                    recipients=list(envelope.rcpt_tos),
                    raw=bytes(envelope.original_content or b""),
                    login=getattr(session.auth_data, "login", b"").decode() or None,
                    encrypted=session.ssl is not None or self._tls,
                )
            )
            self._news.notify_all()
        return await self._asked(server, "kept", sender, reply)

    def _check(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        user, password = self._login or ("", "")
        right = isinstance(given, LoginPassword) and given == LoginPassword(
            user.encode(), password.encode()
        )
        return AuthResult(success=right, handled=False, auth_data=given)


class _Conversation(SMTP):
    """One client's conversation with a Sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        super().__init__(
            sink,
            hostname="sink.example.test",
            ident="sink",
            loop=sink._loop,
            tls_context=sink._context if sink._starttls else None,
            require_starttls=sink._starttls,
            authenticator=sink._check if sink._login else None,
            # aiosmtpd does not count a connection that began in TLS as encrypted.
            auth_require_tls=sink._starttls,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if transport not in self._sink._clients and self.transport is None:
            self._sink.connections += 1
        self._sink._clients.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink._clients.discard(self.transport)  # type: ignore[arg-type]
        super().connection_lost(error)
