"""Run the drills: `python -m tests.drills [NAME]`; one line a drill, status 1 if one failed."""

import argparse
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable

from tests.drills.acting import day_of_action
from tests.drills.dripping import slow_clients_drill
from tests.drills.encoding import encoded_words
from tests.drills.killing import issue_kill
from tests.drills.misbehaving import misbehaving
from tests.drills.outcome import Order, Outcome
from tests.drills.overtaking import overtaking
from tests.drills.parting import absent, two_hosts
from tests.drills.racing import race
from tests.drills.reading_zones import missing_reader, zones
from tests.drills.refusing import relay_says_no
from tests.drills.supervising import supervisor
from tests.drills.timing import timing
from tests.services import missing

Drill = Callable[[Order], Outcome]
# Name -> the drill and the database it is run on.
DRILLS: dict[str, tuple[Drill, str]] = {
    "issue-kill-sqlite": (issue_kill, "sqlite"),
    "issue-kill-postgresql": (issue_kill, "postgresql"),
    "relay": (misbehaving, "sqlite"),
    "relay-postgresql": (misbehaving, "postgresql"),
    "relay-says-no": (relay_says_no, "sqlite"),
    "relay-says-no-postgresql": (relay_says_no, "postgresql"),
    "overtaking-sqlite": (overtaking, "sqlite"),
    "overtaking-postgresql": (overtaking, "postgresql"),
    "two-hosts": (two_hosts, "postgresql"),
    "supervisor": (supervisor, "sqlite"),
    "slow-clients": (slow_clients_drill, "sqlite"),
    "slow-clients-postgresql": (slow_clients_drill, "postgresql"),
    "day-of-action": (day_of_action, "postgresql"),
    "day-of-action-sqlite": (day_of_action, "sqlite"),
    "race": (race, "sqlite"),
    "race-postgresql": (race, "postgresql"),
    "zones": (zones, "sqlite"),
    "timing": (timing, "sqlite"),
    "timing-postgresql": (timing, "postgresql"),
    "encoded-words": (encoded_words, "sqlite"),
}


def main() -> int:
    """Run one drill or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(DRILLS), help="one drill instead of all")
    parser.add_argument("--seed", type=int, default=None, help="repeat the chances of a run")
    parser.add_argument("--size", type=float, default=1.0, help="a share of the full size")
    parser.add_argument("--rate", type=float, default=1.0, help="a share of the full rate")
    asked = parser.parse_args()
    # Ended from outside, it still cleans up after itself.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    names = [asked.name] if asked.name else list(DRILLS)
    need = missing("postgresql")
    if not need or all(DRILLS[name][1] == "sqlite" for name in names):
        need = absent() if "two-hosts" in names else None
    if not need and "zones" in names:
        need = missing_reader()
    if need:
        print(need, file=sys.stderr)
        return 1
    seed = asked.seed if asked.seed is not None else random.randrange(10_000)
    # aiosmtpd, the sink, warns of its own code on newer Pythons.
    warnings.simplefilter("ignore")
    failed = False
    for name in names:
        outcome = _run(Order(name, DRILLS[name][1], seed, asked.size, asked.rate))
        failed = failed or bool(outcome.broken)
        print(outcome.line, flush=True)
        for sentence in outcome.broken:
            print(f"  {sentence}", flush=True)
    return 1 if failed else 0


def _run(order: Order) -> Outcome:
    began = time.monotonic()
    try:
        outcome = DRILLS[order.name][0](order)
    except TimeoutError as late:
        outcome = order.outcome()
        outcome.broken.append(str(late))
    outcome.counts["seconds"] = round(time.monotonic() - began, 1)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
