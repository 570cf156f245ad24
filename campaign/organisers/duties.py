"""What organisers' accounts owe the clock: links that were asked for, and an end to old ones."""

from datetime import timedelta

from campaign import clock, jobs
from campaign.db import db
from campaign.jobs import duty
from campaign.organisers import verbs
from campaign.organisers.models import LinkRequest


@duty(verbs.SEND_LINKS, every=timedelta(minutes=1))
def send_links() -> None:
    """Mail the links that were asked for. Also woken after each request."""
    jobs.one_by_one(LinkRequest, verbs.send_link)


@duty("organisers.tidy", every=timedelta(days=1))
def tidy() -> None:
    """Erase what lets nobody in any more."""
    verbs.tidy(now=clock.now())
    db.session.commit()
