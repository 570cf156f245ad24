"""What mailings owe the clock: to begin, to choose between two subjects, to note how they go."""

from datetime import timedelta

import structlog

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.mailings import queries
from campaign.mailings.ab_tests.verbs import choose_if_due
from campaign.mailings.running import verbs
from campaign.mailings.verbs import BEGIN

log = structlog.get_logger()


@duty(BEGIN, every=timedelta(minutes=1))
def begin() -> None:
    """Begin what is due, each mailing by itself: what fails with one holds up no other."""
    for id in queries.due(now=clock.now()):
        try:
            mailing = queries.mailing(id)
            if mailing is not None:
                verbs.begin(mailing, now=clock.now())
            db.session.commit()
        except Exception:  # the edge of a process
            db.session.rollback()
            log.exception("mailing.failed", mailing=id)


@duty("mailings.choose", every=timedelta(minutes=1))
def choose() -> None:
    """Send the rest of a mailing under the better of two subjects."""
    for mailing in queries.undecided():
        choose_if_due(mailing, now=clock.now())
        db.session.commit()


@duty("mailings.record_progress", every=timedelta(minutes=1))
def record_progress() -> None:
    """Record how far each running mailing has come."""
    for mailing in queries.running():
        verbs.record_progress(mailing, now=clock.now())
        db.session.commit()
