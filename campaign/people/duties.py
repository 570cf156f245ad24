"""What is owed to those in whose name a form asked: a question by mail, and then oblivion."""

from datetime import timedelta

from campaign import clock, jobs
from campaign.db import db
from campaign.jobs import duty
from campaign.people import verbs
from campaign.people.models import PersonAsk, Purpose


@duty("people.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Ask by mail those in whose name forms asked for something. Also woken by each form."""
    jobs.one_by_one(PersonAsk, verbs.answer)


@duty("people.expire", every=timedelta(hours=6))
def expire() -> None:
    """Erase what nobody confirmed in 30 days, and what could not even be asked."""
    for purpose in Purpose:
        verbs.expire_pending(purpose, now=clock.now())
    verbs.expire_asks(now=clock.now())
    db.session.commit()
