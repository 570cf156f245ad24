"""A PostgreSQL of the tests' own, run by a user who owns nothing else."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.services.programs import HERE, free_port, missing, program


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """Run a PostgreSQL and give the URL of its `postgres` database."""
    server = PostgreSQL.start(durable=durable)
    try:
        yield server.url
    finally:
        server.stop()


@dataclass(frozen=True)
class PostgreSQL:
    """One running server, which outlives the process that started it until it is stopped."""

    folder: Path
    port: int
    host: str
    is_durable: bool

    @property
    def url(self) -> str:
        """Give the URL of the database that is always there."""
        return f"postgresql://campaign@{self.host}:{self.port}/postgres"

    @classmethod
    def start(cls, *, durable: bool = False, host: str = HERE) -> "PostgreSQL":
        """Make a database cluster and serve it; not `durable`, it may lose rows with the power."""
        folder = Path(tempfile.mkdtemp(prefix="campaign-postgresql-"))
        server = cls(folder, free_port(), host, durable)
        if os.geteuid() == 0:
            os.chown(server.folder, *_nobody())
        try:
            server._run(
                "initdb", "--username=campaign", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8", "--no-sync",
            )  # fmt: skip
            if host != HERE:
                with (folder / "data" / "pg_hba.conf").open("a") as rules:
                    rules.write("host all all samenet trust\n")
            server.resume()
        except BaseException:
            server.stop()
            raise
        return server

    def resume(self) -> None:
        """Serve what is in the folder, also after a fall."""
        options = [f"listen_addresses={self.host}", f"port={self.port}", "max_connections=200"]
        options += ["unix_socket_directories="]
        if not self.is_durable:
            options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        told = " ".join(f"-c {option}" for option in options)
        self._run("pg_ctl", "--wait", "--log", str(self.folder / "log"), "-o", told, "start")

    def kill(self) -> None:
        """Kill the server with all its processes at once, as a fall of its machine would."""
        noted = self.folder / "data" / "postmaster.pid"
        first = int(noted.read_text().split()[0])
        ours = [first, *_children(first)]
        for pid in ours:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_is_alive(pid) for pid in ours):
            time.sleep(0.01)
        # Where nobody asks after the dead, they keep their number, and the next would not start.
        noted.unlink(missing_ok=True)

    def stop(self) -> None:
        """End the server, its sessions and its folder."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "--wait", "--mode=immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> None:
        path = program(name)
        assert path is not None, missing("postgresql")
        # PostgreSQL refuses to run as root.
        user, group = _nobody() if os.geteuid() == 0 else (None, None)
        with open(self.folder / f"{name}.out", "ab") as out:
            subprocess.run(
                [path, "--pgdata", str(self.folder / "data"), *arguments],
                cwd=self.folder, env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                user=user, group=group, extra_groups=None if user is None else [],
                check=True,
            )  # fmt: skip


def _children(parent: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if _stat(int(place.name))[1] == str(parent):
                found.append(int(place.name))
    return found


def _is_alive(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def _stat(pid: int) -> list[str]:
    """Give what proc(5) tells of a process behind its name: its state, its parent."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]


def _nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid
