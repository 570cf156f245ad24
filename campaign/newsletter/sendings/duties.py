"""What sendings owe the clock: to begin, to choose between two subjects, to note how they go."""

from datetime import timedelta

import structlog

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.newsletter.sendings import queries, verbs

log = structlog.get_logger()


@duty(verbs.BEGIN, every=timedelta(minutes=1))
def begin() -> None:
    """Begin what is due, each sending by itself: what fails with one holds up no other."""
    for number in queries.due(now=clock.now()):
        try:
            sending = queries.sending(number)
            if sending is not None:
                verbs.begin(sending, now=clock.now())
            db.session.commit()
        except Exception:  # the edge of a process
            db.session.rollback()
            log.exception("sending.failed", sending=number)


@duty("newsletter.choose", every=timedelta(minutes=1))
def choose() -> None:
    """Send the rest of an issue under the better of two subjects."""
    for sending in queries.in_trial():
        verbs.choose_if_due(sending, now=clock.now())
        db.session.commit()


@duty("newsletter.note", every=timedelta(minutes=1))
def note() -> None:
    """Note how far each running sending has come."""
    for sending in queries.running():
        verbs.note(sending, now=clock.now())
        db.session.commit()
