"""What the letters owe the clock: reminders, expiry, what became of them, erasing them."""

from datetime import timedelta

from campaign import clock, jobs
from campaign.db import db
from campaign.jobs import duty
from campaign.letters import verbs
from campaign.letters.asks import verbs as asks_verbs
from campaign.letters.models import LetterAsk


@duty("letters.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Ask whether the letters are theirs in whose name forms asked for them. Woken by each form."""
    jobs.one_by_one(LetterAsk, asks_verbs.answer)


@duty("letters.remind", every=timedelta(hours=1))
def remind() -> None:
    """Ask once more where a letter has waited a day."""
    verbs.remind(now=clock.now())
    db.session.commit()


@duty("letters.drop_unconfirmed", every=timedelta(hours=1))
def drop_unconfirmed() -> None:
    """Drop letters that were not confirmed within seven days."""
    verbs.drop_unconfirmed(now=clock.now())
    db.session.commit()


@duty("letters.track_delivery", every=timedelta(minutes=5))
def track_delivery() -> None:
    """Note which letters have left and which came back."""
    verbs.track_delivery(now=clock.now())
    db.session.commit()


@duty("letters.erase", every=timedelta(days=1))
def erase() -> None:
    """Erase letters whose summit is long over."""
    verbs.erase(now=clock.now())
    db.session.commit()
