"""What is owed to those in whose name a form asked: a question by mail, and then oblivion."""

from datetime import timedelta

from campaign import clock, jobs
from campaign.db import db
from campaign.jobs import duty
from campaign.people.asks import verbs as asks_verbs
from campaign.people.asks.models import PersonAsk
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs


@duty("people.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Ask by mail those in whose name forms asked for something. Also woken by each form."""
    jobs.one_by_one(PersonAsk, asks_verbs.answer)


@duty("people.expire", every=timedelta(hours=6))
def expire() -> None:
    """Erase what nobody confirmed in 30 days, and what could not even be asked."""
    for purpose in Purpose:
        subscriptions_verbs.expire_pending(purpose, now=clock.now())
    asks_verbs.expire_asks(now=clock.now())
    db.session.commit()
