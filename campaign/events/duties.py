"""What the events owe the clock: invite who asked, tell who comes the news, forget them after."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from campaign import clock
from campaign.db import db
from campaign.events.models import Event
from campaign.events.sign_ups import queries, verbs
from campaign.jobs import duty
from campaign.outbox.delivery import worker

log = structlog.get_logger()

# People at a time: for these a fraction of a second is needed, so nobody else waits long.
PIECE = 25
# Between two pieces others come first: SQLite would let whoever waits for it starve.
BREATH = 0.1


@duty("events.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Send the invitations that forms have asked for. Also woken by each form.

    Each is a deed of its own: one that fails is tried again a minute later and stops no other.
    """
    done = PIECE
    tried: set[int] = set()
    while done and not worker.stopping.is_set():
        due = [
            number for number in queries.unanswered(most=PIECE + len(tried)) if number not in tried
        ]
        for number in due:
            tried.add(number)
            _answer(number)
        done = len(due)
        worker.stopping.wait(BREATH if done >= PIECE else 0)


def _answer(number: int) -> None:
    try:
        ask = queries.to_answer(number)
        if ask is not None:
            verbs.answer(ask, now=clock.now())
        db.session.commit()
    except Exception:  # the edge of a process: nobody else shall wait for what cannot be done
        log.exception("sign_up.unanswered", ask=number)
        db.session.rollback()


@duty("events.lapse", every=timedelta(hours=1))
def lapse() -> None:
    """Forget who asked for seats that have lapsed."""
    verbs.lapse(now=clock.now())
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
    done = PIECE
    while done and not worker.stopping.is_set():
        done = do(event, most=PIECE, now=clock.now())
        db.session.commit()
        worker.stopping.wait(BREATH if done == PIECE else 0)
