"""The revision of what strangers see: one number, raised with whatever changes any of it.

Each table says whether strangers see its rows (`__public__`). A statement that changes such a
table, however it is made, raises the number in the same transaction: so whoever keeps what was
made of these rows need look at nothing else to know whether it is still true.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model, db, upsert
from campaign.sqlite_locks import only_reads

log = structlog.get_logger()

# Seconds for which a process believes the revision it has read.
LOOK_EVERY = 0.5


class PublicRevision(Model):
    """The number, in its one row."""

    __tablename__ = "public_revision"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


# What a connection notes of the transaction it is in, and of the one before.
_CHANGED, _RAISED = "has_changed_what_is_public", "has_raised_the_public_revision"
# What a page was made of, while somebody wants to know it: whether anything that is not public.
_private_read: ContextVar[list[bool] | None] = ContextVar("private_read", default=None)
# The table that a statement changes: named at its beginning, or behind what it is made of.
_CHANGES = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
_WITH = re.compile(r"\s*WITH\b", re.IGNORECASE)


class _Here:
    """When this process itself has raised the number last: another mark each time."""

    mark = object()


def init_app(app: Flask) -> None:
    """Watch the statements of the application's database; all rooms must have been imported."""
    with app.app_context():
        _watch(db.engine)


def _watch(engine: Engine) -> None:
    public = frozenset(table for table, is_public in tables().items() if is_public)
    private = tables().keys() - public - {PublicRevision.__tablename__}
    private_words = re.compile(rf"\b(?:{'|'.join(sorted(private))})\b")

    @event.listens_for(engine, "begin")
    @event.listens_for(engine, "rollback")
    def _forget(connection: Any) -> None:
        connection.info.pop(_CHANGED, None)

    @event.listens_for(engine, "before_cursor_execute")
    def _look(
        connection: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool
    ) -> None:
        read = _private_read.get()
        if read is not None and not read[0]:
            read[0] = private_words.search(statement) is not None
        if not public.isdisjoint(_changed_by(statement)):
            connection.info[_CHANGED] = True

    @event.listens_for(engine, "commit")
    def _raise(connection: Any) -> None:
        # Last of all: whoever else changes something public waits only while this is saved.
        is_told = connection.get_execution_options().get("raises_public_revision", True)
        if connection.info.pop(_CHANGED, False) and is_told:
            row = upsert(PublicRevision).values(id=1, number=1)
            more = {"number": PublicRevision.number + 1}
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=more))
            connection.info[_RAISED] = True

    @event.listens_for(engine, "checkin")
    def _tell(raw: Any, record: Any) -> None:
        # Not at the commit: who looked then would still see what was before.
        if record.info.pop(_RAISED, False):
            _Here.mark = object()


def _changed_by(statement: str) -> list[str]:
    """Name the tables that a statement may change."""
    if _WITH.match(statement):
        return _CHANGES.findall(statement)
    found = _CHANGES.match(statement)
    return [found[1]] if found else []


def tables() -> dict[str, bool]:
    """Tell of each table whether strangers see its rows; one that does not say so is taken for it.

    The registry knows every model that was imported.
    """
    return {
        str(mapper.local_table): getattr(mapper.class_, "__public__", True)
        for mapper in Model.registry.mappers
    }


class KnownRevision:
    """The revision as this process last read it: at most so old, and never older than its own."""

    def __init__(self, engine: Engine) -> None:
        self.number = 0
        self._engine = engine
        self._read_at = float("-inf")
        self._raised_here: object = None
        self._looking = threading.Lock()

    @property
    def is_known(self) -> bool:
        """Tell whether what was read may be believed: it is new, or somebody is reading it anew."""
        # Who has changed something in this process sees it at once.
        return self._raised_here is _Here.mark and (self._is_new or self._looking.locked())

    @property
    def _is_new(self) -> bool:
        return time.monotonic() - self._read_at < LOOK_EVERY

    def look(self) -> None:
        """Read the revision where that is due; without the database it stays what it was."""
        if self.is_known:
            return
        with self._looking:
            if self._raised_here is _Here.mark and self._is_new:
                return
            raised, began = _Here.mark, time.monotonic()
            try:
                self.number = current(self._engine)
            except SQLAlchemyError as trouble:
                log.warning("public_revision.unknown", fault=type(trouble).__name__)
            self._raised_here, self._read_at = raised, began


def current(engine: Engine) -> int:
    """Read the number, in a transaction of its own; 0 before the first change."""
    before = only_reads.set(True)
    try:
        with engine.connect() as connection:
            number = connection.scalar(select(PublicRevision.number).where(PublicRevision.id == 1))
            return number or 0
    finally:
        only_reads.reset(before)


@contextmanager
def noting_what_is_read() -> Iterator[list[bool]]:
    """Note in a list whether anything but public rows is read: numbers of sign-ups, say."""
    read = [False]
    before = _private_read.set(read)
    try:
        yield read
    finally:
        _private_read.reset(before)
