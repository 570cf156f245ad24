"""Processes are killed in the middle of deeds while two others fold: counts equal the rows."""

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import IO

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import OperationalError

from campaign import clock, create_app
from campaign.counts import duties
from campaign.counts.models import Count, CountChange
from campaign.counts.queries import differences
from campaign.counts.registry import known
from campaign.db import db, reading
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp
from campaign.outbox.models import Message, State
from campaign.people.models import Person, Purpose, Tag
from campaign.people.subscriptions.verbs import agree
from campaign.people.verbs import remember
from campaign.sqlite_locks import only_reads
from tests.drills.outcome import Order, Outcome
from tests.drills.private import Private, private_on, wait_until
from tests.drills.racing import make_event

_Work = Callable[[random.Random, IO[bytes]], None]
DOING, FOLDING = 3, 2
KILLS = 60
# So many deeds are done at most between two kills.
MOST_DEEDS = 20
# So many are done while one transaction has locked every count.
WHILE_LOCKED = 200
# So many people one deed brings, and changes, at most.
CROWD = 40


def counting(order: Order) -> Outcome:
    """Kill what does deeds and what folds again and again; in the middle, lock every count."""
    kills = order.sized(KILLS, least=4)
    locked = order.sized(WHILE_LOCKED, least=20)
    outcome = order.outcome(kills=kills, deeds_while_locked=locked)
    chance = random.Random(order.seed)
    with private_on(order.database) as campaign:
        for _ in range(3):
            make_event(campaign, capacity=100_000)
        crew = _Crew(campaign, chance)
        for left in range(kills, 0, -1):
            crew.kill_one_after(chance.randrange(1, MOST_DEEDS))
            if left == kills // 2:
                _lock_every_count(campaign, crew, deeds=locked)
        outcome.counts["deeds"] = crew.deeds()
        crew.end()
        _judge(outcome, campaign)
    return outcome


class _Crew:
    """The processes at work: when one is killed, another like it begins."""

    def __init__(self, campaign: Private, chance: random.Random) -> None:
        self._campaign, self._chance = campaign, chance
        # Forked, they begin at once: there are many of them, and each lives shortly.
        self._fork = multiprocessing.get_context("fork")
        self._places = [self._start(work) for work in [_do] * DOING + [_fold] * FOLDING]

    def _start(self, work: _Work) -> tuple[_Work, ForkProcess]:
        seed = self._chance.randrange(10**6)
        given = (work, self._campaign.environment, self._campaign.folder, seed)
        process = self._fork.Process(target=_work, args=given, daemon=True)
        process.start()
        return work, process

    def kill_one_after(self, deeds: int) -> None:
        """Kill one of them at any moment after some deeds, and start another in its place."""
        enough = self.deeds() + deeds
        wait_until(lambda: self.deeds() >= enough, within=120, what="deeds are done")
        time.sleep(self._chance.uniform(0, 0.05))
        at = self._chance.randrange(len(self._places))
        work, process = self._places[at]
        process.kill()
        process.join()
        self._places[at] = self._start(work)

    def end(self) -> None:
        """Kill them all."""
        for _, process in self._places:
            process.kill()
            process.join()

    def deeds(self) -> int:
        """Count the deeds that are saved."""
        return sum(file.stat().st_size for file in self._campaign.folder.glob("deeds-*"))


def _lock_every_count(campaign: Private, crew: _Crew, *, deeds: int) -> None:
    """Let one transaction hold every count until some deeds are done all the same."""
    with campaign.app.app_context(), db.engine.connect() as holding:
        # On SQLite, where whoever writes waits for whoever writes, it reads them without an end.
        reads = only_reads.set(db.engine.dialect.name == "sqlite")
        holding.execute(select(Count).with_for_update()).all()
        only_reads.reset(reads)
        enough = crew.deeds() + deeds
        wait_until(lambda: crew.deeds() >= enough, within=180, what="deeds do not wait for counts")


def _judge(outcome: Outcome, campaign: Private) -> None:
    with campaign.app.app_context():
        waiting = db.session.scalar(select(func.count()).select_from(CountChange)) or 0
        rows = {
            model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Person, SignUp, Message)
        }
        db.session.rollback()
        outcome.counts |= {**rows, "unfolded": waiting}
        for moment in ("before", "after"):
            with reading():
                wrong = differences(known(), now=clock.now())
            outcome.lost += sum(lacks for lacks in wrong.values() if lacks > 0)
            outcome.repeated -= sum(lacks for lacks in wrong.values() if lacks < 0)
            outcome.promise(not wrong, f"{moment} folding these differ: {wrong}")
            duties.fold()
        left = db.session.scalar(select(func.count()).select_from(CountChange))
        outcome.promise(left == 0, f"{left} changes are not folded in")
        outcome.promise(min(rows.values()) > 0, f"nothing was there to be counted: {rows}")


def _come(chance: random.Random, names: Iterator[str]) -> None:
    """Remember some people, who agree to the newsletter, sign up and are written to."""
    now, events = clock.now(), db.session.scalars(select(Event.id)).all()
    for _ in range(chance.randrange(1, CROWD)):
        person = remember(f"{next(names)}@example.org", now=now)
        db.session.flush()
        db.session.add(Tag(person_id=person.id, tag=chance.choice("abc")))
        if chance.random() < 0.5:
            agree(person, Purpose.NEWSLETTER, wording="Yes", form="drill", now=now)
        sign_up = {
            "event_id": chance.choice(events), "person_id": person.id, "token": person.email[:32],
            "guests": chance.randrange(3), "signed_up_at": now, "stamped_at": now,
            "confirmed_at": chance.choice([None, now]),
        }  # fmt: skip
        db.session.execute(insert(SignUp).values(sign_up))
        message = {
            "kind": "drill", "person_id": person.id, "to_address": person.email,
            "address_hash": "", "queued_at": now, "due_at": now,
        }  # fmt: skip
        db.session.execute(insert(Message).values(message))


def _change(chance: random.Random, names: Iterator[str]) -> None:
    """Change many rows by one statement each: seats, who comes, what was sent."""
    ids = _some(chance)
    now = clock.now()
    db.session.execute(
        update(SignUp)
        .where(SignUp.person_id.in_(ids))
        .values(guests=chance.randrange(5), withdrawn_at=chance.choice([None, now]))
    )
    state = chance.choice([State.SENT, State.FAILED, State.RETRY])
    db.session.execute(
        update(Message).where(Message.person_id.in_(ids)).values(state=state, settled_at=now)
    )


def _forget(chance: random.Random, names: Iterator[str]) -> None:
    """Forget some people, and with them whatever hangs on them."""
    db.session.execute(delete(Person).where(Person.id.in_(_some(chance)[: CROWD // 4])))


def _some(chance: random.Random) -> list[int]:
    last = db.session.scalar(select(func.max(Person.id))) or 0
    first = chance.randrange(last + 1)
    query = select(Person.id).where(Person.id > first).order_by(Person.id).limit(CROWD)
    return list(db.session.scalars(query.with_for_update()))


def _work(work: _Work, environment: dict[str, str], folder: Path, seed: int) -> None:
    os.environ.update(environment)
    with (
        create_app().app_context(),
        (folder / f"deeds-{os.getpid()}").open("ab", buffering=0) as file,
    ):
        work(random.Random(seed), file)


def _do(chance: random.Random, file: IO[bytes]) -> None:
    """Do deeds for ever, some of which are undone, and note each that is saved."""
    names = (f"p{os.getpid()}-{at}" for at in count())
    while True:
        do = chance.choice([_come, _come, _change, _forget])
        try:
            do(chance, names)
            if chance.random() < 0.1:
                db.session.rollback()
                continue
            db.session.commit()
            file.write(b".")
        except OperationalError:
            # Two that change many rows at once may wait for each other; one of them is undone.
            db.session.rollback()


def _fold(chance: random.Random, file: IO[bytes]) -> None:
    """Fold for ever."""
    while True:
        duties.fold()
        time.sleep(chance.uniform(0, 0.05))
