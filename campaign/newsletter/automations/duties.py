"""What automatic mails owe the clock: the next step of a welcome, the month, one reminder."""

from datetime import timedelta

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.newsletter.automations import queries, verbs


@duty("newsletter.steps", every=timedelta(minutes=10))
def take_steps() -> None:
    """Take the next step with everyone who is due, each step by itself."""
    for step in queries.steps():
        verbs.take_step(step.key, now=clock.now())
        db.session.commit()


@duty("newsletter.month", every=timedelta(minutes=10))
def tell_of_the_month() -> None:
    """Tell of the month once its moment has come."""
    verbs.tell_of_the_month(now=clock.now())
    db.session.commit()


@duty("newsletter.remind", every=timedelta(hours=1))
def remind() -> None:
    """Ask once more, three days after the first mail."""
    verbs.remind(now=clock.now())
    db.session.commit()
