"""The worker's loop: claim, send, remember, until nothing is due; any number may run at once."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
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
from campaign.attribution.links import in_html, in_text
from campaign.db import db, reading
from campaign.delivery import (
    journal,
    processes,
    queries,
    verbs,
)
from campaign.delivery.journal import Journal
from campaign.delivery.personalisation import CompiledVariant
from campaign.delivery.relay import Mailbox, Relay, mailbox_folder
from campaign.delivery.replies import Outcome, Reply
from campaign.delivery.smtp_connection import Letter
from campaign.languages import force_locale
from campaign.outbox import queries as outbox
from campaign.outbox.fields import Field, Recipient, Value
from campaign.outbox.mail import (
    ClaimedMessage,
    Content,
    Envelope,
    compose,
    envelope_sender,
)
from campaign.outbox.models import message_tokens
from campaign.templating import absolute

log = structlog.get_logger()

# A claim is about what leaves within a second: what comes meanwhile and cannot wait goes next.
FEWEST, MOST = 20, 500
# The table is told so often (seconds): what a fallen machine would repeat of an issue.
REMEMBER_EVERY = 0.2
# Compiled texts that a sender keeps at hand.
KEPT = 16
_held = threading.local()
_slots_of: dict[int, threading.BoundedSemaphore] = {}
_slots_guard = threading.Lock()


def send_due() -> None:
    """Send what is due, unless as many senders as the settings allow are at it already."""
    with _slot() as mine:
        if not mine:
            return
        take_up()
        sender = Sender()
        try:
            while not jobs.stopping.is_set() and sender.send_some():
                pass
        finally:
            sender.close()


def take_up() -> None:
    """Take up what senders left that are dead, or whose lease has ended."""
    now = clock.now()
    holders = queries.claimants()
    if holders:
        dead = set(processes.dead(holders))
        # A sender of this process is no stranger: where it is late, it still comes to its end.
        for claimant in dead | {*queries.overdue(now=now)} - processes.at_work:
            memory = journal.read(_journals(), claimant)
            try:
                verbs.recover(claimant, memory, is_dead=claimant in dead, now=now)
                db.session.commit()
            except (DataError, IntegrityError) as trouble:
                # What a journal says must never keep all other mail from leaving.
                db.session.rollback()
                log.error("journal.unfit", fault=type(trouble.orig).__name__)
                verbs.recover(claimant, None, is_dead=claimant in dead, now=now)
                db.session.commit()
            if claimant in dead:
                journal.discard(_journals(), claimant)
    db.session.commit()


# No sender is at work for so long.
JOURNALS_KEPT = timedelta(days=7)


def tidy(*, now: datetime) -> None:
    """Throw away the journals of which nobody has use any more."""
    journal.sweep(_journals(), before=now - JOURNALS_KEPT)


class Sender:
    """One turn of a sender, under a name of its own: what it holds, and where it notes it."""

    def __init__(self) -> None:
        config = current_app.config
        self.name = f"{processes.name()}:{secrets.token_hex(3)}"
        self._envelope = Envelope(config["NAME"], config["MAIL_SENDER"], config["MAIL_DOMAIN"])
        self._token_of = message_tokens()
        # The next turn finds them ready. A batch's number is its own in one database only.
        texts = _held.__dict__.setdefault("texts", {}).setdefault(str(db.engine.url), {})
        self._texts: dict[tuple[int, str], CompiledVariant] = texts
        self._journal = Journal(_journals(), self.name)
        processes.at_work.add(self.name)
        self._limit = FEWEST
        self._has_called = False
        self._unfit: list[tuple[ClaimedMessage, Reply]] = []
        # The last that did not leave, without one between that did.
        self._run: deque[tuple[ClaimedMessage, Reply]] = deque(maxlen=verbs.REFUSALS_THAT_PAUSE)

    def send_some(self) -> bool:
        """Claim some messages and send them. Returns whether there may be more."""
        config = current_app.config
        rate = config["MAIL_RATE"]
        mails = verbs.claim(
            self.name,
            limit=self._limit,
            rate=rate,
            domain_rate=config["MAIL_DOMAIN_RATE"],
            now=clock.now(),
        )
        contents = queries.contents(mail.id for mail in mails if mail.batch_id is None)
        slowest = min((rate for _, rate in queries.running() if rate), default=rate)
        # Also when nothing was taken: a claim withholds what must not be sent.
        db.session.commit()
        if not mails:
            return mails.is_more or (bool(slowest) and _wait_for_the_rate(slowest))
        if len(mails) == self._limit and not self._has_called:
            # More than one sender has work here.
            jobs.wake("outbox.send")
            self._has_called = True
        began = time.monotonic()
        self._send(mails, contents)
        took = time.monotonic() - began
        self._limit = max(FEWEST, min(MOST, int(len(mails) / max(took, 0.001))))
        return True

    def _send(self, mails: list[ClaimedMessage], contents: dict[int, Content]) -> None:
        told = time.monotonic()
        ended: set[int] = set()
        done: list[tuple[ClaimedMessage, Reply]] = []
        way = _way()
        letters = self._letters(mails, contents, until=clock.now() + verbs.LEASE / 3)
        for mail, reply in way.hand_over(letters, number=len(mails), keeper=self._journal):
            done.append((mail, reply))
            ended.add(mail.id)
            if reply.outcome is not Outcome.SENT:
                self._run.append((mail, reply))
                if verbs.is_refusing(self._run):
                    way.halt()
            elif self._run:
                self._run.clear()
            if time.monotonic() - told > REMEMBER_EVERY:
                self._remember(done)
                done = []
                told = time.monotonic()
        ended |= {mail.id for mail, _ in self._unfit}
        rest = [mail for mail in mails if mail.id not in ended]
        self._remember(done + self._unfit, rest=rest)
        # Not before: what the table was told of meanwhile had company still on its way.
        self._journal.clear()
        self._unfit = []

    def _letters(
        self, mails: list[ClaimedMessage], contents: dict[int, Content], *, until: datetime
    ) -> Iterator[Letter]:
        """Build messages one by one, as the relay takes them. No transaction is open meanwhile."""
        for mail in mails:
            # By the clock on the wall, as the lease: the other stands still while a machine sleeps.
            if jobs.stopping.is_set() or clock.now() > until:
                return
            token = self._token_of(mail.id)
            try:
                if mail.batch_id is None:
                    body = compose(contents[mail.id], mail, token, self._envelope)
                else:
                    body = self._compiled(mail.batch_id, mail.variant).fill(mail, token)
                letter = Letter(mail, envelope_sender(token, self._envelope), body)
            except DBAPIError:
                raise
            except Exception as trouble:  # a field is a room's own code, and may hold any fault
                # One that cannot be built must not hold up the others; the office shows it.
                log.error(
                    "message.unfit", message=mail.id, kind=mail.kind, fault=type(trouble).__name__
                )
                words = f"cannot be built: {type(trouble).__name__}: {trouble}"
                unfit = mail, Reply(Outcome.REFUSED, words[:500])
                self._unfit.append(unfit)
                self._run.append(unfit)
                if verbs.is_refusing(self._run):
                    return
                continue
            yield letter

    def _compiled(self, batch_id: int, key: str) -> CompiledVariant:
        found = self._texts.get((batch_id, key))
        if found is None:
            with reading():
                content = queries.variant(batch_id, key)
            while len(self._texts) >= KEPT:
                del self._texts[next(iter(self._texts))]
            found = self._texts[batch_id, key] = CompiledVariant(
                content, self._envelope, make=Maker(content)
            )
        return found

    def _remember(
        self, done: list[tuple[ClaimedMessage, Reply]], *, rest: list[ClaimedMessage] | None = None
    ) -> None:
        """Tell the table, however long it takes; the journal knows it meanwhile."""
        self._journal.write()
        pause = 0.5
        while True:
            try:
                verbs.settle(done, worker=self.name, run=[*self._run], now=clock.now())
                verbs.give_back(rest or (), worker=self.name)
                db.session.commit()
            except (OperationalError, InterfaceError) as trouble:
                db.session.rollback()
                db.session.remove()
                if jobs.stopping.is_set():
                    raise
                log.warning("outbox.untold", number=len(done), fault=type(trouble.orig).__name__)
                jobs.stopping.wait(pause)
                pause = min(pause * 2, 10)
            else:
                break

    def close(self) -> None:
        """Leave no journal where nothing is held any more; one that fell leaves its own."""
        processes.at_work.discard(self.name)
        try:
            db.session.rollback()
            is_held = self.name in queries.claimants()
            db.session.commit()
        except (OperationalError, InterfaceError):
            db.session.remove()
            is_held = True
        self._journal.close(is_kept=is_held)


class Maker:
    """Asks a field for its value, in the language of a text, at the moment of sending."""

    def __init__(self, content: Content) -> None:
        self._language, self._code = content.language, content.code

    def __call__(self, field: Field, reader: Recipient) -> Value:
        if field.is_plain:
            return field.make(reader, clock.now())
        with reading(), force_locale(self._language):
            value = field.make(reader, clock.now())
        if not self._code:
            return value
        html = value.html and in_html(value.html, self._code, absolute=absolute)
        return Value(in_text(value.text, self._code, absolute=absolute), html)


def _wait_for_the_rate(rate: float) -> bool:
    """Wait until one more may leave. Returns whether there is one to wait for."""
    now = clock.now()
    is_worth_it = queries.is_anything_due(now=now) and not outbox.is_relay_closed(now=now)
    # Nothing may be held meanwhile: on SQLite it would keep every sign-up waiting.
    db.session.commit()
    if is_worth_it:
        jobs.stopping.wait(min(1 / rate, 1))
    return is_worth_it


def _way() -> Relay | Mailbox:
    if not current_app.config["MAIL_SERVER"]:
        return Mailbox(mailbox_folder())
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


def _journals() -> Path:
    return Path(current_app.config["INSTANCE"]) / "journals"


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
