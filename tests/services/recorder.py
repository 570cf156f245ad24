"""A fast mail server that writes down every mail it takes, and misbehaves in every known way.

`python -m tests.services.recorder` serves in a process of its own, thousands of mails a second.
"""

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import NamedTuple

from tests.services.programs import HERE

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(rb"<([^>]*)>")


class Taken(NamedTuple):
    """One mail as it was written down: who it is for, its Message-ID, when and from which host."""

    recipient: str
    identity: str
    at: float
    client: str


@dataclass
class Manners:
    """How a recorder treats its clients. An answer is asked for by the recipient's address.

    Of the functions, `at_rcpt` and `at_body` give a reply instead of the usual one, or None.
    """

    # Takes so long for each mail, in the mean, at random: before it answers RCPT, before it
    # writes the mail down, and before it says so.
    pace: float = 0.0
    is_pipelining: bool = True
    greeting: bytes = b"220 recorder.example.test ESMTP\r\n"
    at_rcpt: Callable[[str], bytes | None] = lambda recipient: None
    # Given when the mail has been read; what is refused is not written down.
    at_body: Callable[[str], bytes | None] = lambda recipient: None
    # Whether it hangs up in the middle of the text, or hangs after it; and whether what is never
    # answered is written down.
    is_dropped: Callable[[str], bool] = lambda recipient: False
    is_unanswered: Callable[[str], bool] = lambda recipient: False
    are_unanswered_kept: bool = True
    # Hangs up after so many mails on one connection, with this word; 0: never.
    most: int = 0
    farewell: bytes = b""
    # Says each octet of a reply for itself.
    is_stammering: bool = False


class Record:
    """What a recorder has taken so far, read while it goes on."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._counted = self._read_to = 0

    def count(self) -> int:
        """Count the mails; only what is new is read."""
        with self.file.open("rb") as lines:
            lines.seek(self._read_to)
            new = lines.read()
        self._read_to += len(new)
        self._counted += new.count(b"\n")
        return self._counted

    def taken(self) -> list[Taken]:
        """Give all of them in order."""
        # What follows the last line end is being written.
        fields = (line.split(" ") for line in self.file.read_text().split("\n")[:-1])
        return [Taken(who, identity, float(at), client) for who, identity, at, client in fields]


class Recorder:
    """The server: its manners, which may change at any moment, and the file it writes to."""

    def __init__(self, record: Path, manners: Manners) -> None:
        self.manners = manners
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.chance = random.Random()
        self.clients: set[asyncio.Transport] = set()

    def keep(self, recipient: bytes, text: bytes | bytearray, *, client: bytes) -> None:
        """Write one mail down, whole or not at all."""
        found = _MESSAGE_ID.search(text)
        identity = found[1] if found else b"-"
        os.write(self._record, b"%s %s %.6f %s\n" % (recipient, identity, time(), client))

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Serve from now on."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Talk(self), host, port, backlog=200)

    async def close(self, server: asyncio.Server) -> None:
        """Serve no longer, and let go of everything."""
        server.close()
        for client in list(self.clients):
            client.abort()
        # What was aborted is closed a turn later.
        await asyncio.sleep(0)
        os.close(self._record)


class _Talk(asyncio.Protocol):
    """One client's conversation. What was read while it takes its time waits in the buffer."""

    def __init__(self, recorder: Recorder) -> None:
        self._of = recorder
        self._unread = bytearray()
        self._unsaid = bytearray()
        self._recipient = b""
        self._is_in_text = False
        self._is_resting = False
        self._is_over = False
        self._taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._of.clients.add(transport)
        self._client = transport.get_extra_info("peername")[0].encode()
        self._say(self._of.manners.greeting)
        if not self._of.manners.greeting.startswith(b"220"):
            self._hang_up()

    def connection_lost(self, trouble: Exception | None) -> None:
        self._of.clients.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._go_on()

    def _go_on(self) -> None:
        # What a client that has died since had sent to its end is taken all the same.
        while not self._is_resting and not self._is_over:
            if self._is_in_text:
                if not self._read_text():
                    return
            else:
                end = self._unread.find(b"\n")
                if end < 0:
                    return
                line = bytes(self._unread[:end]).strip()
                del self._unread[: end + 1]
                self._obey(line)

    def _obey(self, line: bytes) -> None:
        verb = line[:4].upper()
        manners = self._of.manners
        if verb == b"EHLO":
            offer = b"250-PIPELINING\r\n" if manners.is_pipelining else b""
            self._say(b"250-recorder.example.test\r\n" + offer + b"250 8BITMIME\r\n")
        elif verb == b"RCPT":
            found = _ADDRESS.search(line)
            self._recipient = found[1] if found else b""
            refused = manners.at_rcpt(self._recipient.decode())
            if refused is not None:
                self._recipient = b""
            self._rest(lambda: self._say(refused or b"250 2.1.5 Ok\r\n"))
        elif verb == b"DATA":
            if self._recipient:
                self._is_in_text = True
                self._say(b"354 go on\r\n")
            else:
                self._say(b"503 5.5.1 no recipient\r\n")
        elif verb == b"QUIT":
            self._say(b"221 2.0.0 bye\r\n")
            self._hang_up()
        else:
            if verb in (b"MAIL", b"RSET"):
                self._recipient = b""
            self._say(b"250 2.0.0 Ok\r\n")

    def _read_text(self) -> bool:
        who = self._recipient.decode()
        manners = self._of.manners
        if manners.is_dropped(who) and len(self._unread) > 100:
            self._hang_up()
            return False
        end = self._unread.find(b"\r\n.\r\n")
        if end < 0:
            return False
        text = self._unread[:end]
        del self._unread[: end + 5]
        self._is_in_text = False
        recipient, self._recipient = self._recipient, b""
        self._rest(lambda: self._take(recipient, text))
        return True

    def _take(self, recipient: bytes, text: bytearray) -> None:
        manners = self._of.manners
        who = recipient.decode()
        if manners.is_unanswered(who):
            if manners.are_unanswered_kept:
                self._of.keep(recipient, text, client=self._client)
            # Open, and silent for ever.
            self._is_over = True
            return
        reply = manners.at_body(who)
        if reply is None:
            self._of.keep(recipient, text, client=self._client)
        self._taken += 1
        self._rest(lambda: self._answer(reply or b"250 2.0.0 Ok: written down\r\n"))

    def _answer(self, reply: bytes) -> None:
        self._say(reply)
        if self._of.manners.most and self._taken >= self._of.manners.most:
            self._say(self._of.manners.farewell)
            self._hang_up()

    def _rest(self, then: Callable[[], None]) -> None:
        """Take a little time at random, a third of what a mail takes, and go on."""
        pace = self._of.manners.pace
        if not pace:
            then()
            return

        def go_on() -> None:
            self._is_resting = False
            then()
            self._go_on()

        self._is_resting = True
        delay = self._of.chance.expovariate(3 / pace)
        asyncio.get_running_loop().call_later(delay, go_on)

    def _say(self, reply: bytes) -> None:
        if self._transport.is_closing() or not reply:
            return
        if not self._of.manners.is_stammering:
            self._transport.write(reply)
            return
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._stammer)
        self._unsaid += reply

    def _stammer(self) -> None:
        if self._transport.is_closing():
            self._unsaid.clear()
            return
        self._transport.write(self._unsaid[:1])
        del self._unsaid[:1]
        if self._unsaid:
            asyncio.get_running_loop().call_soon(self._stammer)

    def _hang_up(self) -> None:
        self._is_over = True
        self._transport.close()


@contextmanager
def recorder_here() -> Iterator[tuple[Recorder, int, Record]]:
    """Serve in a thread of this process; give the server, its port and the record."""
    with tempfile.TemporaryDirectory(prefix="campaign-recorder-") as folder:
        record = Record(Path(folder) / "record")
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="recorder")
        thread.start()
        try:
            served = Recorder(record.file, Manners())
            listening = asyncio.run_coroutine_threadsafe(served.listen(HERE, 0), loop).result(10)
            yield served, listening.sockets[0].getsockname()[1], record
            asyncio.run_coroutine_threadsafe(served.close(listening), loop).result(10)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


@contextmanager
def recorder(*, pace: float = 0.0, host: str = HERE) -> Iterator[tuple[int, Record]]:
    """Serve in a process of its own; give the port and the record."""
    with tempfile.TemporaryDirectory(prefix="campaign-recorder-") as folder:
        record = Record(Path(folder) / "record")
        record.file.touch()
        arguments = ["--host", host, "--record", str(record.file), "--pace", str(pace)]
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.services.recorder", *arguments],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                assert process.stdout is not None
                yield int(process.stdout.readline()), record
            finally:
                process.kill()


async def _serve(host: str, record: Path, pace: float) -> None:
    server = await Recorder(record, Manners(pace=pace)).listen(host, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=HERE)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--pace", type=float, default=0.0)
    asked = parser.parse_args()
    asyncio.run(_serve(asked.host, asked.record, asked.pace))


if __name__ == "__main__":
    main()
