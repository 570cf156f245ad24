"""The supervisor: keeps web and worker running together, and takes both down with it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from campaign import logs

log = structlog.get_logger()

_PR_SET_PDEATHSIG = 1
# Ctrl-C must be over within five seconds: a child that dawdles is ended in time for a slow machine.
GRACE = 3.5
# Back at once after the first crash, more slowly after each further one within a minute.
PAUSES = (0.2, 1.0, 3.0)


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent goes, even by kill -9 (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process kept running: its command line and when it crashed."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    crashes: list[float] = field(default_factory=list)
    start_at: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the process as leader of its own group, so that Ctrl-C reaches only us."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "campaign", *self.arguments],
            env=dict(environment),
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    def has_fallen(self) -> bool:
        """Tell whether it was running and is not any more; plan its return."""
        if self.process is None or self.process.poll() is None:
            return False
        # What it started must not outlive it, or hold its port.
        _signal_group(self.process.pid, signal.SIGKILL)
        log.warning("process.exited", process=self.name, status=self.process.returncode)
        now = time.monotonic()
        self.crashes = [*(crash for crash in self.crashes if now - crash < 60), now]
        self.start_at = now + PAUSES[min(len(self.crashes), len(PAUSES)) - 1]
        self.process = None
        return True


def supervise(commands: Mapping[str, list[str]], *, environment: Mapping[str, str]) -> int:
    """Run the commands of `campaign` side by side until a signal ends them all.

    Returns the exit status: 0 after SIGINT or SIGTERM. A child that crashes is started again.
    """
    logs.init()
    children = [Child(name, arguments) for name, arguments in commands.items()]
    ending: list[int] = []

    def _end(number: int, frame: Any) -> None:
        ending.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        while not ending:
            for child in children:
                child.has_fallen()
                if child.process is None and time.monotonic() >= child.start_at:
                    child.start(environment)
            time.sleep(0.1)
    finally:
        _stop(children)
    return 0


def _stop(children: list[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while any(process.poll() is None for process in running) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in running:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return
