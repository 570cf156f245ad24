"""What the outbox owes the clock: to erase what is old."""

from datetime import timedelta

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.outbox import verbs
from campaign.outbox.caps import verbs as caps_verbs
from campaign.outbox.hard_bounces import verbs as hard_bounces_verbs
from campaign.outbox.policy import FINISHED_KEPT
from campaign.outbox.throttles import verbs as throttles_verbs


@duty("outbox.tidy", every=timedelta(days=1))
def tidy() -> None:
    """Erase messages that left long ago, and what was counted of them."""
    now = clock.now()
    verbs.tidy(now=now)
    caps_verbs.tidy(now=now)
    throttles_verbs.tidy(before=now - FINISHED_KEPT)
    hard_bounces_verbs.tidy(now=now)
    db.session.commit()
