"""Turns: whoever wants to write SQLite's file stands in a line, threads and processes alike.

Left to itself, SQLite asks for its lock again after up to 100 milliseconds of sleep, and whoever
asks just then has it, however long others have slept. Nothing rests on a turn but the time that
people wait: another program that writes the file knows of none, and SQLite's own lock decides.
So where turns cannot be had (no room for their file, a file system without locks, or somebody in
this process has closed that file, with which POSIX lets its locks go), nothing is lost.
"""

import contextlib
import fcntl
import os
import sqlite3
import threading
import time
import weakref
from collections import deque
from pathlib import Path

# Seconds between two looks whether another process is done: at first, and after a long while.
LOOK_EVERY, LOOK_AT_LEAST_EVERY = 0.0005, 0.005
# Bytes of the file beside the database that stand for the door and for the turn. Whoever has the
# turn holds nothing else; whoever is next holds the door, so nobody overtakes them.
_DOOR, _TURN = 0, 1


class Line:
    """The line of one database: of each process one thread at a time, the first that came."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle = -1
        self.begin_anew()

    def begin_anew(self) -> None:
        """Stand nobody in the line: a child of this process has none of its threads and locks."""
        # A connection that is lost may give its turn up in the middle of this thread's own asking.
        self._guard = threading.RLock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def take(self, *, within: float) -> bool:
        """Wait for a turn. Returns whether it came within so many seconds."""
        until = time.monotonic() + within
        if not self._take_of_threads(within):
            return False
        if self._take_of_processes(until):
            return True
        self._give_to_next()
        return False

    def give(self) -> None:
        """Give the turn up."""
        self._let_go(_TURN)
        self._give_to_next()

    def _take_of_threads(self, within: float) -> bool:
        mine = threading.Lock()
        mine.acquire()
        with self._guard:
            self._waiting.append(mine)
            if not self._is_taken:
                self._is_taken = True
                self._waiting.popleft().release()
        if mine.acquire(timeout=within):
            return True
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        # It came at the last moment.
        return True

    def _give_to_next(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False

    def _take_of_processes(self, until: float) -> bool:
        try:
            if self._handle < 0:
                self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not self._lock(_DOOR, until):
                return False
            try:
                return self._lock(_TURN, until)
            finally:
                self._let_go(_DOOR)
        except OSError:
            return True

    def _lock(self, byte: int, until: float) -> bool:
        # A process's own (POSIX), so that no child inherits it, and none outlives its process.
        began = time.monotonic()
        while True:
            try:
                fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            except BlockingIOError:
                now = time.monotonic()
                if now > until:
                    return False
                # Whoever has waited long can wait a little longer, and leaves others the processor.
                time.sleep(min(max(LOOK_EVERY, (now - began) / 10), LOOK_AT_LEAST_EVERY))
            else:
                return True

    def _let_go(self, byte: int) -> None:
        # What was saved is saved: trouble here must not be told as trouble there.
        with contextlib.suppress(OSError):
            if self._handle >= 0:
                fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, byte)


_lines: "weakref.WeakValueDictionary[str, Line]" = weakref.WeakValueDictionary()
_lines_guard = threading.Lock()


def line_of(database: str) -> Line | None:
    """Give the line of a database: one in a process, since its locks are the process's.

    None where the database is no file, and nobody else can write it.
    """
    if database in {"", ":memory:"} or database.startswith("file:"):
        return None
    file = os.path.realpath(database)
    with _lines_guard:
        found = _lines.get(file)
        if found is None:
            found = _lines[file] = Line(Path(f"{file}-turn"))
        return found


def _begin_anew() -> None:
    global _lines_guard
    _lines_guard = threading.Lock()
    for line in list(_lines.values()):
        line.begin_anew()


# What was being done in other threads when a process was forked nobody does in the child.
os.register_at_fork(after_in_child=_begin_anew)


class Connection(sqlite3.Connection):
    """A connection that gives its turn up with whatever ends its transaction."""

    line: Line | None = None
    has_turn = False

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)  # type: ignore[arg-type]
        self._pragmas: dict[str, int] = {}

    def set_pragma(self, name: str, value: int) -> None:
        """Set a pragma of this connection, unless it stands so already: that costs as a query."""
        if self._pragmas.get(name) != value:
            self.execute(f"PRAGMA {name}={value}")
            self._pragmas[name] = value

    def take_turn(self, *, within: float) -> None:
        """Wait for a turn; without one after that time, SQLite's own lock decides."""
        if self.line is not None and not self.has_turn:
            self.has_turn = self.line.take(within=within)

    def commit(self) -> None:
        """Save, and let the next one write; one that could not be saved is not over yet."""
        super().commit()
        self._give_turn()

    def rollback(self) -> None:
        """Undo, and let the next one write."""
        try:
            super().rollback()
        finally:
            self._give_turn()

    def close(self) -> None:
        """Close, and let the next one write."""
        try:
            super().close()
        finally:
            self._give_turn()

    def _give_turn(self) -> None:
        if self.has_turn and self.line is not None:
            self.has_turn = False
            self.line.give()
