"""The supervisor's processes are killed one by one, then it is ended, then it is killed itself."""

import asyncio
import os
import random
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from campaign import clock
from campaign.db import db
from campaign.outbox import queries
from campaign.outbox.models import State
from campaign.outbox.verbs import queue
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, contention, expect_within, private_on, wait_until
from tests.mails import a_mail
from tests.services import Sink
from tests.services.programs import HERE

# What PROMISES.md allows: back within five seconds, gone within five seconds.
WITHIN = 5.0
STUCK = "stuck@example.org"


class Watch:
    """The times that were taken, and the promises that were not kept."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        outcome.counts["machine_busy"] = f"{contention():.1f}x"

    def expect(self, name: str, is_so: Callable[[], object]) -> None:
        """Wait until something is so, and note how long it took or that it took too long."""
        try:
            taken = expect_within(WITHIN, is_so, what=name)
            self._outcome.counts[name] = f"{taken:.1f}s"
        except TimeoutError as late:
            self._outcome.promise(False, str(late))


def supervisor(order: Order) -> Outcome:
    """Kill what `campaign serve` keeps running, then end it, then kill it."""
    outcome = order.outcome()
    chance = random.Random(order.seed)
    watch = Watch(outcome)

    async def hold_on(stage: str, subject: str) -> None:
        # A relay that answers nothing for a long time must not keep anybody from stopping.
        if subject == STUCK:
            await asyncio.sleep(600)

    with Sink(behaviour=hold_on) as sink:
        # The one that comes back must be the one that fell.
        settings = {"MAIL_SERVER": HERE, "MAIL_PORT": sink.port, "MAIL_WORKERS": 1}
        with private_on(order.database, **settings) as campaign:
            with serving(campaign) as pid:
                _kill_each(watch, campaign, sink, pid)
                _lose_one_of_two(outcome, watch, campaign, pid, chance)
                with _busy(campaign):
                    os.kill(pid, signal.SIGINT)
                    watch.expect("interrupted", lambda: not campaign.processes())
                outcome.promise(_is_free(campaign.port), "the port is not free after Ctrl-C")
            with serving(campaign) as pid, _busy(campaign):
                os.kill(pid, signal.SIGKILL)
                watch.expect("orphans_gone", lambda: not campaign.processes())
                outcome.promise(_is_free(campaign.port), "the port is not free after kill -9")
            arrived = {one.recipients[0] for one in sink.received}
            outcome.lost = len({"p1@example.org", "p2@example.org"} - arrived)
            outcome.repeated = len(sink.received) - len(arrived)
    outcome.promise(outcome.lost == 0, f"{outcome.lost} messages never arrived")
    return outcome


@contextmanager
def serving(campaign: Private) -> Iterator[int]:
    """Run `campaign serve` until it answers and both its processes are there; give its number."""
    process = campaign.start("serve", "--port", str(campaign.port))
    wait_until(campaign.answers, within=60, what="campaign serve answers")
    wait_until(lambda: campaign.children(process.pid, "worker"), within=20, what="a worker runs")
    yield process.pid
    process.wait(60)


def _kill_each(watch: Watch, campaign: Private, sink: Sink, pid: int) -> None:
    post_one(campaign, "p1@example.org")
    sink.wait_for(1, 60)
    web = campaign.children(pid, "web")[0]
    os.kill(web, signal.SIGKILL)
    watch.expect(
        "web_back", lambda: campaign.children(pid, "web") not in ([], [web]) and campaign.answers()
    )
    worker = campaign.children(pid, "worker")[0]
    os.kill(worker, signal.SIGKILL)
    # Queued while nobody is there to send it.
    post_one(campaign, "p2@example.org")
    watch.expect("worker_back", lambda: len(sink.received) == 2)


def _lose_one_of_two(
    outcome: Outcome, watch: Watch, campaign: Private, pid: int, chance: random.Random
) -> None:
    """Kill one of the web server's processes: the site answers on, and the process comes back."""
    web = campaign.children(pid, "web")[0]
    wait_until(lambda: len(campaign.children(web, "web")) == 2, within=20, what="two processes")
    victim = chance.choice(campaign.children(web, "web"))
    os.kill(victim, signal.SIGKILL)
    # On a busy machine it takes a moment to die, and takes a request along that it was given.
    wait_until(lambda: victim not in campaign.processes(), within=20, what="it is dead")
    unanswered = sum(not campaign.answers() for _ in range(50))
    outcome.counts["unanswered"] = unanswered
    outcome.promise(unanswered == 0, f"{unanswered} of 50 requests were not answered")
    watch.expect("pair_again", lambda: len(set(campaign.children(web, "web")) - {victim}) == 2)


@contextmanager
def _busy(campaign: Private) -> Iterator[None]:
    """Keep web and worker busy: half a request that never ends, and a mail nobody takes."""
    post_one(campaign, STUCK)
    with socket.create_connection((HERE, campaign.port), 5) as visitor:
        visitor.sendall(b"POST /newsletter/subscribe HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        wait_until(lambda: _is_leaving(campaign), within=20, what="the worker has begun to send")
        yield


def post_one(campaign: Private, to: str) -> None:
    """Post one mail, for the worker to send."""
    with campaign.app.app_context():
        queue(a_mail(kind="test", to=to, subject="A test", text="Hello.\n"), now=clock.now())
        db.session.commit()


def _is_leaving(campaign: Private) -> bool:
    with campaign.app.app_context():
        return queries.counts()[State.SENDING] > 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex((HERE, port)) != 0
