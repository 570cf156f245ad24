"""What counts owe the clock: to be folded, checked against the rows, and let go."""

from datetime import timedelta

import structlog

from campaign import clock, jobs
from campaign.counts import queries, verbs
from campaign.counts.registry import known
from campaign.db import db, reading
from campaign.jobs import duty

log = structlog.get_logger()

# So many changes at a time, and so long (seconds) between two looks while there is much to do.
PIECE, PAUSE = 5000, 5
# The timetable comes by again after a minute.
TURN = timedelta(seconds=50)


@duty("counts.fold", every=timedelta(minutes=1))
def fold() -> None:
    """Fold in what changed, and go on every few seconds while many changes come."""
    until = clock.now() + TURN
    while not jobs.stopping.is_set():
        folded = verbs.fold(most=PIECE)
        db.session.commit()
        if folded < PIECE and (folded < PIECE / 50 or clock.now() >= until):
            return
        jobs.stopping.wait(jobs.BREATH if folded == PIECE else PAUSE)


@duty("counts.check", every=timedelta(days=1))
def check() -> None:
    """Count the rows and say so where a count differs; and let go what nobody asks for."""
    differing = 0
    for counted in known():
        with reading():
            found = queries.differences(counted, since=clock.now() - verbs.CHECKED)
        if found:
            log.error("counts.differ", name=counted.name, keys=len(found))
            differing += len(found)
        if jobs.stopping.is_set():
            return
    verbs.note_differing(differing)
    verbs.let_go(now=clock.now())
    db.session.commit()
