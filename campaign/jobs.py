"""Jobs: the engine that wakes workers and keeps the timetable; the tables stay the truth.

A task carries only the name of a duty. Losing one costs nothing, since the timetable wakes the
duty again; having one twice costs nothing, since a duty claims rows before it works on them.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, current_app
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from huey.registry import Message as TaskMessage
from huey.serializer import Serializer
from sqlalchemy import ColumnElement, Select, String, delete, event, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from campaign import clock, sqlite_locks
from campaign.db import Model, connection_timeouts, db, insert_missing, reading

log = structlog.get_logger()

# Set when the process is asked to stop: whoever works in pieces ends with the one at hand.
stopping = threading.Event()
# So many at a time, and so long (seconds) between two pieces others come first: SQLite would let
# whoever waits for it starve.
PIECE, BREATH = 25, 0.1
# What forms asked for and nobody could answer is erased after so long.
ASKS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Duty:
    """What a room owes the clock: a name, how often it falls due, and the deed."""

    name: str
    every: timedelta
    do: Callable[[], None]


class Tick(Model):
    """One turn of a duty: claimed once over all workers and hosts."""

    __tablename__ = "job_tick"
    __public__ = False

    duty: Mapped[str] = mapped_column(String(80), primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)


class _Json(Serializer):
    """Tasks as JSON: huey's own pickle would run whatever someone wrote into the queue."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data, default=str).encode()

    def _deserialize(self, data: bytes) -> Any:
        return TaskMessage(*json.loads(data))


_duties: dict[str, Duty] = {}


def duty(name: str, *, every: timedelta) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function of no arguments as a duty. It is a door: it commits what it does."""

    def register(do: Callable[[], None]) -> Callable[[], None]:
        _duties[name] = Duty(name, every, do)
        return do

    return register


@duty("database.empty-log", every=timedelta(minutes=1))
def empty_log() -> None:
    """Keep SQLite's write-ahead log small; PostgreSQL looks after its own."""
    if db.engine.dialect.name == "sqlite":
        sqlite_locks.empty_log(db.engine)


def init_app(app: Flask) -> None:
    """Open the queue of the application; nothing is connected before it is used."""
    huey = _open(app.config["QUEUE_URL"], app.config["DATABASE_URL"])

    @huey.task(name="perform")  # type: ignore[untyped-decorator]
    def perform(name: str) -> None:
        with app.app_context():
            run(name)

    @huey.periodic_task(crontab(), name="tick")  # type: ignore[untyped-decorator]
    def tick() -> None:
        with app.app_context():
            run_timetable(now=clock.now())

    app.extensions["jobs"] = huey
    app.extensions["jobs.perform"] = perform


def _open(url: str, database: str) -> Huey:
    options = {"results": False, "serializer": _Json(), "utc": True}
    chosen = url or database
    if chosen.startswith("postgres"):
        dsn = chosen.replace("postgresql+psycopg://", "postgresql://")
        # A task may be lost, so it need not wait for the disk: on PostgreSQL as on SQLite.
        waits = connection_timeouts(dsn)
        if "options" in waits:
            waits["options"] += " -c synchronous_commit=off"
        return PostgresHuey("campaign", dsn=dsn, create_tables=False, **options, **waits)
    file = Path(chosen.removeprefix("sqlite:///"))
    if not url:
        # Beside the campaign's own file, not in it: a queue's writes must never hold up a sign-up.
        file = file.with_name(f"{file.stem}-queue.sqlite")
    return SqliteHuey("campaign", filename=str(file), fsync=False, create_tables=False, **options)


def queue() -> Huey:
    """Give the queue of the current application."""
    huey: Huey = current_app.extensions["jobs"]
    return huey


def prepare() -> None:
    """Make the queue's own tables, where it keeps any."""
    storage = queue().storage
    if hasattr(storage, "initialize_schema"):
        storage.initialize_schema()


def wake(name: str) -> None:
    """Ask some worker to do a duty soon. May be lost: the timetable does it again."""
    try:
        current_app.extensions["jobs.perform"](name)
    except Exception as trouble:  # the edge of another program: its fault must not undo a deed
        log.warning("queue.unreachable", duty=name, trouble=type(trouble).__name__)


def wake_after_commit(name: str) -> None:
    """Ask for a duty as soon as the deed at hand is saved, and not if it is undone."""
    db.session().info.setdefault("wake", set()).add(name)


@event.listens_for(Session, "after_commit")
def _wake_what_was_asked(session: Session) -> None:
    for name in session.info.pop("wake", ()):
        wake(name)


@event.listens_for(Session, "after_rollback")
def _forget_what_was_asked(session: Session) -> None:
    session.info.pop("wake", None)


def run(name: str) -> None:
    """Do a duty now, in this process. Trouble is kept in the log and leaves nothing half done."""
    chosen = _duties.get(name)
    if chosen is None:
        log.warning("duty.unknown", duty=name)
        return
    try:
        chosen.do()
    except Exception:  # the edge of a process
        log.exception("duty.failed", duty=name)
    finally:
        db.session.remove()


def run_timetable(*, now: datetime) -> None:
    """Do every duty whose slot has come and that no other worker has claimed."""
    for name, chosen in list(_duties.items()):
        if _claim(name, _slot(chosen.every, now)):
            run(name)


def _slot(every: timedelta, now: datetime) -> datetime:
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def _claim(name: str, slot: datetime) -> bool:
    mine = insert_missing(Tick, {"duty": name, "slot": slot}, unique=["duty", "slot"])
    if mine:
        db.session.execute(delete(Tick).where(Tick.duty == name, Tick.slot < slot))
    db.session.commit()
    return mine


def one_by_one(
    table: type[Any], answer: Callable[..., object], *, where: ColumnElement[bool] | None = None
) -> None:
    """Answer, `now=`, what forms have asked for in a table, the oldest first, each saved by itself.

    One that fails is tried again at the next turn and stops no other; what another worker holds is
    passed over. Ends early when the process is to stop.
    """
    open_ones = true() if where is None else where
    last, found = 0, PIECE
    while found == PIECE:
        with reading():
            query = select(table.id).where(table.id > last, open_ones).order_by(table.id)
            due = list(db.session.scalars(query.limit(PIECE)))
        for number in due:
            if stopping.is_set():
                return
            last = number
            _answer_one(select(table).where(table.id == number, open_ones), answer)
        found = len(due)
        stopping.wait(BREATH if found == PIECE else 0)


def together(
    table: type[Any], answer: Callable[..., object], *, where: ColumnElement[bool]
) -> None:
    """Answer, `now=`, what forms have asked for in a table, the oldest first, many in one go.

    Where some of them together cannot be answered, each is by itself (`one_by_one`).
    """
    while not stopping.is_set():
        query = select(table).where(where).order_by(table.id).limit(PIECE)
        found = list(db.session.scalars(query.with_for_update(skip_locked=True)))
        try:
            if found:
                answer(found, now=clock.now())
            db.session.commit()
        except Exception:  # the edge of a process
            db.session.rollback()
            log.exception("asks.unanswered")
            one_by_one(table, lambda asked, now: answer([asked], now=now), where=where)
            return
        if len(found) < PIECE:
            return
        stopping.wait(BREATH)


def in_pieces(do: Callable[..., int], subject: Any) -> None:
    """Do something about some rows of a subject until none is left or the process is to stop.

    `do(subject, most=, now=)` tells how many it has done; each piece is saved by itself.
    """
    done = PIECE
    while done and not stopping.is_set():
        done = do(subject, most=PIECE, now=clock.now())
        db.session.commit()
        stopping.wait(BREATH if done == PIECE else 0)


def _answer_one(query: Select[Any], answer: Callable[..., object]) -> None:
    held = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    try:
        asked = db.session.scalar(held)
        if asked is not None:
            answer(asked, now=clock.now())
        db.session.commit()
    except Exception:  # the edge of a process
        db.session.rollback()
        log.exception("ask.unanswered")
