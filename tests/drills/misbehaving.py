"""The relay misbehaves in every way: the ledger and what it took agree to the last reader."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import func, select, update

from campaign import clock
from campaign.db import db
from campaign.delivery import policy, worker
from campaign.outbox import verbs
from campaign.outbox.models import OPEN, Batch, Message, State
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.throttles.models import Throttle
from campaign.outbox.throttles.queries import is_relay_closed
from tests.bench.mailing import mailing, post_issue
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private
from tests.services.recorder import Manners, Taken, recorder_here

# How many readers each way is tried on, and as how many senders.
SHARE, SENDERS, CONNECTIONS = 250, 2, 2
# How long a relay may be silent here (seconds).
PATIENCE = 1
ROUNDS = 5
_GARBAGE = [
    b"\x00\xff\xfe what?\r\n",
    b"HTTP/1.1 400 Bad Request\r\n",
    b"250-and on\r\n" * 200,
    b"2" * 70_000 + b"\r\n",
]


def _number(recipient: str) -> int:
    return int("".join(sign for sign in recipient.partition("@")[0] if sign.isdigit()))


def _every(nth: int, reply: bytes) -> Callable[[str], bytes | None]:
    return lambda recipient: reply if _number(recipient) % nth == 0 else None


def _garbage(recipient: str) -> bytes | None:
    number = _number(recipient)
    return _GARBAGE[number // 40 % len(_GARBAGE)] if number % 40 == 0 else None


def _is_50th(recipient: str) -> bool:
    return _number(recipient) % 50 == 0


# Each way, by its name.
WAYS: dict[str, Manners] = {
    "later": Manners(at_rcpt=lambda recipient: b"451 4.3.0 come back later\r\n"),
    "unknown": Manners(at_rcpt=_every(10, b"550 5.1.1 no such user\r\n")),
    "disliked": Manners(at_body=_every(7, b"554 5.7.1 not this one\r\n")),
    "refused": Manners(at_body=lambda recipient: b"554 5.7.1 looks like spam\r\n"),
    "hangs": Manners(is_unanswered=_is_50th, are_unanswered_kept=False),
    "hangs-with-it": Manners(is_unanswered=_is_50th),
    "drops": Manners(is_dropped=_is_50th),
    "closes-at-100": Manners(most=100),
    "says-421-at-100": Manners(most=100, farewell=b"421 4.7.0 enough\r\n"),
    "no-pipelining": Manners(is_pipelining=False),
    "drops-no-pipelining": Manners(is_pipelining=False, is_dropped=_is_50th),
    "stammers": Manners(is_stammering=True),
    "garbage": Manners(at_rcpt=_garbage),
    "garbage-after-text": Manners(at_body=_garbage),
    "no-smtp": Manners(greeting=b"HTTP/1.1 400 Bad Request\r\n"),
    "busy": Manners(greeting=b"421 4.3.2 busy\r\n"),
}


def misbehaving(order: Order) -> Outcome:
    """Send one issue through a relay that misbehaves in each way in turn, and then no more."""
    share = order.sized(SHARE, least=60)
    readers = share * len(WAYS)
    outcome = order.outcome(recipients=readers, ways=len(WAYS))
    with (
        _impatient(),
        recorder_here() as (served, port, record),
        mailing(
            order.database,
            readers=readers,
            port=port,
            MAIL_THREADS=SENDERS,
            MAIL_CONNECTIONS=CONNECTIONS,
        ) as campaign,
    ):
        with campaign.app.app_context():
            batch = post_issue()
        first = _put_off(campaign)
        for at, (name, manners) in enumerate(WAYS.items()):
            served.manners = manners
            ids = range(first + at * share, first + (at + 1) * share)
            _send(campaign, ids)
            with campaign.app.app_context():
                _look(outcome, name, batch, ids)
        served.manners = Manners()
        _send(campaign, range(first, first + readers))
        with campaign.app.app_context():
            _judge(outcome, record.taken(), batch)
    return outcome


@contextmanager
def _impatient() -> Iterator[None]:
    before, policy.TIMEOUT = policy.TIMEOUT, PATIENCE
    try:
        yield
    finally:
        policy.TIMEOUT = before


def _put_off(campaign: Private) -> int:
    """Let nothing be due before its turn; give the number of the first message."""
    with campaign.app.app_context():
        db.session.execute(update(Message).values(due_at=clock.now() + timedelta(days=30)))
        db.session.commit()
        return db.session.scalar(select(func.min(Message.id))) or 0


def _send(campaign: Private, ids: range) -> None:
    """Let time pass again and again, until what is left of these has been tried and put off."""
    theirs = Message.id.in_(ids), Message.state.in_(OPEN)
    for _ in range(ROUNDS):
        with campaign.app.app_context():
            db.session.execute(update(Message).where(*theirs).values(due_at=clock.now()))
            db.session.execute(update(Throttle).values(paused_until=None))
            db.session.commit()
        senders = [threading.Thread(target=_send_due, args=(campaign,)) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        with campaign.app.app_context():
            is_done = db.session.scalar(select(Message.id).where(*theirs).limit(1)) is None
            db.session.rollback()
        if is_done:
            break


def _send_due(campaign: Private) -> None:
    with campaign.app.app_context():
        worker.send_due()
    worker.hang_up()


def _look(outcome: Outcome, name: str, batch_id: int, ids: range) -> None:
    """Look at what one way did, where it may have done one thing only."""
    batch = db.session.get_one(Batch, batch_id)
    counted = select(func.count()).where(Message.id.in_(ids), Message.state == State.SENT)
    left = db.session.scalar(counted) or 0
    if name in ("later", "no-smtp", "busy"):
        outcome.promise(left == 0, f"{name}: {left} left")
        outcome.promise(is_relay_closed(now=clock.now()), f"{name}: the throttle does not rest")
        outcome.promise(batch.is_running, f"{name}: the issue does not run on")
    if name in ("no-pipelining", "stammers", "closes-at-100", "says-421-at-100"):
        outcome.promise(left == len(ids), f"{name}: {left} of {len(ids)} left")
    if name == "refused":
        is_told = "looks like spam" in batch.paused_because
        outcome.promise(is_told, "refused: the issue does not rest and say why")
    verbs.resume(batch)
    db.session.commit()


def _judge(outcome: Outcome, arrived: list[Taken], batch: int) -> None:
    rows = db.session.scalars(select(Message).where(Message.batch_id == batch)).all()
    known = set(db.session.scalars(select(Suppression.address_hash)))
    times = Counter(one.recipient for one in arrived)
    identities = {(one.recipient, one.identity) for one in arrived}
    again = {recipient for recipient, number in times.items() if number > 1}
    uncertain = {row.to_address for row in rows if row.is_uncertain}
    states = Counter(str(row.state) for row in rows)
    left = {row.to_address for row in rows if row.state == State.SENT}
    bounced = {row.address_hash for row in rows if row.state == State.BOUNCED}
    told = {row.to_address for row in rows if row.state in (State.BOUNCED, State.FAILED)}
    outcome.lost = len({row.to_address for row in rows} - set(times) - told)
    outcome.repeated = sum(times.values()) - len(times)
    outcome.counts |= {**states, "uncertain": len(uncertain)}
    outcome.promise(outcome.lost == 0, f"{outcome.lost} readers got nothing and no word of it")
    outcome.promise(left == set(times), f"{len(left ^ set(times))} on which the two differ")
    outcome.promise(again <= uncertain, f"{len(again - uncertain)} repeats not marked uncertain")
    outcome.promise(len(identities) == len(times), "a repeat had another Message-ID")
    outcome.promise(known == bounced, "those suppressed are not those who bounced")
    outcome.promise(bool(again and bounced), "nothing was repeated, or nothing bounced: no drill")
    finished = db.session.get_one(Batch, batch).finished_at
    outcome.promise(finished is not None, "the issue is not marked finished")
