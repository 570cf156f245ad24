"""What the index owes the clock: to be what the rooms say, and to say so when it was not."""

from datetime import timedelta

import structlog

from campaign import jobs
from campaign.db import db, reading
from campaign.jobs import duty
from campaign.search import queries, verbs
from campaign.search.findings import known

log = structlog.get_logger()


@duty("search.check", every=timedelta(days=1))
def check() -> None:
    """Compare the index with all that is found, and mend what differs, a piece at a time."""
    mended = 0
    for findable in known():
        # All ids first: they are read without a lock, and what comes later follows by itself.
        with reading():
            pieces = list(queries.all_ids(findable))
        for ids in pieces:
            if jobs.stopping.is_set():
                return
            with reading():
                differing = queries.differing(findable, ids)
            if differing:
                mended += verbs.keep(findable, differing)
                db.session.commit()
            jobs.stopping.wait(jobs.BREATH)
    if mended:
        log.warning("search.differed", mended=mended)
