"""The journal of a sender: what it began and ended between two commits, on this machine's disk.

The table is written for many messages at once. A sender that is killed between two writes leaves
this file behind, and whoever reclaims what it had claimed knows which messages the relay has (they
are not sent again), which one it may have (that one is marked uncertain) and which it cannot have.
"""

import contextlib
import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from campaign.delivery.replies import Outcome, Reply

_BEGUN, _ENDED = b"> ", b"< "


@dataclass
class Recorded:
    """What a journal says: the replies of those ended, and those begun without a reply."""

    ended: dict[int, Reply] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)


class Journal:
    """One sender's journal. A write outlives the process, though not a crash of the machine."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = _file(folder, name)
        self._handle = os.open(
            self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o600
        )
        # Written before anything is claimed: a journal that says nothing says that nothing began.
        self._head = f"{boot()}\n".encode()
        self._unwritten = self._head
        self.write()

    def begin(self, id: int) -> None:
        """Note that a message's text is about to be given to the relay."""
        self._unwritten += b"> %d\n" % id
        self.write()

    def end(self, id: int, reply: Reply) -> None:
        """Note what became of a message; written with the next beginning, or by `write`."""
        entry = [id, reply.outcome, reply.words, reply.is_uncertain, reply.was_begun]
        self._unwritten += _ENDED + json.dumps(entry).encode() + b"\n"

    def write(self) -> None:
        """Write what was noted."""
        if self._unwritten:
            os.write(self._handle, self._unwritten)
            self._unwritten = b""

    def clear(self) -> None:
        """Forget all that was noted: the table knows it now, and nothing is on its way."""
        os.ftruncate(self._handle, len(self._head))
        self._unwritten = b""

    def close(self) -> None:
        """Write no more; the file stays for whoever reclaims what is still claimed."""
        with contextlib.suppress(OSError):
            self.write()
        os.close(self._handle)


class Invalid(Exception):
    """A journal holds a line that no sender writes whole, such as one cut off by a full disk."""


def read(folder: Path, name: str) -> Recorded | None:
    """Read what a sender left behind; None where that cannot be known.

    It cannot where there is no journal, or where the machine itself crashed: then the last lines
    may never have reached the disk. Raises `Invalid`.
    """
    try:
        lines = _file(folder, name).read_bytes().split(b"\n")
    except OSError:
        return None
    if lines[0].decode(errors="replace") != boot():
        return None
    try:
        # What follows the last line end was cut off while it was written.
        return _read(lines[1:-1])
    except (TypeError, ValueError) as trouble:
        raise Invalid from trouble


def _read(lines: list[bytes]) -> Recorded:
    recorded = Recorded()
    for line in lines:
        if line.startswith(_BEGUN):
            recorded.begun.add(int(line[2:]))
        elif line.startswith(_ENDED):
            id, outcome, words, is_uncertain, was_begun = json.loads(line[2:])
            recorded.ended[id] = Reply(Outcome(outcome), words, is_uncertain, was_begun)
            recorded.begun.discard(id)
    return recorded


def discard(folder: Path, name: str) -> None:
    """Throw the journal of a sender away, once the table knows all of it."""
    with contextlib.suppress(OSError):
        _file(folder, name).unlink()


def sweep(folder: Path, *, before: datetime) -> None:
    """Throw away what senders left that were killed while they had claimed nothing."""
    for file in folder.glob("*"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < before.timestamp():
                file.unlink()


def _file(folder: Path, name: str) -> Path:
    return folder / name.replace("/", "-").replace(":", "_")


def boot() -> str:
    """Tell one run of one machine from all others."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        # Not told apart: then no journal is believed after the process that wrote it.
        return f"process {os.getpid()}"
