"""What sign-ups owe the clock: forms are answered, reservations expire, old ones are erased."""

from datetime import timedelta

from campaign import clock, jobs
from campaign.db import db
from campaign.events.sign_ups import queries, verbs
from campaign.events.sign_ups.asks import verbs as asks_verbs
from campaign.events.sign_ups.models import SignUpAsk
from campaign.jobs import duty


@duty("sign_ups.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Send the invitations that forms have asked for. Also woken by each form."""
    jobs.together(SignUpAsk, asks_verbs.answer, where=SignUpAsk.answered_at.is_(None))


@duty("sign_ups.expire", every=timedelta(hours=1))
def expire() -> None:
    """End the reservations of seats that nobody has confirmed."""
    asks_verbs.expire(now=clock.now())
    db.session.commit()


@duty("sign_ups.erase", every=timedelta(days=1))
def erase() -> None:
    """Erase the sign-ups of events that are long over."""
    for event in queries.long_over(now=clock.now()):
        jobs.in_pieces(verbs.erase, event)
