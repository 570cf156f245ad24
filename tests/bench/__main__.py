"""Measure: `python -m tests.bench [NAME]`; the last lines are one a measure, beside its floor."""

import argparse
import os
import platform
import signal
import sqlite3
import sys
import tempfile
import time

from tests.bench.measures import MEASURES
from tests.bench.programs import absent


def main() -> int:
    """Take one measure or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(MEASURES), help="one measure, not all")
    asked = parser.parse_args()
    # Ended from outside, it still cleans up after itself.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    names = [asked.name] if asked.name else list(MEASURES)
    need = absent(set().union(*(MEASURES[name][2] for name in names)))
    if need:
        print(need, file=sys.stderr)
        return 1
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{_syncs():.0f} durable writes of 4 kB a second"
    )
    figures, failed = [], False
    for name in names:
        print(f"{name} ...", flush=True)
        measure, kind, _ = MEASURES[name]
        try:
            figures += measure(name, kind)
        except (TimeoutError, ValueError) as trouble:
            print(f"{name} could not be measured: {trouble}", file=sys.stderr)
            failed = True
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    for figure in figures:
        print(figure.line)
    return 1 if failed else 0


def _syncs() -> float:
    """Count the small writes a second that reach this machine's disk: no commit is faster."""
    with tempfile.NamedTemporaryFile(prefix="campaign-bench-") as file:
        os.pwrite(file.fileno(), bytes(4096), 0)
        os.fsync(file.fileno())
        began, number = time.monotonic(), 0
        while time.monotonic() - began < 1:
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fdatasync(file.fileno())
            number += 1
        return number / (time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
