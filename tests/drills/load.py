"""A load: so many requests a second, each due at its moment, over a bounded number of connections.

It is open: nobody waits with a request because others are not answered yet. What is due while all
connections wait is asked late, and its time counts from when it was due; what is still due at the
end was never offered, and is told.

`python -m tests.drills.load` reads streams as JSON from its input, and prints when it begins; its
record has a line an answer: stream, number, status (0: none came), when it was due, seconds taken.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.services.programs import HERE

# Connections of one stream at most, and seconds after which an answer is given up.
CONNECTIONS, PATIENCE = 48, 30.0


@dataclass(frozen=True)
class Stream:
    """Requests of one kind: to these paths in turn, so many a second on the average."""

    name: str
    rate: float
    paths: Sequence[str]
    # What a form says; `{n}` stands for the number of the request. Without one it is a GET.
    fields: dict[str, str] | None = None

    def request(self, number: int) -> bytes:
        """Write a request, as if it came through a proxy from somebody of their own."""
        path = self.paths[number % len(self.paths)]
        client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        head = f"Host: {HERE}\r\nX-Forwarded-For: {client}\r\nAccept-Encoding: gzip\r\n"
        if self.fields is None:
            return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
        body = urlencode({name: said.format(n=number) for name, said in self.fields.items()})
        return (
            f"POST {path} HTTP/1.1\r\n{head}Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


class Answer(NamedTuple):
    """What became of one request: its number, the status, when it was due, how long it took."""

    number: int
    status: int
    due: float
    seconds: float


@dataclass
class Load:
    """A load that runs or has run: when it began, how long it lasts, and its record."""

    process: subprocess.Popen[bytes]
    record: Path
    seconds: float
    began: float

    def wait_until(self, share: float) -> None:
        """Wait until so much of its time has passed."""
        time.sleep(max(0.0, self.began + self.seconds * share - time.time()))

    def answers(self) -> dict[str, list[Answer]]:
        """Wait for its end, and give the answers by stream."""
        self.process.wait(self.seconds + PATIENCE + 60)
        found: dict[str, list[Answer]] = {}
        for line in self.record.read_text().splitlines():
            stream, number, status, due, seconds = line.split()
            answer = Answer(int(number), int(status), float(due), float(seconds))
            found.setdefault(stream, []).append(answer)
        return found


@contextmanager
def load(
    streams: Sequence[Stream], *, port: int, seconds: float, seed: int, record: Path
) -> Iterator[Load]:
    """Put a load on a server, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.drills.load"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            told = {"port": port, "seconds": seconds, "seed": seed, "record": str(record)}
            said = {**told, "streams": [asdict(stream) for stream in streams]}
            process.stdin.write(json.dumps(said).encode())
            process.stdin.close()
            yield Load(process, record, seconds, began=float(process.stdout.readline()))
        finally:
            process.kill()


class _Course:
    """One stream as it runs: who asks next, and what was answered."""

    def __init__(self, stream: Stream, *, port: int, until: float, seed: int) -> None:
        self._stream, self._port, self._until = stream, port, until
        self._chance = random.Random(f"{stream.name} {seed}")
        self._due = time.monotonic()
        self._numbers = count()
        self.answers: list[Answer] = []

    async def run(self) -> None:
        """Ask until the time is over and all that was asked is answered."""
        connections = max(1, min(CONNECTIONS, round(self._stream.rate)))
        await asyncio.gather(*(self._visit() for _ in range(connections)))

    async def _visit(self) -> None:
        """Ask over one connection whatever is due next; where it is lost, over another."""
        while time.monotonic() < self._until:
            # Where nobody listens, not over and over.
            await asyncio.sleep(0.02)
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(HERE, self._port)
                with _closing(writer):
                    while await self._ask_next(reader, writer):
                        pass

    async def _ask_next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self._due += self._chance.expovariate(self._stream.rate)
        due, number = self._due, next(self._numbers)
        await asyncio.sleep(max(0.0, min(due, self._until) - time.monotonic()))
        if max(due, time.monotonic()) >= self._until:
            return False
        status = 0
        try:
            writer.write(self._stream.request(number))
            status = await asyncio.wait_for(_read_answer(reader), PATIENCE)
        except (OSError, EOFError, TimeoutError, ValueError):
            # No answer: the connection is of no more use.
            pass
        self.answers.append(Answer(number, status, due, time.monotonic() - due))
        return status != 0


@contextmanager
def _closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    try:
        yield
    finally:
        writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> int:
    """Read an answer to its end; give its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        _, _, length = head.partition(b"content-length:")
        await reader.readexactly(int(length.split(b"\r\n", 1)[0] or b"0"))
    return int(head.split(b" ", 2)[1])


async def _main(said: dict[str, Any]) -> None:
    print(time.time(), flush=True)
    until = time.monotonic() + said["seconds"]
    courses = {
        stream["name"]: _Course(Stream(**stream), port=said["port"], until=until, seed=said["seed"])
        for stream in said["streams"]
    }
    await asyncio.gather(*(course.run() for course in courses.values()))
    with Path(said["record"]).open("w") as record:
        for name, course in courses.items():
            for number, status, due, took in course.answers:
                record.write(f"{name} {number} {status} {due:.4f} {took:.4f}\n")


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.stdin.read())))
