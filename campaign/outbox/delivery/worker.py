"""The worker's loop: claim, send, remember, until nothing is due; any number may run at once."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from flask import current_app

from campaign import clock, jobs
from campaign.db import db
from campaign.outbox import queries
from campaign.outbox.delivery import verbs
from campaign.outbox.delivery.batch import CompiledBatch
from campaign.outbox.delivery.relay import Mailbox, Outcome, Relay, Reply, mailbox_folder
from campaign.outbox.mail import Envelope, Leaving, compose, envelope_sender

log = structlog.get_logger()

CLAIM = 20
# What a kill may repeat of an issue is what was sent and not yet remembered.
REMEMBERED_TOGETHER = 10
# Set when the process is asked to stop: what is claimed and not yet sent goes back at once.
stopping = threading.Event()
_held = threading.local()
_slots_of: dict[int, threading.BoundedSemaphore] = {}
_slots_guard = threading.Lock()


def send_due() -> None:
    """Send what is due, unless as many senders as the settings allow are at it already."""
    with _slot() as mine:
        if not mine:
            return
        verbs.recover(dead=_dead(), now=clock.now())
        db.session.commit()
        while not stopping.is_set() and _send_some():
            pass


def _send_some() -> bool:
    """Claim a handful and send them. Returns whether there may be more."""
    me = _name()
    rate = current_app.config["MAIL_RATE"]
    mails = verbs.claim(me, limit=CLAIM, rate=rate, now=clock.now())
    # Also when nothing was taken: a claim withholds what must not be sent.
    db.session.commit()
    if not mails:
        return bool(rate) and _wait_for_the_rate(rate)
    if len(mails) == CLAIM:
        # More than one sender has work here.
        jobs.wake("outbox.send")
    done: list[tuple[Leaving, Reply]] = []
    deadline = time.monotonic() + verbs.LEASE.total_seconds() / 2
    for at, mail in enumerate(mails):
        if stopping.is_set() or time.monotonic() > deadline:
            verbs.give_back(mails[at:], worker=me)
            break
        reply = _send(mail)
        done.append((mail, reply))
        if reply.outcome is Outcome.LANE:
            verbs.give_back(mails[at + 1 :], worker=me)
            break
        # What a person waits for is remembered at once; of an issue, ten at a time.
        if mail.batch_id is None or len(done) >= REMEMBERED_TOGETHER:
            verbs.settle(done, worker=me, now=clock.now())
            db.session.commit()
            done = []
    verbs.settle(done, worker=me, now=clock.now())
    db.session.commit()
    return True


def _wait_for_the_rate(rate: float) -> bool:
    """Wait until one more may leave. Returns whether there is one to wait for."""
    now = clock.now()
    is_worth_it = verbs.is_anything_due(now=now) and not queries.is_lane_closed(now=now)
    # Nothing may be held meanwhile: on SQLite it would keep every sign-up waiting.
    db.session.commit()
    if is_worth_it:
        stopping.wait(1 / rate)
    return is_worth_it


def _send(mail: Leaving) -> Reply:
    """Build one message and hand it over. No transaction is open meanwhile."""
    config = current_app.config
    envelope = Envelope(config["NAME"], config["MAIL_SENDER"], config["MAIL_DOMAIN"])
    try:
        message = _build(mail, envelope)
    except (ValueError, KeyError) as trouble:
        # One that cannot be built must not hold up the others; the office shows it.
        log.error("message.unfit", message=mail.id, kind=mail.kind, fault=type(trouble).__name__)
        return Reply(Outcome.REFUSED, f"cannot be built: {type(trouble).__name__}: {trouble}")
    if not config["MAIL_SERVER"]:
        return Mailbox(mailbox_folder()).keep(mail.token, message, posted_at=mail.posted_at)
    return _relay().hand_over(envelope_sender(mail.token, envelope), mail.to, message)


def _build(mail: Leaving, envelope: Envelope) -> bytes:
    if mail.batch_id is None:
        return compose(mail, envelope)
    # By its moment too: SQLite gives the number of a deleted batch to the next.
    key = (mail.batch_id, mail.posted_at)
    known: tuple[tuple[int, datetime], CompiledBatch] | None = getattr(_held, "batch", None)
    if known is None or known[0] != key:
        known = (key, CompiledBatch(mail, envelope))
        _held.batch = known
    return known[1].fill(mail)


def _relay() -> Relay:
    relay: Relay | None = getattr(_held, "relay", None)
    if relay is None:
        relay = Relay()
        _held.relay = relay
    return relay


def hang_up() -> None:
    """Close this thread's connection to the relay."""
    relay: Relay | None = getattr(_held, "relay", None)
    if relay is not None:
        relay.close()


@contextmanager
def _slot() -> Iterator[bool]:
    most = current_app.config["MAIL_THREADS"]
    with _slots_guard:
        slots = _slots_of.setdefault(most, threading.BoundedSemaphore(most))
    mine = slots.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            slots.release()


def _name() -> str:
    """Name this sender so that others on this machine can tell whether it still lives."""
    return f"{_host()}:{os.getpid()}:{_born(os.getpid())}:{threading.get_ident() % 100_000}"


def _host() -> str:
    # Two containers of one name share no process numbers: their namespaces tell them apart.
    try:
        space = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        space = "0"
    return f"{socket.gethostname()[:60]}/{space}".replace(":", "-")


def _born(pid: int) -> str:
    """Tell when a process began, in clock ticks since boot; empty when none lives."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # One that has died stays listed until its parent asks after it, and some never do.
        return "" if fields[0] in {"Z", "X"} else fields[19]
    except (OSError, IndexError):
        return ""


def _dead() -> list[str]:
    """Name the claimants of this machine whose process is gone."""
    if not Path("/proc/self/stat").exists():
        return []
    gone = []
    for claimant in verbs.claimants():
        host, _, rest = claimant.partition(":")
        pid, _, rest = rest.partition(":")
        if host == _host() and pid.isdigit() and _born(int(pid)) != rest.partition(":")[0]:
            gone.append(claimant)
    return gone
