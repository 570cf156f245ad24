"""What is owed to those in whose name a form asked: a question by mail, and then oblivion."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from campaign import clock
from campaign.db import db, reading
from campaign.jobs import duty
from campaign.outbox.delivery import worker
from campaign.people import queries, verbs
from campaign.people.models import Purpose

log = structlog.get_logger()

PIECE = 25
# Between two pieces others come first: SQLite would let whoever waits for it starve.
BREATH = 0.1


@duty("people.answer", every=timedelta(minutes=1))
def answer() -> None:
    """Ask by mail those in whose name forms asked for something. Also woken by each form."""
    one_by_one(queries.unanswered, _answer)


def _answer(number: int) -> None:
    asked = queries.to_answer(number)
    if asked is not None:
        verbs.answer(asked, now=clock.now())


def one_by_one(unanswered: Callable[..., list[int]], answer: Callable[[int], None]) -> None:
    """Answer what forms have asked for, each as a deed of its own, until nothing is left.

    One that fails is tried again a minute later and stops no other. Ends early when the process
    is to stop.
    """
    tried: set[int] = set()
    while not worker.stopping.is_set():
        with reading():
            due = [one for one in unanswered(most=PIECE + len(tried)) if one not in tried]
        for number in due:
            tried.add(number)
            try:
                answer(number)
                db.session.commit()
            except Exception:  # the edge of a process
                db.session.rollback()
                log.exception("ask.unanswered")
        if not due:
            return
        worker.stopping.wait(BREATH if len(due) >= PIECE else 0)


@duty("people.expire", every=timedelta(hours=6))
def expire() -> None:
    """Erase what nobody confirmed in 30 days."""
    for purpose in Purpose:
        verbs.expire_pending(purpose, now=clock.now())
    db.session.commit()
