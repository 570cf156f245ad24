"""A campaign of one's own: a folder, a database and processes that nobody else knows of."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from campaign import create_app, jobs
from campaign.config import PREFIX, ROOT
from campaign.db import db
from tests.closing import close
from tests.services import PostgreSQL, free_port
from tests.services.programs import HERE

SECRET = "a secret of the drills, long enough"
NAME = "Pause Frontier AI"


class Private:
    """A campaign set up in a folder of its own, with the processes that were started for it."""

    def __init__(self, folder: Path, *, database_url: str = "", **settings: Any) -> None:
        self.folder = folder
        # Where it has a database server of its own.
        self.server: PostgreSQL | None = None
        self.port = free_port()
        given = {
            "SECRET_KEY": SECRET,
            "NAME": NAME,
            "INSTANCE": str(folder),
            "DATABASE_URL": database_url,
            "BASE_URL": f"http://{HERE}:{self.port}",
            # All its visitors come from one address.
            "CLIENT_CAP": 0,
            **settings,
        }
        self.app: Flask = create_app(given)
        # What the machine's owner has set for a campaign of theirs must not reach this one.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self.environment = kept | {PREFIX + name: str(value) for name, value in given.items()}
        self._started: list[subprocess.Popen[bytes]] = []
        with self.app.app_context():
            db.create_all()
            jobs.prepare()

    @property
    def url(self) -> str:
        """Give the address of the site."""
        return f"http://{HERE}:{self.port}"

    @property
    def log(self) -> Path:
        """Name the file in which all its processes leave what they have to say."""
        return self.folder / "log"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `campaign` with some arguments, as leader of a group of its own."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "campaign", *arguments],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def start_web(self) -> subprocess.Popen[bytes]:
        """Start `campaign web` and wait until it answers."""
        process = self.start("web", "--port", str(self.port))
        wait_until(self.answers, within=60, what="campaign web answers")
        return process

    def answers(self) -> bool:
        """Tell whether the site answers now."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/live", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def load_starter(self) -> None:
        """Load the starter campaign."""
        subprocess.run(
            [sys.executable, "-P", "-m", "campaign", "starter"],
            env=self.environment,
            cwd=ROOT,
            check=True,
        )

    def processes(self) -> dict[int, str]:
        """Give every living process that belongs to this campaign: its number and its command."""
        mark = f"{PREFIX}INSTANCE={self.folder}".encode()
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    # One that has ended and that nobody has asked about yet has no command.
                    if command:
                        found[int(place.name)] = command
        return found

    def children(self, parent: int, word: str = "") -> list[int]:
        """Name the living children of a process whose command holds a word."""
        return [
            pid
            for pid, command in self.processes().items()
            if word in [*command.split(), ""] and parent_of(pid) == parent
        ]

    def kill_all(self) -> None:
        """Kill every process of this campaign at once, also what one of them starts meanwhile."""
        while found := self.processes():
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End what is left of its processes, and let go of the database."""
        self.kill_all()
        for process in self._started:
            process.wait()
        close(self.app)


@contextmanager
def private(*, database_url: str = "", **settings: Any) -> Iterator[Private]:
    """Give a private campaign, and leave nothing of it behind."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-private-"))
    try:
        campaign = Private(folder, database_url=database_url, **settings)
        try:
            yield campaign
        finally:
            campaign.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def private_on(kind: str, **settings: Any) -> Iterator[Private]:
    """Give a private campaign on `sqlite`, or on a durable `postgresql` of its own."""
    if kind == "sqlite":
        with private(**settings) as campaign:
            yield campaign
        return
    server = PostgreSQL.start(durable=True)
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE private")
        url = server.url.removesuffix("postgres") + "private"
        with private(database_url=url, **settings) as campaign:
            campaign.server = server
            yield campaign
    finally:
        server.stop()


def parent_of(pid: int) -> int:
    """Give the number of a process's parent; 0 where there is no such process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def contention() -> float:
    """Tell how much longer than alone a program takes here now: its time over its processor time.

    Promises of seconds are made for a machine that is not busy with something else; who checks
    one on a busy machine allows this much more.
    """
    before, began = os.times(), time.monotonic()
    subprocess.run([sys.executable, "-P", "-c", "import campaign.cli"], cwd=ROOT, check=True)
    after, ended = os.times(), time.monotonic()
    used = sum(after[2:4]) - sum(before[2:4])
    return max(1.0, (ended - began) / used)


def wait_until(is_so: Callable[[], Any], *, within: float, what: str) -> float:
    """Wait until something is so, and tell how many seconds that took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > within:
            raise TimeoutError(f"not within {within:g} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began
