"""A PostgreSQL of the tests' own, run by a user who owns nothing else."""

import os
import pwd
import shutil
import subprocess
import tempfile
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

    @property
    def url(self) -> str:
        """Give the URL of the database that is always there."""
        return f"postgresql://campaign@{HERE}:{self.port}/postgres"

    @classmethod
    def start(cls, *, durable: bool = False) -> "PostgreSQL":
        """Make a database cluster and serve it; not `durable`, it may lose rows with the power."""
        server = cls(Path(tempfile.mkdtemp(prefix="campaign-postgresql-")), free_port())
        if os.geteuid() == 0:
            os.chown(server.folder, *_nobody())
        try:
            server._run(
                "initdb", "--username=campaign", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8", "--no-sync",
            )  # fmt: skip
            options = [f"listen_addresses={HERE}", f"port={server.port}", "max_connections=200"]
            options += ["unix_socket_directories="]
            if not durable:
                options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
            told = " ".join(f"-c {option}" for option in options)
            server._run(
                "pg_ctl", "--wait", "--log", str(server.folder / "log"), "-o", told, "start"
            )
        except BaseException:
            server.stop()
            raise
        return server

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


def _nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid
