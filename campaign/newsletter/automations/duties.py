"""What automations owe the clock: the next step of a welcome, the digest, one reminder."""

from datetime import timedelta

from flask import current_app

from campaign import clock
from campaign.db import db
from campaign.jobs import duty
from campaign.newsletter.automations import queries, verbs


@duty("newsletter.steps", every=timedelta(minutes=10))
def send_steps() -> None:
    """Send the next step to everyone who is due, each step by itself."""
    for step in queries.steps():
        verbs.send_step(step.key, now=clock.now())
        db.session.commit()


@duty("newsletter.digest", every=timedelta(minutes=10))
def send_digest() -> None:
    """Send the digest of the month once its moment has come."""
    verbs.send_digest(zone=current_app.config["TIMEZONE"], now=clock.now())
    db.session.commit()


@duty("newsletter.remind", every=timedelta(hours=1))
def remind() -> None:
    """Ask once more, three days after the first mail."""
    verbs.remind(now=clock.now())
    db.session.commit()
