"""SQLite under load: who waits to write is next, and its log stays small."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from campaign import create_app, jobs, sqlite_locks
from campaign.config import ROOT
from campaign.db import db, reading
from tests.closing import close
from tests.conftest import SECRET

TELL = text("INSERT INTO deed VALUES (:who)")
OVERTAKEN = """
import sys
from sqlalchemy import text
from campaign import create_app
from campaign.db import db, reading

app = create_app({"SECRET_KEY": sys.argv[1], "DATABASE_URL": sys.argv[2], "INSTANCE": sys.argv[3]})
count = text("SELECT count(*) FROM deed")
with app.app_context():
    if sys.argv[4] == "hold":
        db.session.execute(text("INSERT INTO deed VALUES ('held')"))
        print("held", flush=True)
        sys.stdin.read()
    for _ in range(15):
        raw = db.engine.raw_connection()
        before = raw.cursor().execute("SELECT count(*) FROM deed").fetchone()[0]
        raw.close()
        print(db.session.scalar(count) - before, flush=True)
        db.session.execute(text("INSERT INTO deed VALUES ('other')"))
        db.session.commit()
"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Give an application on an SQLite file of its own, with a table of deeds."""
    app = create_app(
        {
            "SECRET_KEY": SECRET,
            "INSTANCE": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{tmp_path}/campaign.sqlite",
        }
    )
    with app.app_context():
        db.session.execute(text("CREATE TABLE deed (who TEXT)"))
        db.session.commit()
    yield app
    close(app)


@contextmanager
def another_process(app: Flask, what: str) -> Iterator["subprocess.Popen[str]"]:
    given = [app.config[name] for name in ("SECRET_KEY", "DATABASE_URL", "INSTANCE")]
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", OVERTAKEN, *given, what],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def do(app: Flask, who: str) -> None:
    with app.app_context():
        db.session.execute(TELL, {"who": who})
        db.session.commit()


def test_threads_write_in_the_order_in_which_they_came(app: Flask) -> None:
    names = [f"thread {number}" for number in range(8)]
    threads = [threading.Thread(target=do, args=(app, name)) for name in names]
    with app.app_context():
        db.session.execute(TELL, {"who": "the first"})
        for thread in threads:
            thread.start()
            time.sleep(0.1)

        db.session.commit()

        for thread in threads:
            thread.join()
        written = db.session.scalars(text("SELECT who FROM deed ORDER BY rowid")).all()
        db.session.rollback()
    assert written == ["the first", *names]


def test_who_waits_is_not_overtaken_again_and_again_by_a_busy_process(app: Flask) -> None:
    is_over = threading.Event()

    def press() -> None:
        while not is_over.is_set():
            do(app, "busy")

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        with another_process(app, "press") as other:
            assert other.stdout is not None
            overtaken = sorted(int(line) for line in other.stdout)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()

    assert len(overtaken) == 15
    # Whoever has the turn, and whoever was before us at the door, and some luck.
    assert overtaken[7] <= 6
    assert overtaken[-1] <= 40


def test_a_process_that_dies_with_its_turn_gives_it_up(app: Flask) -> None:
    with another_process(app, "hold") as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        waiting = threading.Thread(target=do, args=(app, "we"))
        waiting.start()
        time.sleep(0.3)
        assert waiting.is_alive()

        other.kill()

        waiting.join(5)
        assert not waiting.is_alive()
    with app.app_context():
        assert db.session.scalars(text("SELECT who FROM deed")).all() == ["we"]
        db.session.rollback()


def test_who_was_refused_keeps_nobody_waiting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.sqlite_locks.LOCK_WAIT_OF_A_JOB", 0.2)
    with app.app_context():
        # Another program, which knows of no turns.
        other = sqlite3.connect(db.engine.url.database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            do(app, "refused")
        holding = threading.Thread(target=do, args=(app, "refused too"))
        other.execute("ROLLBACK")
        other.close()
        began = time.monotonic()
        holding.start()
        holding.join()

        do(app, "we")

        assert time.monotonic() - began < 5
        assert db.session.scalars(text("SELECT who FROM deed")).all() == ["refused too", "we"]
        db.session.rollback()


def test_who_waits_too_long_for_a_turn_is_refused_in_time_and_leaves_the_line(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.sqlite_locks.LOCK_WAIT_OF_A_JOB", 0.3)
    refused: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        with pytest.raises(OperationalError, match="locked"):
            do(app, "late")
        refused.append(time.monotonic() - began)

    with app.app_context():
        db.session.execute(TELL, {"who": "the first"})
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        db.session.commit()
    do(app, "we")

    assert len(refused) == 3
    assert all(0.3 <= seconds < 5 for seconds in refused)
    with app.app_context():
        assert db.session.scalars(text("SELECT who FROM deed")).all() == ["the first", "we"]
        db.session.rollback()


FORKED = """
import os, sys, time
from campaign import sqlite_turns

line = sqlite_turns.line_of(sys.argv[1])
assert line.take(within=1)
child = os.fork()
if child == 0:
    print(line.take(within=0.2), line.take(within=3), flush=True)
    os._exit(0)
time.sleep(0.5)
line.give()
os.waitpid(child, 0)
"""


def test_a_child_stands_in_the_line_as_a_process_of_its_own(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", FORKED, str(tmp_path / "some.sqlite")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=20,
        check=True,
    )

    assert process.stdout.split() == ["False", "True"]


def test_without_room_for_turns_everything_is_written_all_the_same(app: Flask) -> None:
    turns = Path(f"{app.config['INSTANCE']}/campaign.sqlite-turn")
    close(app)
    turns.unlink()
    turns.mkdir()

    threads = [threading.Thread(target=do, args=(app, f"{at}")) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM deed")) == 6
        db.session.rollback()


def test_a_database_in_memory_has_no_turns_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = create_app(
        {
            "SECRET_KEY": SECRET,
            "INSTANCE": str(tmp_path),
            "DATABASE_URL": "sqlite:///:memory:",
            "QUEUE_URL": f"sqlite:///{tmp_path}/queue.sqlite",
        }
    )
    with app.app_context():
        db.session.execute(text("CREATE TABLE deed (who TEXT)"))
        db.session.commit()

        db.session.execute(TELL, {"who": "we"})
        db.session.commit()

        assert db.session.scalar(text("SELECT count(*) FROM deed")) == 1
        db.session.rollback()
    close(app)
    assert [place.name for place in tmp_path.iterdir() if "turn" in place.name] == []


def test_what_is_set_of_a_connection_is_set_anew_where_it_changes(app: Flask) -> None:
    with app.app_context():
        for _ in range(2):
            with reading():
                with pytest.raises(OperationalError, match="readonly"):
                    db.session.execute(TELL, {"who": "a reader"})
                waits = db.session.scalar(text("PRAGMA busy_timeout"))
            assert waits == sqlite_locks.LOCK_WAIT_OF_A_VISITOR * 1000
            do(app, "a writer")
            assert db.session.scalar(text("PRAGMA busy_timeout")) == (
                sqlite_locks.LOCK_WAIT_OF_A_JOB * 1000
            )
            db.session.rollback()

        assert db.session.scalars(text("SELECT who FROM deed")).all() == ["a writer"] * 2
        db.session.rollback()


def fill(app: Flask, times: int) -> None:
    for _ in range(times):
        do(app, "x" * 1_000_000)


def log_of(app: Flask) -> int:
    return Path(f"{app.config['INSTANCE']}/campaign.sqlite-wal").stat().st_size


def test_a_log_that_grew_under_a_long_read_is_emptied_once_the_read_is_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.sqlite_locks.LOG_LARGE", 1_000_000)
    reader = sqlite3.connect(app.config["DATABASE_URL"].removeprefix("sqlite:///"))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM deed").fetchone()
    fill(app, 8)
    with app.app_context():
        began = time.monotonic()
        assert sqlite_locks.empty_log(db.engine) is False
        # Neither the duty nor who writes meanwhile waits for the reader.
        do(app, "meanwhile")
        assert time.monotonic() - began < 2
        assert log_of(app) > 7_000_000

        reader.close()
        jobs.run("database.empty-log")

    assert log_of(app) == 0


def test_a_log_is_cut_to_its_size_as_soon_as_it_begins_anew(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.sqlite_locks.LOG_KEPT", 4_000_000)
    with app.app_context():
        db.engine.dispose()
    reader = sqlite3.connect(app.config["DATABASE_URL"].removeprefix("sqlite:///"))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM deed").fetchone()
    fill(app, 8)
    assert log_of(app) > 7_000_000

    reader.close()
    fill(app, 3)

    assert log_of(app) <= 4_000_000
