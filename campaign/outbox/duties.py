"""What the outbox owes the clock: to erase what is old."""

from datetime import timedelta

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.outbox import verbs
from campaign.outbox.suppressions import verbs as suppressions_verbs


@duty("outbox.tidy", every=timedelta(days=1))
def tidy() -> None:
    """Erase messages that left long ago."""
    now = clock.now()
    verbs.tidy(now=now)
    suppressions_verbs.tidy(now=now)
    db.session.commit()
