"""The worker is killed while it sends: nothing is lost, and only what was in flight is repeated."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

from sqlalchemy import func, select

from campaign import clock
from campaign.db import db
from campaign.outbox.mail import Mail
from campaign.outbox.models import Message, State
from campaign.outbox.verbs import post, post_batch
from tests.drills.outcome import Outcome
from tests.drills.private import Private, private_on, wait_until
from tests.services import Sink
from tests.services.programs import HERE

MESSAGES = 1000
KILLS = 10
THREADS = 4
# What one sender may have handed over and not yet remembered: a message, or ten of an issue.
UNREMEMBERED_ALONE, UNREMEMBERED_OF_AN_ISSUE = 1, 10


def worker_kill(name: str, kind: str, seed: int) -> Outcome:
    """Kill the worker ten times at random while it sends a thousand messages."""
    return _kill(name, kind, seed, _post_alone, bound=UNREMEMBERED_ALONE)


def batch_kill(name: str, kind: str, seed: int) -> Outcome:
    """Kill the worker ten times at random while it sends an issue to a thousand readers."""
    return _kill(name, kind, seed, _post_issue, bound=UNREMEMBERED_OF_AN_ISSUE)


def _post_alone() -> None:
    for number in range(MESSAGES):
        mail = Mail(
            kind="invitation",
            to=f"p{number}@example.org",
            subject=f"Invitation {number}",
            text="See you there.\n",
            html="<p>See you there.</p>",
        )
        post(mail, now=clock.now())


def _post_issue() -> None:
    post_batch(
        [
            {"person_id": None, "to": f"p{n}@example.org", "to_name": "", "fields": {"n": str(n)}}
            for n in range(MESSAGES)
        ],
        kind="issue",
        subject="News",
        text="Dear {{n}},\n",
        html="<p>Dear {{n}},</p>",
        headers={"List-Id": "<news.campaign.example>"},
        now=clock.now(),
    )


def _kill(name: str, kind: str, seed: int, fill: Callable[[], None], *, bound: int) -> Outcome:
    outcome = Outcome(name, counts={"seed": seed, "kills": KILLS})
    chance = random.Random(seed)

    async def dawdle(stage: str, subject: str) -> None:
        # Slow enough that ten kills fall into the sending; most of the time is spent where the
        # mail has arrived and the worker does not know it yet.
        if stage in {"rcpt", "kept"}:
            await asyncio.sleep(0.006 if stage == "rcpt" else 0.018)

    with Sink(behaviour=dawdle) as sink:
        settings = {"MAIL_SERVER": HERE, "MAIL_PORT": sink.port, "MAIL_THREADS": THREADS}
        with private_on(kind, **settings) as campaign:
            with campaign.app.app_context():
                fill()
                db.session.commit()
            # The lives of the worker, by how many mails had arrived when each began.
            lives: list[int] = []
            for _ in range(KILLS):
                _live_and_be_killed(campaign, sink, chance, lives)
            _live(campaign, sink, lives)
            wait_until(lambda: _open(campaign) == 0, within=60, what="nothing waits any more")
            _judge(outcome, campaign, sink, lives, bound=bound)
    return outcome


def _live(campaign: Private, sink: Sink, lives: list[int]) -> int:
    """Start a worker and wait until it has handed over its first mail."""
    lives.append(len(sink.received))
    worker = campaign.start("worker")
    wait_until(lambda: len(sink.received) > lives[-1], within=60, what="a new worker sends")
    return worker.pid


def _live_and_be_killed(
    campaign: Private, sink: Sink, chance: random.Random, lives: list[int]
) -> None:
    worker = _live(campaign, sink, lives)
    time.sleep(chance.uniform(0, 0.5))
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: worker not in campaign.processes(), within=20, what="the worker is gone")
    # What it had put on the wire before its death still arrives, in the count of its own life.
    time.sleep(0.1)


def _open(campaign: Private) -> int:
    # Asked seldom: the asking takes the time of the machine that sends.
    time.sleep(0.2)
    with campaign.app.app_context():
        return db.session.scalar(select(func.count()).where(Message.state != State.LEFT)) or 0


def _judge(
    outcome: Outcome, campaign: Private, sink: Sink, lives: list[int], *, bound: int
) -> None:
    most_in_flight = bound * THREADS
    arrived = [
        (str(one.message["Message-ID"]), one.recipients[0], at)
        for at, one in enumerate(sink.received)
    ]
    with campaign.app.app_context():
        rows = db.session.scalars(select(Message)).all()
    times = Counter(recipient for _, recipient, _ in arrived)
    identities = {(recipient, identity) for identity, recipient, _ in arrived}
    again = {recipient for recipient, number in times.items() if number > 1}
    outcome.lost = MESSAGES - len(times)
    outcome.repeated = sum(times.values()) - len(times)
    uncertain = {row.to_address for row in rows if row.is_uncertain}
    outcome.counts["uncertain"] = len(uncertain)

    # A repeat is charged to the life in which the mail arrived the time before.
    charged: Counter[int] = Counter()
    last: dict[str, int] = {}
    for _, recipient, at in arrived:
        if recipient in last:
            charged[_life(last[recipient], lives)] += 1
        last[recipient] = at
    most = max(charged.values(), default=0)
    outcome.counts["most_at_one_kill"] = most

    outcome.promise(outcome.lost == 0, f"{outcome.lost} messages never arrived")
    outcome.promise(len(identities) == len(times), "a repeat had another Message-ID")
    outcome.promise(
        most <= most_in_flight, f"{most} repeats after a kill; {most_in_flight} may be in flight"
    )
    outcome.promise(again <= uncertain, f"{len(again - uncertain)} repeats not marked uncertain")
    outcome.promise(all(row.state == State.LEFT for row in rows), "a row does not say that it left")
    waiting_at_last_kill = MESSAGES - len({who for _, who, at in arrived if at < lives[-1]})
    outcome.promise(waiting_at_last_kill > 0, "all had arrived before the last kill")


def _life(at: int, lives: list[int]) -> int:
    return sum(1 for began in lives if began <= at)
