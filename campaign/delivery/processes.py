"""Processes: by which name a sender is known, and which of this machine's senders are dead."""

import os
import socket
from pathlib import Path

from campaign.delivery import journal

# The names of this process's senders that have not come to their end.
at_work: set[str] = set()


def name() -> str:
    """Name this process so that others on this machine can tell whether it still lives."""
    return f"{host()}:{os.getpid()}:{born(os.getpid())}"


def host() -> str:
    """Name this machine, and within it the space of its process numbers."""
    # Two containers or machines of one name share no process numbers: they are told apart by
    # their namespaces, and by when they were started.
    try:
        space = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        space = "0"
    return f"{socket.gethostname()[:50]}/{space}/{journal.boot()[:8]}".replace(":", "-")


def born(pid: int) -> str:
    """Tell when a process began, in clock ticks since boot; empty when none lives."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # One that has died stays listed until its parent asks after it, and some never do.
        return "" if fields[0] in {"Z", "X"} else fields[19]
    except (OSError, IndexError):
        return ""


def dead(claimants: list[str]) -> list[str]:
    """Name the claimants of this machine whose process is gone, or who crashed in this one."""
    if not Path("/proc/self/stat").exists():
        return []
    gone = []
    for claimant in claimants:
        where, _, rest = claimant.partition(":")
        pid, _, rest = rest.partition(":")
        if where != host() or not pid.isdigit() or claimant in at_work:
            continue
        if int(pid) == os.getpid() or born(int(pid)) != rest.partition(":")[0]:
            gone.append(claimant)
    return gone
