"""An issue to many, end to end: queued in one statement, sent personally, each row marked left."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, literal, select

from campaign import clock
from campaign.db import db
from campaign.jobs import Tick
from campaign.outbox.models import Batch, Message, State, Variant, address_hash
from campaign.outbox.verbs import queue_batch
from campaign.people.models import Person, Purpose, Subscription
from campaign.segments.queries import audience
from tests.bench import senders
from tests.bench.programs import Figure, smtp_sink, smtp_source
from tests.bench.senders import HEADERS, HTML, TEXT
from tests.drills.private import Private, private_on, wait_until
from tests.services.programs import HERE


def make_subscribers(number: int) -> None:
    """Make so many subscribers known, each with a name of their own."""
    now = clock.now()
    piece = 10_000
    for begin in range(0, number, piece):
        ids = range(begin + 1, min(begin + piece, number) + 1)
        db.session.execute(
            insert(Person),
            [
                {
                    "id": at,
                    "email": f"reader{at}@example.net",
                    "name": f"Zoë Reader {at}",
                    "language": "en",
                    "address_hash": address_hash(f"reader{at}@example.net"),
                    "confirmed_at": now,
                    "remembered_at": now,
                }
                for at in ids
            ],
        )
        db.session.execute(
            insert(Subscription),
            [
                {
                    "person_id": at,
                    "purpose": Purpose.NEWSLETTER,
                    "asked_at": now,
                    "confirmed_at": now,
                }
                for at in ids
            ],
        )
    if db.engine.dialect.name == "postgresql":
        # It has not seen these numbers: who comes next would get one of them.
        db.session.connection().exec_driver_sql(
            "SELECT setval(pg_get_serial_sequence('person', 'id'), max(id)) FROM person"
        )
    db.session.commit()


def post_issue(*, rate: float = 0.0, limit: int | None = None) -> int:
    """Queue an issue of about ten kilobytes for all subscribers; give the number of its batch."""
    now = clock.now()
    people: Any = audience(Purpose.NEWSLETTER, rule={}, now=now).with_only_columns(
        Person.id.label("person_id"),
        Person.email.label("to_address"),
        Person.name.label("to_name"),
        Person.address_hash.label("address_hash"),
        Person.country.label("country"),
        Person.city_id.label("city_id"),
        literal("en").label("variant"),
    )
    if limit is not None:
        people = people.where(Person.id <= limit)
    batch = queue_batch(
        people,
        kind="newsletter",
        variants=[
            Variant(key="en", language="en", subject="Saturday: the march", text=TEXT, html=HTML)
        ],
        headers=HEADERS,
        rate=rate,
        now=now,
    )
    db.session.commit()
    return batch.id


def left_of(batch_id: int) -> int:
    """Count the messages of a batch that have left."""
    counted = select(func.count()).where(Message.batch_id == batch_id, Message.state == State.SENT)
    number = db.session.scalar(counted) or 0
    db.session.rollback()
    return number


def is_finished(campaign: Private, batch_id: int) -> bool:
    """Tell whether nothing of a batch may leave any more; asked seldom, to disturb little."""
    time.sleep(0.2)
    with campaign.app.app_context():
        found = db.session.scalar(select(Batch.finished_at).where(Batch.id == batch_id))
        db.session.rollback()
    return found is not None


def peak_memory(pid: int) -> int:
    """Give the most memory a process has held at once, in bytes."""
    return _memory(pid, "VmHWM:")


def resident_memory(pid: int) -> int:
    """Give the memory a process holds now, in bytes."""
    return _memory(pid, "VmRSS:")


def _memory(pid: int, word: str) -> int:
    """Read it under its name in proc(5)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(word):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


@contextmanager
def mailing(kind: str, *, readers: int, port: int, **settings: Any) -> Iterator[Private]:
    """Give a campaign with so many subscribers that sends to a relay."""
    told = {"MAIL_SERVER": HERE, "MAIL_PORT": port, **settings}
    with private_on(kind, **told) as campaign:
        with campaign.app.app_context():
            make_subscribers(readers)
            if db.engine.dialect.name == "postgresql":
                db.session.connection().exec_driver_sql("ANALYZE")
                db.session.commit()
        yield campaign


def send_issue(campaign: Private, *, within: float, limit: int | None = None) -> dict[str, float]:
    """Queue an issue and let the running worker send it; tell what came of it, in seconds."""
    with campaign.app.app_context():
        began = time.monotonic()
        batch_id = post_issue(limit=limit)
        queued = time.monotonic()
    wait_until(lambda: is_finished(campaign, batch_id), within=within, what="all mails have left")
    ended = time.monotonic()
    with campaign.app.app_context():
        left = left_of(batch_id)
    return {"queueing": queued - began, "all": ended - began, "left": left}


READERS = 100_000
# What a worker may take of the memory, whatever the number of readers (bytes).
MOST_MEMORY = 120 * 2**20


def mails(name: str, kind: str) -> list[Figure]:
    """Measure an issue to 100,000 from its queueing to the last row marked left."""
    size = senders.size_of_one()
    with (
        smtp_sink_beside() as (port, log),
        mailing(kind, readers=READERS, port=port) as campaign,
    ):
        before = smtp_source(port, messages=READERS, size=size)
        loop = senders.flask_mail_loop(port, messages=2_000)
        bare = senders.pipelining(port, messages=READERS)
        worker = campaign.start("worker")
        _settle_in(campaign)
        told = send_issue(campaign, within=600)
        memory = peak_memory(worker.pid)
        after = smtp_source(port, messages=READERS, size=size)
        _stop(worker)
        if told["left"] != READERS:
            raise ValueError(f"{told['left']:.0f} of {READERS} left; {log.read_text()[-500:]}")
    ours, floor = READERS / told["all"], (before + after) / 2
    print(f"  {name}: {READERS} mails of {size} bytes; queued in {told['queueing']:.1f} s")
    print(f"  {name}: smtp-source {before:.0f} before and {after:.0f} after")
    print(f"  {name}: a Flask-Mail loop {loop:.0f}, a bare pipelining sender {bare:.0f} a second")
    print(f"  {name}: the worker took {memory / 2**20:.0f} MB at most", flush=True)
    return [
        Figure(name, ours, "mails/s", floor),
        Figure(f"{name}-memory", memory / 2**20, "MB", MOST_MEMORY / 2**20),
    ]


def growth(name: str, kind: str) -> list[Figure]:
    """Measure an issue to a million beside one to ten thousand: time a mail, and memory."""
    few, many = 10_000, 1_000_000
    with smtp_sink_beside() as (port, _), mailing(kind, readers=many, port=port) as campaign:
        taken = {}
        for readers in (few, many):
            worker = campaign.start("worker")
            _settle_in(campaign)
            told = send_issue(campaign, within=1800, limit=readers)
            taken[readers] = readers / told["all"], peak_memory(worker.pid)
            _stop(worker)
            if told["left"] != readers:
                raise ValueError(f"{told['left']:.0f} of {readers} left")
            print(
                f"  {readers:9} readers: {told['all']:.1f} s, of which {told['queueing']:.1f} s "
                f"queueing; {taken[readers][1] / 2**20:.0f} MB",
                flush=True,
            )
    return [
        Figure(name, taken[many][0], "mails/s", taken[few][0]),
        Figure(f"{name}-memory", taken[many][1] / 2**20, "MB", taken[few][1] / 2**20),
    ]


@contextmanager
def smtp_sink_beside() -> Iterator[tuple[int, Path]]:
    """Run Postfix's sink with a log in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="campaign-sink-") as folder:
        log = Path(folder) / "log"
        with smtp_sink(log) as port:
            yield port, log


def _settle_in(campaign: Private) -> None:
    """Wait until the worker has done its first round: it is the sending that is measured."""
    with campaign.app.app_context():
        wait_until(lambda: _has_ticked(), within=60, what="the worker keeps its timetable")


def _has_ticked() -> bool:
    found = db.session.scalar(select(func.count()).select_from(Tick)) or 0
    db.session.rollback()
    return found > 5


def _stop(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    worker.wait(20)
