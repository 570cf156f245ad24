"""What organisers' accounts owe the clock: to erase sessions that are over and old links."""

from datetime import timedelta

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.organisers import verbs


@duty("organisers.tidy", every=timedelta(days=1))
def tidy() -> None:
    """Erase what lets nobody in any more."""
    verbs.tidy(now=clock.now())
    db.session.commit()
