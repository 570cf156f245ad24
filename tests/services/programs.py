"""What the machine has: the programs that tests start, and ports to start them on."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

HERE = "127.0.0.1"


def missing(service: str) -> str | None:
    """Say in one line what to install, or None where `service` can be started."""
    if service == "postgresql" and program("initdb") is None:
        return "PostgreSQL is not here: apt-get install postgresql"
    if service == "chromium" and chromium_path() is None:
        return "Chromium is not here: apt-get install chromium"
    if service == "postfix" and program("postconf") is None:
        return "Postfix is not here: apt-get install postfix"
    if service == "postfix" and os.geteuid() != 0:
        return "Postfix gives each of its parts its own user, so only root can start one"
    if service == "opendkim" and program("opendkim") is None:
        return "OpenDKIM is not here: apt-get install opendkim"
    if service == "java" and program("java") is None:
        return "Java is not here: apt-get install default-jre-headless"
    if service == "nginx" and program("nginx") is None:
        return "nginx is not here: apt-get install nginx-light"
    if service == "caddy" and program("caddy") is None:
        return "Caddy is not here: apt-get install caddy"
    return None


def chromium_path() -> str | None:
    """Find the distribution's Chromium."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next(filter(None, map(program, names)), None)


def chromium_arguments() -> list[str]:
    """List what keeps Chromium from calling home, and lets it start as root."""
    rooted = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
        *rooted,
    ]


def free_port() -> int:
    """Name a TCP port of loopback that nobody listens on, for a server that cannot choose."""
    with socket.create_server((HERE, 0)) as listener:
        return int(listener.getsockname()[1])


def program(name: str) -> str | None:
    """Find a program, also where Debian keeps those that are not for everybody's PATH."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    places = [os.environ.get("PATH", os.defpath), "/usr/sbin", *map(str, newest_first)]
    return shutil.which(name, path=os.pathsep.join(places))


def _version(folder: Path) -> float:
    return float(folder.parent.name)


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a program that was started answers; give what it said where it does not."""
    for _ in range(200):
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection((HERE, port), timeout=5):
            return
        time.sleep(0.05)
    raise RuntimeError(f"it did not start; it said:\n{log.read_text() or '(nothing)'}")
