"""What the outbox owes the clock: to send what is due, and to erase what is old."""

from datetime import timedelta

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.outbox import verbs
from campaign.outbox.delivery import worker
from campaign.outbox.suppressions import verbs as suppressions


@duty("outbox.send", every=timedelta(minutes=1))
def send() -> None:
    """Send what is due. Also woken after each deed that posts a mail."""
    worker.send_due()


@duty("outbox.tidy", every=timedelta(days=1))
def tidy() -> None:
    """Erase messages that left long ago."""
    now = clock.now()
    verbs.tidy(now=now)
    suppressions.tidy(now=now)
    db.session.commit()
    worker.tidy(now=now)
