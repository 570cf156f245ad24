"""What is owed to those who were asked and have not answered: oblivion."""

from datetime import timedelta

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.people import verbs
from campaign.people.models import Purpose


@duty("people.expire", every=timedelta(hours=6))
def expire() -> None:
    """Erase what nobody confirmed in 30 days."""
    for purpose in Purpose:
        verbs.expire_pending(purpose, now=clock.now())
    db.session.commit()
