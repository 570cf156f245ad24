"""What counts owe the clock: to be folded, checked against the rows, and let go."""

from datetime import timedelta

import structlog

from campaign import clock, jobs
from campaign.counts import queries, triggers, verbs
from campaign.counts.policy import CHANGES_AT_ONCE
from campaign.counts.registry import known
from campaign.db import db, reading
from campaign.jobs import duty

log = structlog.get_logger()


@duty("counts.fold", every=timedelta(minutes=1))
def fold() -> None:
    """Fold in what changed since the last time."""
    folded = CHANGES_AT_ONCE
    while folded == CHANGES_AT_ONCE and not jobs.stopping.is_set():
        folded = verbs.fold(most=CHANGES_AT_ONCE)
        db.session.commit()


@duty("counts.check", every=timedelta(days=1))
def check() -> None:
    """Count the rows and say so where a count differs; and let go what nobody asks for."""
    with reading():
        are_kept = triggers.are_in_place(db.session.connection())
    if not are_kept:
        log.error("counts.not_kept")
    verbs.note_differing(verbs.TRIGGERS, 0 if are_kept else 1)
    db.session.commit()
    for counted in known():
        if jobs.stopping.is_set():
            return
        with reading():
            found = queries.differences([counted], now=clock.now())
        if found:
            log.error("counts.differ", count=counted.name, keys=len(found))
        verbs.note_differing(counted.name, len(found))
        db.session.commit()
    verbs.let_go(now=clock.now())
    db.session.commit()
