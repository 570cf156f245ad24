"""Run the drills: `python -m tests.drills [NAME]`; one line a drill, status 1 if one failed."""

import argparse
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable

from tests.drills.killing import batch_kill, worker_kill
from tests.drills.outcome import Outcome
from tests.drills.racing import race
from tests.drills.supervising import supervisor
from tests.services import missing

Drill = Callable[[str, str, int], Outcome]
# Name -> the drill and the database it is run on.
DRILLS: dict[str, tuple[Drill, str]] = {
    "worker-kill": (worker_kill, "sqlite"),
    "worker-kill-postgresql": (worker_kill, "postgresql"),
    "batch-kill": (batch_kill, "sqlite"),
    "batch-kill-postgresql": (batch_kill, "postgresql"),
    "supervisor": (supervisor, "sqlite"),
    "race": (race, "sqlite"),
    "race-postgresql": (race, "postgresql"),
}


def main() -> int:
    """Run one drill or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(DRILLS), help="one drill instead of all")
    parser.add_argument("--seed", type=int, default=None, help="repeat the chances of a run")
    asked = parser.parse_args()
    # Ended from outside, it still cleans up after itself.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    names = [asked.name] if asked.name else list(DRILLS)
    need = missing("postgresql")
    if need and any(DRILLS[name][1] == "postgresql" for name in names):
        print(need, file=sys.stderr)
        return 1
    seed = asked.seed if asked.seed is not None else random.randrange(10_000)
    # aiosmtpd, the sink, warns of its own code on newer Pythons.
    warnings.simplefilter("ignore")
    failed = False
    for name in names:
        outcome = _run(name, seed)
        failed = failed or bool(outcome.broken)
        print(outcome.line, flush=True)
        for sentence in outcome.broken:
            print(f"  {sentence}", flush=True)
    return 1 if failed else 0


def _run(name: str, seed: int) -> Outcome:
    drill, kind = DRILLS[name]
    began = time.monotonic()
    try:
        outcome = drill(name, kind, seed)
    except TimeoutError as late:
        outcome = Outcome(name, counts={"seed": seed}, broken=[str(late)])
    outcome.counts["seconds"] = round(time.monotonic() - began, 1)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
