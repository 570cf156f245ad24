"""The LMTP server (RFC 2033): a mail server hands mail over, and keeps what we cannot store."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session
from flask import Flask

from campaign.db import db
from campaign.inbound import worker
from campaign.inbound.addressing import plain_sender
from campaign.inbound.policy import LARGEST_MAIL, MOST_CONNECTIONS, STORING_AT_ONCE
from campaign.inbound.verbs import TooLarge

log = structlog.get_logger()

MOST_RECIPIENTS = 100
# Mail servers wrap at 998 octets; programs that do not are forgiven.
LONGEST_LINE = 1_000_000

STORED = "250 2.6.0 Stored"
LATER = "451 4.3.0 Cannot be stored now, try again later"
TOO_LARGE = "552 5.3.4 The mail is larger than 10 MB"
LINE_TOO_LONG = "554 5.6.0 A line is too long"
TOO_MANY = "452 4.5.3 Too many recipients"
BUSY = b"421 4.3.2 Too many connections, try again later\r\n"


class Handler:
    """What is done with what a mail server says."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(STORING_AT_ONCE, thread_name_prefix="inbound")

    def close(self) -> None:
        """Let what is being stored be stored."""
        self._pool.shutdown()

    async def handle_RCPT(
        self, server: LMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return TOO_MANY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: LMTP, session: Session, envelope: Envelope) -> str:
        """Store the mail for each recipient; each has a reply of its own (RFC 2033 4.2)."""
        raw, sender = bytes(envelope.original_content or b""), envelope.mail_from or ""
        loop = asyncio.get_running_loop()
        replies = [
            await loop.run_in_executor(self._pool, self._store, raw, sender, recipient)
            for recipient in envelope.rcpt_tos
        ]
        return "\r\n".join(replies)

    def _store(self, raw: bytes, sender: str, recipient: str) -> str:
        with self._app.app_context():
            try:
                worker.take_in(raw, recipient=recipient, envelope_sender=plain_sender(sender))
            except TooLarge:
                return TOO_LARGE
            except Exception as trouble:  # the edge of a process: the mail server keeps the mail
                log.warning("inbound.not_stored", trouble=type(trouble).__name__)
                return LATER
            finally:
                db.session.remove()
        return STORED

    async def handle_exception(self, error: Exception) -> str:
        log.warning("inbound.conversation", trouble=type(error).__name__)
        return LATER


class _Conversation(LMTP):
    """One mail server's conversation with us."""

    line_length_limit = LONGEST_LINE

    def __init__(self, server: "Server") -> None:
        self._server = server
        super().__init__(
            server.handler,
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            ident="campaign",
            hostname="campaign",
            timeout=120,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: Any) -> None:
        if len(self._server.conversations) >= MOST_CONNECTIONS:
            transport.write(BUSY)
            transport.close()
            return
        self._server.conversations.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._server.conversations:
            self._server.conversations.discard(self)
            super().connection_lost(error)

    async def push(self, status: Any) -> None:
        """Answer; after the mail once for each recipient, which the library does not know of."""
        said = status.decode() if isinstance(status, bytes) else str(status)
        refusals = {"552 Error": TOO_LARGE, "500 Line too long": LINE_TOO_LONG}
        for beginning, reply in refusals.items():
            if said.startswith(beginning):
                times = len(self.envelope.rcpt_tos) if self.envelope else 0
                said = "\r\n".join([reply] * max(times, 1))
        await super().push(said)


class Server:
    """The server: listens until it is told to stop."""

    def __init__(self, app: Flask, *, host: str, port: int) -> None:
        self.handler = Handler(app)
        self.conversations: set[_Conversation] = set()
        self.port = port
        self._host = host
        self._listening: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen. Raises OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: _Conversation(self), self._host, self.port
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no more, and let what is being stored be stored; its reply may be lost."""
        if self._listening is not None:
            self._listening.close()
        await asyncio.to_thread(self.handler.close)
        # A moment for the last replies.
        await asyncio.sleep(0.05)
        for conversation in list(self.conversations):
            if conversation.transport is not None:
                conversation.transport.close()


async def serve(app: Flask, *, host: str, port: int) -> None:
    """Listen until SIGTERM or SIGINT."""
    server = Server(app, host=host, port=port)
    await server.start()
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    await ending.wait()
    await server.stop()
