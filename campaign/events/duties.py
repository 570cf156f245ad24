"""What the events owe the clock: invite who asked, tell who comes the news, forget them after."""

from collections.abc import Callable
from datetime import timedelta

from campaign import clock, jobs
from campaign.db import db
from campaign.events.asks import verbs as asks
from campaign.events.models import Event, SignUpAsk
from campaign.events.sign_ups import queries, verbs
from campaign.jobs import duty


@duty("events.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Send the invitations that forms have asked for. Also woken by each form."""
    jobs.one_by_one(SignUpAsk, asks.answer, where=SignUpAsk.answered_at.is_(None))


@duty("events.lapse", every=timedelta(hours=1))
def lapse() -> None:
    """Forget who asked for seats that have lapsed."""
    asks.lapse(now=clock.now())
    db.session.commit()


@duty("events.tell", every=timedelta(minutes=1))
def tell() -> None:
    """Write the news of each event to those who have not heard it. Also woken by each change."""
    for event in queries.with_news(now=clock.now()):
        _in_pieces(verbs.tell, event)


@duty("events.erase", every=timedelta(days=1))
def erase() -> None:
    """Erase the sign-ups of events that are long over."""
    for event in queries.long_over(now=clock.now()):
        _in_pieces(verbs.erase, event)


def _in_pieces(do: Callable[..., int], event: Event) -> None:
    """Do a deed about some people of an event until none is left or the process is to stop."""
    done = jobs.PIECE
    while done and not jobs.stopping.is_set():
        done = do(event, most=jobs.PIECE, now=clock.now())
        db.session.commit()
        jobs.stopping.wait(jobs.BREATH if done == jobs.PIECE else 0)
