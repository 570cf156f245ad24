"""Somebody reads for ten minutes, and forgets one transaction: issues leave and people sign up."""

import itertools
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from campaign.sqlite_locks import LOG_KEPT
from tests.bench.mailing import mailing, send_issue
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, wait_until
from tests.drills.racing import make_event, sign_up
from tests.services.recorder import recorder

# Seconds for which they read, and between two rounds; readers of one round's issue.
HELD, PAUSE, READERS = 600, 5.0, 10_000
# Rounds without anybody who reads: before, and afterwards.
ROUNDS = 6
# People who read, one who forgot that he does, and visitors who sign up without a pause.
LONG_READERS, VISITORS = 4, 2
# The part of the rate that must stay.
LEAST = 0.9
# Seconds until the log is small again: its duty falls due every minute.
EMPTIED_WITHIN = 90


def long_read(order: Order) -> Outcome:
    """Compare rounds beside long readers, at the end of their time, with rounds without them."""
    outcome = order.outcome(held=order.sized(HELD, least=20))
    readers = order.sized(READERS, least=2_000)
    with (
        recorder() as (port, _),
        mailing(order.database, readers=readers, port=port, WEB_WORKERS=2) as campaign,
    ):
        campaign.start_web()
        campaign.start("worker")
        with signing_up(campaign) as visitors:
            rounds = Rounds(campaign, visitors)
            rounds.take("warm", lambda done: done < 2)
            rounds.take("before", lambda done: done < ROUNDS)
            with reading(campaign):
                until = time.monotonic() + outcome.counts["held"]
                rounds.take("beside", lambda _: time.monotonic() < until)
                largest = log_of(campaign)
            rounds.take("after", lambda done: done < ROUNDS)
        if order.database == "sqlite":
            outcome.counts |= {"log_mb": round(largest / 1e6), "log_limit_mb": LOG_KEPT // 10**6}
            wait_until(
                lambda: log_of(campaign) <= LOG_KEPT, within=EMPTIED_WITHIN, what="the log is small"
            )
        said = campaign.log.read_text(errors="replace")
    outcome.counts["sign_ups"], outcome.lost = visitors.taken, visitors.refused
    outcome.promise(outcome.lost == 0, f"{outcome.lost} sign-ups were not taken")
    outcome.promise("QueuePool" not in said, "the pool ran dry")
    for what in ("mails", "sign_ups"):
        _compare(outcome, what, rounds)
    return outcome


def _compare(outcome: Outcome, what: str, rounds: "Rounds") -> None:
    alone = statistics.median(rounds.rates["before", what] + rounds.rates["after", what])
    # At the end of their time they are in the way the most.
    beside = statistics.median(rounds.rates["beside", what][-ROUNDS:])
    outcome.counts |= {
        f"{what}_alone": f"{alone:.0f}/s",
        f"{what}_beside": f"{beside:.0f}/s",
        f"{what}_ratio": f"{beside / alone:.2f}",
    }
    outcome.promise(beside >= LEAST * alone, f"{what}: {beside / alone:.2f} of the rate stayed")


class Rounds:
    """Rounds of one issue each: how fast its mails leave, and how fast people sign up meanwhile."""

    def __init__(self, campaign: Private, visitors: "Visitors") -> None:
        self._campaign, self._visitors = campaign, visitors
        self.rates: dict[tuple[str, str], list[float]] = {}

    def take(self, name: str, goes_on: Callable[[int], bool]) -> None:
        """Take rounds as long as it goes on, at least one; it is told how many are done."""
        for done in itertools.count(1):
            began, taken = time.monotonic(), self._visitors.taken
            told = send_issue(self._campaign, within=300)
            seconds = time.monotonic() - began
            rates = {
                "mails": told["left"] / told["all"],
                "sign_ups": (self._visitors.taken - taken) / seconds,
            }
            for what, rate in rates.items():
                self.rates.setdefault((name, what), []).append(rate)
            shown = " ".join(f"{what} {rate:.0f}/s" for what, rate in rates.items())
            print(f"  {name:6} {shown} log {log_of(self._campaign) / 1e6:.0f} MB", flush=True)
            if not goes_on(done):
                return
            time.sleep(PAUSE)


class Visitors:
    """People who sign up one after the other."""

    def __init__(self, campaign: Private) -> None:
        self.taken = self.refused = 0
        self._campaign = campaign
        self._form = make_event(campaign, capacity=1_000_000)
        self._numbers = itertools.count()
        self._guard = threading.Lock()
        self.is_over = threading.Event()

    def press(self) -> None:
        """Sign up until it is over."""
        while not self.is_over.is_set():
            status = 0
            with suppress(OSError):
                email = f"visitor{next(self._numbers)}@example.org"
                status = sign_up(self._campaign, *self._form, email)
            with self._guard:
                self.taken += status == 303
                self.refused += status != 303


@contextmanager
def signing_up(campaign: Private) -> Iterator[Visitors]:
    """Let people sign up meanwhile."""
    visitors = Visitors(campaign)
    threads = [threading.Thread(target=visitors.press) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    try:
        yield visitors
    finally:
        visitors.is_over.set()
        for thread in threads:
            thread.join()


@contextmanager
def reading(campaign: Private) -> Iterator[None]:
    """Hold one idle transaction, and read again and again what was there at the beginning."""
    is_over = threading.Event()
    with ExitStack() as stack:
        connections = [_open(campaign, stack) for _ in range(LONG_READERS + 1)]
        threads = [
            threading.Thread(target=_read_on, args=(connection, is_over))
            for connection in connections[1:]
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            is_over.set()
            for thread in threads:
                thread.join()


def _open(campaign: Private, stack: ExitStack) -> Any:
    """Begin a transaction that sees the database as it is now, to its end."""
    connection: Any
    if campaign.server is None:
        file = campaign.folder / "campaign.sqlite"
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        begin = "BEGIN"
    else:
        url = campaign.server.url.removesuffix("postgres") + "private"
        connection = psycopg.connect(url, autocommit=True)
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ"
    stack.callback(connection.close)
    connection.execute(begin)
    connection.execute("SELECT count(*) FROM person").fetchone()
    return connection


def _read_on(connection: Any, is_over: threading.Event) -> None:
    # Now and then: it is what they hold back that is in question, not the processor they take.
    while not is_over.wait(5):
        connection.execute("SELECT count(*) FROM outbox_batch").fetchone()


def log_of(campaign: Private) -> int:
    """Give the size of SQLite's write-ahead log; 0 on PostgreSQL."""
    log = Path(campaign.folder / "campaign.sqlite-wal")
    return log.stat().st_size if log.exists() else 0
