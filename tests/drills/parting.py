"""Two hosts share an issue and one is cut off in the middle: the other completes it."""

import ctypes
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import select

from campaign import clock
from campaign.config import PREFIX, ROOT
from campaign.db import db
from campaign.delivery.policy import LEASE
from campaign.outbox.models import Message, State
from campaign.outbox.verbs import queue
from tests.bench.mailing import is_finished, make_subscribers, post_issue
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, private, wait_until
from tests.mails import a_mail
from tests.services import PostgreSQL
from tests.services.programs import program
from tests.services.recorder import Taken, recorder

RECIPIENTS = 20_000
# The relay takes so long for a mail that the cut falls into the middle.
PACE = 0.02
# Where database and relay are; the two hosts count on from it. All of it is in a network of its
# own, of which the machine's knows nothing.
CENTRE = "192.0.2.1"
LATE = "late@example.org"


def absent() -> str | None:
    """Say in one line what this drill lacks here, or None."""
    if program("ip") is None:
        return "Two hosts are made with iproute2: apt-get install iproute2"
    if os.geteuid() != 0:
        return "Only root can give each of two hosts a network of its own"
    return None


class Host:
    """A host: a network, a hostname, process numbers and an instance folder of its own."""

    def __init__(self, name: str, address: str, folder: Path, *, bridge: str) -> None:
        self.name, self.address = name, address
        self._folder = folder
        self._link = f"{name}-l"
        folder.mkdir()
        _ip("netns", "add", name)
        _ip("link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", self._link, "master", bridge, "up")
        _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        self._worker: subprocess.Popen[bytes] | None = None

    def start_worker(self, campaign: Private) -> None:
        """Start `campaign worker` on this host."""
        named = f'echo {self.name} > /proc/sys/kernel/hostname && exec "$@"'
        with campaign.log.open("ab") as log:
            self._worker = subprocess.Popen(
                [
                    _path("ip"), "netns", "exec", self.name,
                    _path("unshare"), "--pid", "--uts", "--fork", "--kill-child", "--mount-proc",
                    "sh", "-c", named, "sh",
                    sys.executable, "-P", "-m", "campaign", "worker",
                ],
                env=campaign.environment | {f"{PREFIX}INSTANCE": str(self._folder)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def cut_off(self) -> None:
        """Let nothing through to this host or from it."""
        _ip("link", "set", self._link, "down")

    def rejoin(self) -> None:
        """Let everything through again."""
        _ip("link", "set", self._link, "up")

    def is_running(self) -> bool:
        """Tell whether its worker lives."""
        return self._worker is not None and self._worker.poll() is None

    def end(self) -> None:
        """End its worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()

    def close(self) -> None:
        """Leave nothing of it behind."""
        self.end()
        _ip("netns", "delete", self.name)


def _path(name: str) -> str:
    found = program(name)
    assert found is not None, name
    return found


def _ip(*arguments: str) -> None:
    subprocess.run([_path("ip"), *arguments], check=True, stdin=subprocess.DEVNULL)


@contextmanager
def _another_network() -> Iterator[None]:
    """Leave the machine's network for an empty one: this thread, and what it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(_CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network of its own")
        try:
            _ip("link", "set", "lo", "up")
            yield
        finally:
            libc.setns(before, _CLONE_NEWNET)
    finally:
        os.close(before)


# Of sched.h; Python has it from 3.12 on.
_CLONE_NEWNET = 0x40000000


@contextmanager
def _two_hosts() -> Iterator[list[Host]]:
    mark = f"c{secrets.token_hex(3)}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="campaign-hosts-")))
        _ip("link", "add", mark, "type", "bridge")
        stack.callback(_ip, "link", "delete", mark)
        _ip("address", "add", f"{CENTRE}/24", "dev", mark)
        _ip("link", "set", mark, "up")
        hosts = []
        for at, letter in enumerate("ab"):
            address = f"{CENTRE}{at + 1}"
            host = Host(f"{mark}{letter}", address, folder / letter, bridge=mark)
            stack.callback(host.close)
            hosts.append(host)
        yield hosts


@contextmanager
def _campaign(readers: int, port: int) -> Iterator[Private]:
    """Give a campaign whose database and relay are where both hosts reach them."""
    server = PostgreSQL.start(durable=True, host=CENTRE)
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE private")
        url = server.url.removesuffix("postgres") + "private"
        with private(database_url=url, MAIL_SERVER=CENTRE, MAIL_PORT=port) as campaign:
            with campaign.app.app_context():
                make_subscribers(readers)
            yield campaign
    finally:
        server.stop()


def two_hosts(order: Order) -> Outcome:
    """Cut one of two hosts off for longer than its lease; then let it come back."""
    readers = order.sized(RECIPIENTS, least=2000)
    outcome = order.outcome(recipients=readers)
    with (
        _another_network(),
        _two_hosts() as (lasting, parted),
        recorder(pace=PACE, host=CENTRE) as (port, record),
        _campaign(readers, port) as campaign,
    ):
        for host in (lasting, parted):
            host.start_worker(campaign)
        with campaign.app.app_context():
            batch = post_issue()
        wait_until(lambda: record.count() > readers * 0.4, within=120, what="the issue leaves")
        parted.cut_off()
        began = time.monotonic()
        # What was on its way to the database arrives or is lost.
        time.sleep(2)
        claimed = _claimed_by(campaign, parted)
        patience = LEASE.total_seconds() + 150
        wait_until(lambda: is_finished(campaign, batch), within=patience, what="it is completed")
        outcome.counts["completed_after"] = f"{time.monotonic() - began:.0f}s"
        sent = record.taken()
        outcome.promise(parted.is_running(), "the worker that was cut off has ended")

        parted.rejoin()
        lasting.end()
        _post_late(campaign)
        wait_until(lambda: record.count() > len(sent), within=150, what="the lost host sends again")
        time.sleep(5)
        after = record.taken()[len(sent) :]
        with campaign.app.app_context():
            rows = db.session.scalars(select(Message).where(Message.batch_id == batch)).all()
    _judge(outcome, sent, rows, claimed)
    outcome.counts["by_each"] = "+".join(
        str(sum(one.client == host.address for one in sent)) for host in (lasting, parted)
    )
    outcome.promise(
        any(one.client == parted.address for one in sent), "one host alone had sent all"
    )
    outcome.promise(
        [(one.recipient, one.client) for one in after] == [(LATE, parted.address)],
        f"the host that came back sent {len(after)} mails, and not the one there was to send",
    )
    return outcome


def _claimed_by(campaign: Private, host: Host) -> set[str]:
    with campaign.app.app_context():
        claimed = select(Message.to_address).where(
            Message.state == State.SENDING, Message.claimed_by.startswith(f"{host.name}/")
        )
        found = set(db.session.scalars(claimed))
        db.session.rollback()
        return found


def _post_late(campaign: Private) -> None:
    with campaign.app.app_context():
        queue(a_mail(kind="test", to=LATE, subject="Late", text="Hello.\n"), now=clock.now())
        db.session.commit()


def _judge(outcome: Outcome, sent: list[Taken], rows: Sequence[Message], claimed: set[str]) -> None:
    times = Counter(one.recipient for one in sent)
    identities = {(one.recipient, one.identity) for one in sent}
    again = {recipient for recipient, number in times.items() if number > 1}
    uncertain = {row.to_address for row in rows if row.is_uncertain}
    outcome.lost = len({row.to_address for row in rows} - set(times))
    outcome.repeated = sum(times.values()) - len(times)
    outcome.counts |= {"claimed_at_the_cut": len(claimed), "uncertain": len(uncertain)}
    outcome.promise(outcome.lost == 0, f"{outcome.lost} readers never got it")
    outcome.promise(bool(claimed), "the host had claimed nothing when it was cut off: no drill")
    outcome.promise(again <= claimed, f"{len(again - claimed)} repeats of what it had not claimed")
    outcome.promise(again <= uncertain, f"{len(again - uncertain)} repeats not marked uncertain")
    outcome.promise(max(times.values()) <= 2, "somebody got it three times")
    outcome.promise(len(identities) == len(times), "a repeat had another Message-ID")
    outcome.promise(all(row.state == State.SENT for row in rows), "a row does not say that it left")
