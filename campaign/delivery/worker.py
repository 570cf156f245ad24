"""The worker's loop: claim, build, send, record, until nothing is due; any number may run."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from flask import current_app
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)

from campaign import clock, jobs
from campaign.db import db
from campaign.delivery import claiming, journal, mailbox, processes, queries, recovering, settling
from campaign.delivery.building import Builder, OutgoingMessage, Texts
from campaign.delivery.claiming import Claimed
from campaign.delivery.journal import Journal
from campaign.delivery.mailbox import Mailbox
from campaign.delivery.policy import (
    FEWEST_CLAIMED,
    FLUSH_EVERY,
    JOURNALS_KEPT,
    LEASE,
    MOST_CLAIMED,
    REFUSALS_THAT_PAUSE,
)
from campaign.delivery.relay import Relay
from campaign.delivery.replies import Outcome, Reply
from campaign.outbox.mail import ClaimedMessage, Envelope
from campaign.outbox.throttles.queries import is_relay_closed

log = structlog.get_logger()

# Of each thread: its relay, and the texts it has compiled, by their database.
_local = threading.local()
_slots_of: dict[int, threading.BoundedSemaphore] = {}
_slots_guard = threading.Lock()


def send_due() -> None:
    """Send what is due, unless as many senders as the settings allow are at it already."""
    with _slot() as mine:
        if not mine:
            return
        reclaim_dead()
        sender = Sender()
        try:
            while not jobs.stopping.is_set() and sender.send_some():
                pass
        finally:
            sender.close()


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


class Sender:
    """One turn of a sender, under a name of its own: what it claims, and where it notes it."""

    def __init__(self) -> None:
        config = current_app.config
        self.name = f"{processes.name()}:{secrets.token_hex(3)}"
        envelope = Envelope(config["NAME"], config["MAIL_SENDER"], config["MAIL_DOMAIN"])
        self._builder = Builder(envelope, _texts())
        self._journal = Journal(journals(), self.name)
        processes.at_work.add(self.name)
        self._limit = FEWEST_CLAIMED
        self._has_called = False
        # Those that cannot be built.
        self._failed: list[tuple[ClaimedMessage, Reply]] = []
        # The last that did not leave, without one between that did.
        self._run: deque[tuple[ClaimedMessage, Reply]] = deque(maxlen=REFUSALS_THAT_PAUSE)

    def send_some(self) -> bool:
        """Claim some messages and send them. Returns whether there may be more."""
        now = clock.now()
        mails = self._claim(now=now)
        if not mails:
            return mails.must_ask_again or _wait_for_the_rate(now=now)
        if len(mails) == self._limit and not self._has_called:
            # More than one sender has work here.
            jobs.wake("outbox.send")
            self._has_called = True
        began = time.monotonic()
        self._send(mails, until=now + LEASE / 3)
        took = time.monotonic() - began
        self._limit = max(FEWEST_CLAIMED, min(MOST_CLAIMED, int(len(mails) / max(took, 0.001))))
        return True

    def _claim(self, *, now: datetime) -> Claimed:
        config = current_app.config
        mails = claiming.claim(
            self.name,
            limit=self._limit,
            rate=config["MAIL_RATE"],
            domain_rate=config["MAIL_DOMAIN_RATE"],
            now=now,
        )
        # Also when nothing was taken: a claim withholds what must not be sent.
        db.session.commit()
        return mails

    def _send(self, mails: list[ClaimedMessage], *, until: datetime) -> None:
        """Build, send and record what was claimed; what was not tried is released."""
        transport = _transport()
        messages = self._build(mails, until=until)
        ended: set[int] = set()
        unrecorded: list[tuple[ClaimedMessage, Reply]] = []
        flushed = time.monotonic()
        for mail, reply in transport.send_all(messages, number=len(mails), journal=self._journal):
            ended.add(mail.id)
            unrecorded.append((mail, reply))
            if reply.outcome is not Outcome.SENT:
                self._run.append((mail, reply))
                if settling.is_refusing(self._run):
                    transport.halt()
            elif self._run:
                self._run.clear()
            if time.monotonic() - flushed > FLUSH_EVERY:
                self._record(unrecorded)
                unrecorded = []
                flushed = time.monotonic()
        ended |= {mail.id for mail, _ in self._failed}
        untried = [mail for mail in mails if mail.id not in ended]
        self._record(unrecorded + self._failed, untried=untried)
        # Not before: others were still on their way while the table was written.
        self._journal.clear()
        self._failed = []

    def _build(self, mails: list[ClaimedMessage], *, until: datetime) -> Iterator[OutgoingMessage]:
        """Build messages one by one, as the relay takes them. No transaction is open meanwhile."""
        for mail in mails:
            # By the clock on the wall, as the lease: the other stands still while a machine sleeps.
            now = clock.now()
            if jobs.stopping.is_set() or now > until:
                return
            try:
                message = self._builder.build(mail, now=now)
            except DBAPIError:
                raise
            except Exception as trouble:  # a field is a room's own code, and may have any fault
                # One that cannot be built must not stop the others; the office shows it.
                fault = type(trouble).__name__
                log.error("message.build_failed", message=mail.id, kind=mail.kind, fault=fault)
                words = f"cannot be built: {fault}: {trouble}"
                failed = mail, Reply(Outcome.REFUSED, words[:500])
                self._failed.append(failed)
                self._run.append(failed)
                if settling.is_refusing(self._run):
                    return
            else:
                yield message

    def _record(
        self,
        results: list[tuple[ClaimedMessage, Reply]],
        *,
        untried: Sequence[ClaimedMessage] = (),
    ) -> None:
        """Write results into the table, however long it takes; the journal has them meanwhile."""
        pause = 0.5
        while True:
            try:
                settling.settle(results, sender=self.name, run=[*self._run], now=clock.now())
                if untried:
                    settling.release(untried, sender=self.name)
                db.session.commit()
            except (OperationalError, InterfaceError) as trouble:
                db.session.rollback()
                db.session.remove()
                if jobs.stopping.is_set():
                    raise
                fault = type(trouble.orig).__name__
                log.warning("outbox.flush_failed", number=len(results), fault=fault)
                jobs.stopping.wait(pause)
                pause = min(pause * 2, 10)
            else:
                break

    def close(self) -> None:
        """Leave no journal where nothing is claimed any more; one that crashed leaves its own."""
        # Before others may reclaim what it had claimed: they believe what the journal says.
        self._journal.close()
        processes.at_work.discard(self.name)
        try:
            db.session.rollback()
            has_claims = self.name in queries.claimants()
            db.session.commit()
        except (OperationalError, InterfaceError):
            db.session.remove()
            has_claims = True
        if not has_claims:
            journal.discard(journals(), self.name)


def _texts() -> Texts:
    # The next turn finds them ready. A batch's id is its own in one database only.
    texts: Texts = _local.__dict__.setdefault("texts", {}).setdefault(str(db.engine.url), {})
    return texts


def _transport() -> Relay | Mailbox:
    config = current_app.config
    if not config["MAIL_SERVER"]:
        return Mailbox(mailbox.folder_in(config["INSTANCE"]))
    relay: Relay = getattr(_local, "relay", None) or Relay()
    relay.most = config["MAIL_CONNECTIONS"]
    _local.relay = relay
    return relay


def hang_up() -> None:
    """Close this thread's connections to the relay."""
    relay: Relay | None = getattr(_local, "relay", None)
    if relay is not None:
        relay.close()


def _wait_for_the_rate(*, now: datetime) -> bool:
    """Wait until one more may leave, where there is a rate. Returns whether there is one."""
    limit: float = current_app.config["MAIL_RATE"]
    rate = min((rate for _, rate in queries.running() if rate), default=limit)
    is_worth_it = rate > 0 and queries.is_anything_due(now=now) and not is_relay_closed(now=now)
    # No transaction may be open meanwhile: on SQLite it would keep every sign-up waiting.
    db.session.commit()
    if is_worth_it:
        jobs.stopping.wait(min(1 / rate, 1))
    return is_worth_it


def reclaim_dead() -> None:
    """Reclaim what senders had claimed that are dead, or whose lease has ended."""
    now = clock.now()
    claimants = queries.claimants()
    if claimants:
        dead = set(processes.dead(claimants))
        # A sender of this process is no stranger: where it is late, it still comes to its end.
        for claimant in dead | {*queries.overdue(now=now)} - processes.at_work:
            try:
                recorded = journal.read(journals(), claimant)
                recovering.recover(claimant, recorded, is_dead=claimant in dead, now=now)
                db.session.commit()
            except (journal.Invalid, DataError, IntegrityError) as trouble:
                # What a journal says must never keep all other mail from leaving.
                db.session.rollback()
                fault = trouble.__cause__ if isinstance(trouble, journal.Invalid) else trouble.orig
                log.error("journal.invalid", fault=type(fault).__name__)
                recovering.recover(claimant, None, is_dead=claimant in dead, now=now)
                db.session.commit()
            if claimant in dead:
                journal.discard(journals(), claimant)
    db.session.commit()


def tidy(*, now: datetime) -> None:
    """Throw away the journals of which nobody has use any more."""
    journal.sweep(journals(), before=now - JOURNALS_KEPT)


def journals() -> Path:
    """Tell where the journals of this instance's senders are."""
    return Path(current_app.config["INSTANCE"]) / "journals"
