"""The programs that measure: found or named, started on loopback, asked, and stopped."""

import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaign.config import ROOT
from tests.drills.private import wait_until
from tests.services import free_port, missing
from tests.services.programs import HERE, program

PACKAGES = {
    "wrk": "wrk",
    "nginx": "nginx-light",
    "smtp-source": "postfix",
    "smtp-sink": "postfix",
}
ROUNDS = 3
SECONDS = 3


@dataclass(frozen=True)
class Figure:
    """One measure beside its floor."""

    name: str
    value: float
    unit: str
    floor: float

    @property
    def line(self) -> str:
        """Give the one line of this figure."""
        ratio = self.value / self.floor
        return (
            f"bench {self.name} {self.value:.0f} {self.unit} "
            f"floor={self.floor:.0f} ratio={ratio:.2f}"
        )


def absent(names: set[str]) -> str | None:
    """Say in one line what to install, or None where everything is here."""
    for service in ("postgresql", "chromium"):
        if service in names and (word := missing(service)):
            return word
    packages = sorted({PACKAGES[name] for name in names & set(PACKAGES) if not program(name)})
    if packages:
        return f"To measure this, first: apt-get install {' '.join(packages)}"
    return None


def path(name: str) -> str:
    """Give the place of a program that is known to be here."""
    found = program(name)
    assert found is not None, PACKAGES[name]
    return found


def rounds(**measures: Callable[[], float]) -> dict[str, float]:
    """Take each measure in turn, three times over, and give the medians.

    In turn, so that a neighbour who keeps the machine busy for a while does so to all of them.
    """
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            taken[name].append(measure())
    for name, values in taken.items():
        print(f"  {name:9} {' '.join(f'{value:.0f}' for value in values)}", flush=True)
    return {name: statistics.median(values) for name, values in taken.items()}


@contextmanager
def running(
    arguments: list[str],
    *,
    port: int,
    environment: Mapping[str, str] | None = None,
    log: Path,
) -> Iterator[int]:
    """Run a server until it is no more needed; it is ready when its port answers."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env=dict(os.environ) | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_until(lambda: _listens(port), within=30, what=f"{arguments[0]} listens")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _listens(port: int) -> bool:
    # Read, not connected to: a server that counts its guests would count us.
    wanted = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state = line.split()[:4]
        if local == wanted and state == "0A":
            return True
    return False


@contextmanager
def gunicorn(
    factory: str, *, workers: int, environment: Mapping[str, str], log: Path
) -> Iterator[str]:
    """Serve a floor with gunicorn, as many processes and threads as ours has; give its address."""
    port = free_port()
    arguments = [
        sys.executable, "-P", "-m", "gunicorn", f"tests.bench.lean:{factory}()",
        "--bind", f"{HERE}:{port}", "--workers", str(workers), "--worker-class", "gthread",
        "--threads", "4", "--preload", "--timeout", "30", "--graceful-timeout", "2",
        "--keep-alive", "5", "--log-level", "warning", "--worker-tmp-dir", "/dev/shm",
        "--max-requests", "20000", "--max-requests-jitter", "2000", "--no-control-socket",
    ]  # fmt: skip
    with running(arguments, port=port, environment=environment, log=log):
        yield f"http://{HERE}:{port}"


@contextmanager
def granian(
    factory: str, *, workers: int, environment: Mapping[str, str], log: Path
) -> Iterator[str]:
    """Serve a floor with the web server that ours has, as it comes; give its address."""
    port = free_port()
    arguments = [
        sys.executable, "-P", "-m", "granian", f"tests.bench.lean:{factory}", "--factory",
        "--interface", "wsgi", "--host", HERE, "--port", str(port), "--workers", str(workers),
        "--blocking-threads", "4", "--http", "1", "--no-ws", "--no-log", "--backlog", "4096",
    ]  # fmt: skip
    with running(arguments, port=port, environment=environment, log=log):
        yield f"http://{HERE}:{port}"


_NGINX = """
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type text/html;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=100;
  client_body_temp_path {folder}/temporary;
  proxy_temp_path {folder}/temporary;
  fastcgi_temp_path {folder}/temporary;
  uwsgi_temp_path {folder}/temporary;
  scgi_temp_path {folder}/temporary;
  server {{ listen {here}:{port} backlog=4096; root {folder}; gzip_static always; }}
}}
"""


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """Serve the folder with nginx, compressed files as they stand; give its address."""
    port = free_port()
    user = "user nobody nogroup;" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(_NGINX.format(folder=folder, port=port, here=HERE, user=user))
    arguments = [path("nginx"), "-c", str(settings), "-p", str(folder), "-e", "stderr"]
    with running(arguments, port=port, log=folder / "nginx.log"):
        yield f"http://{HERE}:{port}"


@contextmanager
def smtp_sink(log: Path) -> Iterator[int]:
    """Run Postfix's mail sink, which takes everything and keeps nothing; give its port."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    arguments = [path("smtp-sink"), *user, "-m", "1000", f"{HERE}:{port}", "1000"]
    with running(arguments, port=port, log=log):
        yield port


def smtp_source(port: int, *, messages: int, size: int) -> float:
    """Send mails with Postfix's own source over ten kept connections; give mails a second."""
    began = time.perf_counter()
    subprocess.run(
        [
            path("smtp-source"), "-d", "-s", "10", "-l", str(size), "-m", str(messages),
            "-f", "a@example.org", "-t", "b@example.org", f"{HERE}:{port}",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    return messages / (time.perf_counter() - began)


def wrk(
    url: str,
    *,
    connections: int,
    encoding: str = "gzip, deflate, br",
    script: Path | None = None,
    expected: int = 200,
    **told: str,
) -> float:
    """Ask for an address as often as can be for a few seconds; give answers a second.

    Raises ValueError where an answer was not the one expected.
    """
    arguments = [path("wrk"), "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "20s"]
    arguments += ["-H", f"Accept-Encoding: {encoding}"]
    arguments += ["-s", str(script)] if script else []
    said = subprocess.run(
        [*arguments, url],
        env=dict(os.environ) | told | {"EXPECTED": str(expected)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    wrong = re.search(r"^(Non-2xx.*|wrong .*|\s*Socket errors.*)$", said, re.MULTILINE)
    if wrong:
        raise ValueError(f"{url}: {wrong[0].strip()}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    return float(found[1])
