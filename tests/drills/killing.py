"""What sends an issue is killed: nobody is lost, and only what was in flight is repeated."""

import os
import random
import signal
import time
from collections import Counter

from sqlalchemy import select

from campaign.db import db
from campaign.outbox.models import Batch, Message, State
from tests.bench.mailing import is_finished, mailing, post_issue
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, wait_until
from tests.services.recorder import Record, Taken, recorder

RECIPIENTS = 50_000
KILLS = 52
# The relay takes this many seconds for a mail, so that most of the time something is in flight.
PACE = 0.005


def issue_kill(order: Order) -> Outcome:
    """Kill the worker again and again while an issue leaves; twice, everything or the database."""
    readers, kills = order.sized(RECIPIENTS, least=1000), order.sized(KILLS, least=6)
    outcome = order.outcome(recipients=readers, kills=kills)
    with (
        recorder(pace=PACE) as (port, record),
        # What is in flight is counted for one worker, also when `serve` starts it.
        mailing(order.database, readers=readers, port=port, MAIL_WORKERS=1) as campaign,
    ):
        killing = Killing(campaign, record, random.Random(order.seed), readers)
        with campaign.app.app_context():
            batch = post_issue()
        for left in range(kills, 0, -1):
            falls = left in (kills // 3, kills * 2 // 3)
            killing.live_and_be_killed(lives_left=left, falls=falls)
        waiting = readers - len({one.recipient for one in record.taken()})
        outcome.promise(waiting > 0, "all had arrived before the last kill")
        killing.live("worker")
        wait_until(lambda: is_finished(campaign, batch), within=300, what="the issue is finished")
        outcome.counts["falls"] = killing.falls
        _judge(outcome, campaign, record.taken(), killing.lives, batch=batch)
    return outcome


class Killing:
    """The lives of what sends: each by how many mails had arrived when it began."""

    def __init__(
        self, campaign: Private, record: Record, chance: random.Random, readers: int
    ) -> None:
        self._campaign, self._record, self._chance = campaign, record, chance
        self._readers = readers
        self.lives: list[int] = []
        self.falls = 0

    def live(self, *command: str) -> int:
        """Start what sends and wait until it has handed over its first mail."""
        self.lives.append(self._record.count())
        process = self._campaign.start(*command)
        self._await(self.lives[-1] + 1, what="a new worker sends")
        return process.pid

    def live_and_be_killed(self, *, lives_left: int, falls: bool) -> None:
        """Let it send its share of what is left, more or less, and kill it at any moment."""
        campaign, chance = self._campaign, self._chance
        is_all = falls and campaign.server is None
        pid = self.live(*(["serve", "--port", str(campaign.port)] if is_all else ["worker"]))
        share = (self._readers - self.lives[-1]) / (lives_left + 1)
        self._await(self.lives[-1] + round(share * chance.uniform(0.2, 1.5)), what="it sends on")
        time.sleep(chance.uniform(0, 0.03))
        if falls:
            self.falls += 1
        if is_all:
            campaign.kill_all()
        else:
            if falls:
                self._lose_database()
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not campaign.processes(), within=20, what="the worker is gone")
        # What it had put on the wire before its death still arrives, in the count of its own life.
        time.sleep(0.1)

    def _lose_database(self) -> None:
        """Kill the database under a living worker; once it is back, the worker goes on."""
        server, chance = self._campaign.server, self._chance
        assert server is not None
        server.kill()
        time.sleep(chance.uniform(0.1, 1))
        server.resume()
        self._await(self._record.count() + 10, what="it sends on with the database back")
        time.sleep(chance.uniform(0, 0.2))

    def _await(self, number: int, *, what: str) -> None:
        wait_until(lambda: self._record.count() >= number, within=90, what=what)


def _judge(
    outcome: Outcome, campaign: Private, arrived: list[Taken], lives: list[int], *, batch: int
) -> None:
    config = campaign.app.config
    in_flight = config["MAIL_THREADS"] * config["MAIL_CONNECTIONS"]
    with campaign.app.app_context():
        rows = db.session.scalars(select(Message).where(Message.batch_id == batch)).all()
        finished_at = db.session.get_one(Batch, batch).finished_at
    times = Counter(one.recipient for one in arrived)
    again = {recipient for recipient, number in times.items() if number > 1}
    uncertain = {row.to_address for row in rows if row.is_uncertain}
    outcome.lost = len({row.to_address for row in rows} - set(times))
    outcome.repeated = sum(times.values()) - len(times)

    # A repeat is charged to the life in which the mail arrived the time before.
    charged: Counter[int] = Counter()
    last: dict[str, int] = {}
    for at, one in enumerate(arrived):
        if one.recipient in last:
            charged[_life(last[one.recipient], lives)] += 1
        last[one.recipient] = at
    most = max(charged.values(), default=0)
    outcome.counts |= {
        "most_at_one_kill": most,
        "may_be_in_flight": in_flight,
        "uncertain": len(uncertain),
    }

    identities = {(one.recipient, one.identity) for one in arrived}
    kills = len(lives) - 1
    outcome.promise(outcome.lost == 0, f"{outcome.lost} readers never got it")
    outcome.promise(len(rows) == outcome.counts["recipients"], f"{len(rows)} rows")
    outcome.promise(len(identities) == len(times), "a repeat had another Message-ID")
    outcome.promise(most <= in_flight, f"{most} repeats after one kill, {in_flight} were in flight")
    outcome.promise(again <= uncertain, f"{len(again - uncertain)} repeats not marked uncertain")
    outcome.promise(
        len(uncertain) <= kills * in_flight, f"{len(uncertain)} marked uncertain without need"
    )
    outcome.promise(all(row.state == State.SENT for row in rows), "a row does not say that it left")
    outcome.promise(finished_at is not None, "the issue is not marked finished")


def _life(at: int, lives: list[int]) -> int:
    return sum(1 for began in lives if began <= at)
