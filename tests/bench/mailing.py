"""An issue to many, end to end: queued in one statement, sent personally, each row marked left."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, literal, select

from campaign import clock
from campaign.db import db
from campaign.outbox.models import Batch, Message, State, Variant, address_hash
from campaign.outbox.verbs import post_batch
from campaign.people.models import Person, Purpose, Subscription
from campaign.people.queries import circle
from tests.drills.private import Private, private_on, wait_until
from tests.services.programs import HERE

SENTENCE = (
    "We meet on Saturday, because nobody who builds these systems knows how to keep them in hand; "
    "Zoë, Zürich and 10 € prove that more than ASCII arrives. "
)
TEXT = (
    "{{ greeting }}\n\n" + "\n\n".join([SENTENCE * 2] * 8)
    + "\n\nLeave: https://campaign.example/unsubscribe/{{ unsubscribe }}\n"
)  # fmt: skip
_LINK = '<p style="margin: 0 0 1em"><a href="https://campaign.example/news">More</a> '
HTML = (
    "<html><body><p>{{ greeting }}</p>"
    + "".join([f"{_LINK}{SENTENCE * 2}</p>\n"] * 14)
    + '<p><a href="https://campaign.example/unsubscribe/{{ unsubscribe }}">Leave</a></p></body></html>'
)
HEADERS = {
    "List-Id": "<news.campaign.example>",
    "List-Unsubscribe": "<https://campaign.example/unsubscribe/{{ unsubscribe }}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


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
    db.session.commit()


def post_issue(*, rate: float = 0.0, limit: int | None = None) -> int:
    """Queue an issue of about ten kilobytes for all subscribers; give the number of its batch."""
    now = clock.now()
    audience: Any = circle(Purpose.NEWSLETTER, rule={}, now=now).with_only_columns(
        Person.id.label("person_id"),
        Person.email.label("to_address"),
        Person.name.label("to_name"),
        Person.address_hash.label("address_hash"),
        Person.country.label("country"),
        Person.place.label("place"),
        literal("en").label("variant"),
    )
    if limit is not None:
        audience = audience.where(Person.id <= limit)
    batch = post_batch(
        audience,
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
    counted = select(func.count()).where(
        Message.batch_id == batch_id, Message.state == State.LEFT
    )
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
    """Give the most memory a process has held at once, in bytes (VmHWM of proc(5))."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
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
