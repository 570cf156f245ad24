"""What the events owe the clock: invite who asked, tell who comes the news, forget them after."""

from collections.abc import Callable
from datetime import timedelta

from campaign import clock
from campaign.db import db
from campaign.events.models import Event
from campaign.events.sign_ups import queries, verbs
from campaign.jobs import duty
from campaign.outbox.delivery import worker
from campaign.people.duties import one_by_one

# People at a time: for these a fraction of a second is needed, so nobody else waits long.
PIECE = 25
# Between two pieces others come first: SQLite would let whoever waits for it starve.
BREATH = 0.1


@duty("events.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Send the invitations that forms have asked for. Also woken by each form."""
    one_by_one(queries.unanswered, _answer)


def _answer(number: int) -> None:
    ask = queries.to_answer(number)
    if ask is not None:
        verbs.answer(ask, now=clock.now())


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
