"""SQLite, opened so that two processes lose nothing: who takes its one lock, when, and how long."""

import math
import time
from contextlib import closing
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from flask import has_request_context
from sqlalchemy import Engine, event

from campaign import sqlite_turns
from campaign.folding import fold

# True while a request that only reads is answered; everything else (jobs, commands) may write.
only_reads: ContextVar[bool] = ContextVar("only_reads", default=False)
# Seconds to wait for SQLite's one lock: somebody looks at an empty page meanwhile, or nobody does.
LOCK_WAIT_OF_A_VISITOR, LOCK_WAIT_OF_A_JOB = 8, 20
# Bytes of the write-ahead log: what is left of a larger one, and from when it is emptied.
LOG_KEPT, LOG_LARGE = 32_000_000, 16_000_000
# What a connection notes of the transaction it is in: that the first change takes the lock.
_TAKES_LOCK = "takes_lock"
# How statements begin that need no lock. What is not known here takes it, and so does a savepoint:
# it could not be taken within one.
_HARMLESS = {"SELECT", "(SELEC", "PRAGMA", "BEGIN", "COMMIT", "ROLLBA", "EXPLAI"}


def prepare(engine: Engine) -> None:
    """Let each connection of an engine write ahead of its file (sqlite.org/wal.html) and lock."""

    # Held here: it lives as long as somebody may write.
    line = sqlite_turns.line_of(engine.url.database or "")

    @event.listens_for(engine, "do_connect")
    def _on_do_connect(dialect: Any, record: Any, given: Any, named: dict[str, Any]) -> None:
        named["factory"] = sqlite_turns.Connection

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        connection.line = line
        # The driver's own transaction control begins too late to lock: we begin ourselves, below.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=wal",
            "synchronous=full",
            "foreign_keys=on",
            # One that a long read has let grow is cut when it begins anew.
            f"journal_size_limit={LOG_KEPT}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("fold", 1, _fold, deterministic=True)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        # One that only reads takes no lock (ten times the rate), and is held to reading: a GET that
        # changes a row is a fault, found here rather than by a mail scanner that opens links.
        # A request that may write takes the lock at its verb, below: before that it reads what a
        # visitor sent and draws pages, and one lock is all there is. Jobs and commands take it at
        # once, so that nothing they read can go stale.
        reads, is_request = only_reads.get(), has_request_context()
        driver = connection.connection.dbapi_connection
        driver.set_pragma("query_only", int(reads))
        connection.info[_TAKES_LOCK] = is_request and not reads
        if reads or is_request:
            driver.set_pragma("busy_timeout", LOCK_WAIT_OF_A_VISITOR * 1000)
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_to_write(connection, within=LOCK_WAIT_OF_A_JOB)

    @event.listens_for(engine, "before_cursor_execute")
    def _on_execute(
        connection: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool
    ) -> None:
        # What was read before may be stale by now, as on PostgreSQL: there too, a verb locks what
        # it decides on, and reads it anew. From here on nothing can be.
        if connection.info.get(_TAKES_LOCK) and _wants_the_lock(statement, context):
            connection.exec_driver_sql("COMMIT")
            _begin_to_write(connection, within=LOCK_WAIT_OF_A_VISITOR)
            # Not before: without the lock there is no transaction, and nothing may be changed.
            connection.info[_TAKES_LOCK] = False


def empty_log(engine: Engine) -> bool:
    """Bring a large write-ahead log into the database, and cut it. Returns whether it is empty.

    While somebody reads what was before, it cannot be, and nobody waits for that.
    """
    log = Path(f"{engine.url.database}-wal")
    if not log.is_file() or log.stat().st_size < LOG_LARGE:
        return True
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        driver: Any = connection.dbapi_connection
        driver.set_pragma("busy_timeout", 0)
        # In passing it keeps nobody waiting; only what is wholly done can be cut without a wait.
        is_busy, pages, done = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if is_busy or pages != done:
            return False
        return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


def _begin_to_write(connection: Any, *, within: float) -> None:
    """Take a turn, and then the lock; raise what SQLite says where it is not free in time."""
    until = time.monotonic() + within
    driver = connection.connection.dbapi_connection
    driver.take_turn(within=within)
    # In whole seconds: most find the lock free, and what is set stands for the next one.
    rest = math.ceil(max(until - time.monotonic(), 0))
    driver.set_pragma("busy_timeout", rest * 1000)
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _wants_the_lock(statement: str, context: Any) -> bool:
    """Tell whether a statement changes rows, or reads them to decide on them (`lock`)."""
    asked = context.compiled.statement if context.compiled is not None else None
    if getattr(asked, "_for_update_arg", None) is not None:
        return True
    begins = statement.lstrip()[:6].upper().strip()
    if begins.startswith("WITH"):
        return not getattr(asked, "is_select", False)
    return begins not in _HARMLESS


def _fold(value: Any) -> str | None:
    return fold(value) if isinstance(value, str) else None
