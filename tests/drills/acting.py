"""The day of action: sign-ups and page views come as fast as asked, and one great event changes."""

import os
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import select

from campaign import clock, tokens
from campaign.counts.queries import differences
from campaign.counts.registry import known
from campaign.db import count_of, db, reading
from campaign.events.changes.verbs import revise
from campaign.events.models import Action, Event
from campaign.events.sign_ups.mails import CHANGED, INVITATION
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.verbs import Particulars
from campaign.outbox.models import OPEN, Message, read_message_token
from campaign.people.models import Person
from tests.bench.mailing import resident_memory
from tests.bench.multitude import ACTION, Size, fill
from tests.drills.load import Answer, Load, Stream, load
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, private_on, wait_until
from tests.drills.supervising import serving
from tests.services.programs import HERE
from tests.services.recorder import Taken, recorder

SECONDS, EVENTS, SIGNED_UP = 600, 500, 20_000
SIGN_UPS, VIEWS = 200.0, 500.0
# What one process of SQLite's writes is half of what PostgreSQL is asked.
SHARE = {"postgresql": 1.0, "sqlite": 0.5}
# Seconds within which an answer is in time, and within which the last invitations leave.
IN_TIME, DRAINED_WITHIN, DRAINED_AT_MOST = 1.0, 120.0, 1800.0
# Memory is flat where the last third of the time has no more than this over the first.
FLAT, SLACK = 1.1, 16 * 2**20
# A shorter drill than this (seconds) is over before its processes have warmed up.
WARM = 120


def day_of_action(order: Order) -> Outcome:
    """Sign people up and show pages, change a great event in the middle, and count everything."""
    seconds, people = order.sized(SECONDS, least=6), order.sized(SIGNED_UP, least=50)
    outcome = order.outcome(lasting=seconds, changed=people)
    told = {"MAIL_SERVER": HERE, "TRUSTED_PROXIES": 1}
    with (
        recorder() as (port, record),
        private_on(order.database, MAIL_PORT=port, **told) as campaign,
    ):
        crowded = fill(campaign, Size(people=people, cities=EVENTS, events=0), one_in=1)
        streams = _streams(campaign, SHARE[order.database] * order.rate)
        lasting = {"seconds": seconds, "seed": order.seed, "record": campaign.folder / "load"}
        with serving(campaign) as pid:
            with (
                load(streams, port=campaign.port, **lasting) as running,
                watching(campaign, running) as watch,
            ):
                running.wait_until(0.5)
                _change(campaign, crowded)
                answers = running.answers()
            drained = wait_until(
                lambda: _waiting(campaign) == 0, within=DRAINED_AT_MOST, what="all mails have left"
            )
            os.kill(pid, signal.SIGINT)
        for stream in streams:
            _tell_answers(outcome, stream, answers[stream.name], seconds)
        watch.tell(outcome, drained=drained)
        asked = {one.number: streams[0].paths[one.number % len(streams[0].paths)]
                 for one in answers["sign-ups"] if one.status == 303}  # fmt: skip
        with campaign.app.app_context():
            _judge_rows(outcome, asked)
            _judge_mails(outcome, record.taken(), asked, crowded)
            wrong = differences(known(), now=clock.now())
            outcome.promise(not wrong, f"{len(wrong)} counts differ from the rows")
    return outcome


def _streams(campaign: Private, share: float) -> list[Stream]:
    """Say what is asked: sign-ups for each event of the action in turn, and pages about them."""
    with campaign.app.app_context():
        of_action = select(Event.slug).join(Event.action).where(Action.slug == ACTION)
        slugs = list(db.session.scalars(of_action.order_by(Event.id)))
        token = tokens.sign_timed("form:events.sign-up", 0)
    said = {"csrf_token": token, "name": "Ada", "email": address_in_load("{n}"), "guests": "0"}
    pages = [
        page for slug in slugs for page in ("/", f"/actions/{ACTION}", "/events", f"/events/{slug}")
    ]
    return [
        Stream("sign-ups", SIGN_UPS * share, [f"/events/{slug}/sign-up" for slug in slugs], said),
        Stream("views", VIEWS * share, pages),
    ]


def address_in_load(number: int | str) -> str:
    """Give the address of the person who signs up with one of the requests."""
    return f"comer{number}@example.org"


def _change(campaign: Private, slug: str) -> None:
    """Move an event to another square: all who signed up are to hear of it."""
    with campaign.app.app_context():
        event = db.session.scalars(select(Event).where(Event.slug == slug)).one()
        said: Any = {name: getattr(event, name) for name in Particulars.__annotations__}
        revise(event, **{**said, "venue": "The square behind the station"}, now=clock.now())
        db.session.commit()


def _waiting(campaign: Private) -> int:
    """Count what is still to be written or sent: forms without an answer, mails, changes."""
    with campaign.app.app_context(), reading():
        return sum(
            count_of(query)
            for query in (
                select(SignUpAsk.id).where(SignUpAsk.answered_at.is_(None)),
                select(Message.id).where(Message.state.in_(OPEN)),
                select(SignUp.id).join(SignUp.event).where(
                    SignUp.withdrawn_at.is_(None), SignUp.notified_sequence < Event.sequence
                ),
            )
        )  # fmt: skip


class Watch:
    """What was seen of a campaign under load: its processes' memory, and the invitations due."""

    def __init__(self, campaign: Private, running: Load) -> None:
        self._campaign, self._running = campaign, running
        self.over = threading.Event()
        # By process: the share of the time that had passed, and its bytes.
        self._memory: dict[tuple[str, int], list[tuple[float, int]]] = {}
        self._due: list[int] = []

    def look_on(self) -> None:
        """Look every now and then until told that it is over."""
        lasting, last_minute = self._running.seconds, max(0.0, self._running.seconds - 60)
        while not self.over.wait(max(0.5, lasting / 120)):
            passed = time.time() - self._running.began
            for pid, command in self._campaign.processes().items():
                with suppress(OSError):
                    seen = (passed / lasting, resident_memory(pid))
                    word = next((one for one in command.split() if one in _ROLES), "other")
                    self._memory.setdefault((word, pid), []).append(seen)
            if passed >= last_minute and not self._due:
                self._due.append(self._count_due())
        self._due.append(self._count_due())

    def _count_due(self) -> int:
        with self._campaign.app.app_context(), reading():
            asked = count_of(select(SignUpAsk.id).where(SignUpAsk.answered_at.is_(None)))
            open_ones = select(Message.id).where(
                Message.state.in_(OPEN), Message.kind == INVITATION
            )
            return asked + count_of(open_ones)

    def tell(self, outcome: Outcome, *, drained: float) -> None:
        """Note it, and what of it was promised."""
        before, after = self._due[0], self._due[-1]
        outcome.counts |= {
            "due_a_minute_before_the_end": before,
            "due_at_the_end": after,
            "drained_after": f"{drained:.0f}s",
        }
        outcome.promise(
            after <= before or drained <= DRAINED_WITHIN,
            f"{after} invitations were due at the end, and all had left {drained:.0f} s later",
        )
        for (word, pid), seen in sorted(self._memory.items()):
            first = [held for share, held in seen if share <= 1 / 3]
            last = [held for share, held in seen if 2 / 3 <= share <= 1]
            if not first or not last:
                outcome.promise(False, f"a process came or went: {word}")
                continue
            early, late = statistics.mean(first), statistics.mean(last)
            outcome.counts[f"{word}_{pid}_mb"] = f"{early / 2**20:.0f}>{late / 2**20:.0f}"
            if self._running.seconds >= WARM:
                outcome.promise(
                    late <= early * FLAT + SLACK,
                    f"{word} grew from {early / 2**20:.0f} MB to {late / 2**20:.0f}",
                )


_ROLES = ("serve", "web", "worker")


@contextmanager
def watching(campaign: Private, running: Load) -> Iterator[Watch]:
    """Watch a campaign while a load runs."""
    watch = Watch(campaign, running)
    thread = threading.Thread(target=watch.look_on, name="watch")
    thread.start()
    try:
        yield watch
    finally:
        watch.over.set()
        thread.join(60)


def _tell_answers(outcome: Outcome, stream: Stream, answers: list[Answer], seconds: float) -> None:
    """Note what was asked, what of it was offered, what was answered in time, and how fast."""
    name = stream.name.replace("-", "_")
    right = [one for one in answers if one.status == (303 if stream.fields else 200)]
    wrong = Counter(one.status for one in answers) - Counter(one.status for one in right)
    in_time = sum(one.seconds <= IN_TIME for one in right)
    outcome.counts |= {
        f"{name}_asked": round(stream.rate * seconds),
        f"{name}_offered": len(answers),
        f"{name}_answered": len(right),
        f"{name}_in_time": in_time,
        f"{name}_carried": f"{in_time / max(1, stream.rate * seconds):.0%}",
    }
    if wrong:
        said = "+".join(f"{number}x{status}" for status, number in sorted(wrong.items()))
        outcome.counts[f"{name}_otherwise"] = said
    if len(right) > 1:
        parts = statistics.quantiles([one.seconds for one in right], n=100)
        outcome.counts |= {
            f"{name}_p50_ms": round(parts[49] * 1000),
            f"{name}_p99_ms": round(parts[98] * 1000),
        }
    outcome.promise(bool(right), f"none of the {stream.name} was answered")


def _judge_rows(outcome: Outcome, asked: dict[int, str]) -> None:
    """Hold the rows against the answers: each has one sign-up, for the right event, and a seat."""
    query = (
        select(Person.email, Event.slug, Event.capacity, SignUpAsk.seats)
        .select_from(SignUp)
        .join(SignUp.person)
        .join(SignUp.event)
        .join(SignUpAsk, SignUpAsk.sign_up_id == SignUp.id)
    )
    found: dict[str, list[tuple[str, bool]]] = {}
    for email, slug, capacity, seats in db.session.execute(query):
        has_seat = capacity is None or seats == 1
        found.setdefault(email, []).append((f"/events/{slug}/sign-up", has_seat))
    without = [number for number in asked if address_in_load(number) not in found]
    others = [
        number
        for number, path in asked.items()
        if (rows := found.get(address_in_load(number))) and rows != [(path, True)]
    ]
    outcome.lost = len(without)
    outcome.promise(not without, f"{len(without)} sign-ups were answered and have no row")
    outcome.promise(not others, f"{len(others)} have two rows, another event's, or no seat")


def _judge_mails(outcome: Outcome, taken: list[Taken], asked: dict[int, str], crowded: str) -> None:
    """Hold what the relay took against the rows: one invitation each, and one change."""
    sent = db.session.execute(select(Message.id, Message.kind))
    kinds: dict[int, str] = {row.id: row.kind for row in sent}
    mails: dict[str, Counter[str]] = {}
    for one in taken:
        kind = kinds[read_message_token(one.identity.strip("<>").partition("@")[0])]
        mails.setdefault(one.recipient, Counter())[kind] += 1
    invited = [mails.get(address_in_load(number), Counter())[INVITATION] for number in asked]
    outcome.lost += invited.count(0)
    outcome.repeated = sum(number - 1 for number in invited if number > 1)
    outcome.promise(
        set(invited) <= {1},
        f"{invited.count(0)} were not invited, {outcome.repeated} invitations were repeated",
    )
    signed_up = (
        select(Person.email, SignUp.notified_sequence == Event.sequence)
        .select_from(SignUp)
        .join(SignUp.person)
        .join(SignUp.event)
        .where(Event.slug == crowded)
    )
    told = Counter()
    for email, is_notified in db.session.execute(signed_up):
        changes = mails.get(email, Counter())[CHANGED]
        # Who came in while the load ran may have been invited to the new square at once.
        came_in = email.startswith(address_in_load("").partition("@")[0])
        told[is_notified and (changes == 1 or (came_in and changes == 0))] += 1
        outcome.repeated += max(0, changes - 1)
    outcome.counts["heard_of_the_change"] = told[True]
    outcome.promise(not told[False], f"{told[False]} did not hear of the change exactly once")
