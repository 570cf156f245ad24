"""What is measured: a page, a sign-up, a mail, a first view; each beside its floor."""

import gzip
import itertools
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select, update

from campaign import clock, tokens
from campaign.db import db
from campaign.events.models import Event, SignUp
from campaign.outbox.delivery.batch import CompiledBatch
from campaign.outbox.delivery.verbs import claim, give_back
from campaign.outbox.mail import Envelope
from campaign.outbox.models import Batch, Message, State
from campaign.outbox.verbs import post_batch
from tests.bench import lean
from tests.bench.first_view import first_views
from tests.bench.importing import imports
from tests.bench.programs import Figure, gunicorn, nginx, rounds, smtp_sink, smtp_source, wrk
from tests.drills.private import Private, private_on, wait_until
from tests.services.programs import HERE

PAGE = "/proposal"
MESSAGES = 5000
SCRIPT = Path(__file__).with_name("sign_up.lua")


def pages(name: str, kind: str) -> list[Figure]:
    """Measure how many pages a second are served, beside the same bytes held ready."""
    with private_on(kind) as campaign:
        campaign.load_starter()
        campaign.start_web()
        body = _compressed(campaign.url + PAGE)
        (campaign.folder / "page.gz").write_bytes(body)
        # The servers that answer for nginx belong to nobody and must be able to read it.
        campaign.folder.chmod(0o755)
        told = {lean.PAGE: str(campaign.folder / "page.gz")}
        workers = campaign.app.config["WEB_WORKERS"]
        with (
            nginx(campaign.folder) as ready,
            gunicorn("page", workers=workers, environment=told, log=campaign.log) as bare,
        ):
            print(f"  {PAGE}: {len(gzip.decompress(body))} bytes, {len(body)} compressed")
            taken = rounds(
                ours=lambda: wrk(campaign.url + PAGE, connections=32),
                floor=lambda: wrk(f"{bare}/page", connections=32),
                nginx=lambda: wrk(f"{ready}/page", connections=32),
            )
    print(f"  {name}: nginx serves the same bytes from a file {taken['nginx']:.0f} times a second")
    return [Figure(name, taken["ours"], "requests/s", taken["floor"])]


def _compressed(url: str) -> bytes:
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip, deflate, br"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip", f"{url} is not compressed"
        return bytes(answer.read())


def sign_ups(name: str, kind: str) -> list[Figure]:
    """Measure how many people a second can sign up, beside two inserts in a bare view."""
    with private_on(kind) as campaign:
        campaign.load_starter()
        with campaign.app.app_context():
            slug, token = _open_event(), tokens.sign_timed("form:SignUpForm", 0)
            url = db.engine.url.render_as_string(hide_password=False)
        campaign.start_web()
        plain = f"sqlite:///{campaign.folder}/lean.sqlite"
        if kind == "postgresql":
            plain = url.replace("postgresql+psycopg:", "postgresql:")
        lean.prepare(plain)
        told = {lean.DATABASE: plain}
        numbers = itertools.count()
        workers = campaign.app.config["WEB_WORKERS"]
        with gunicorn("sign_up", workers=workers, environment=told, log=campaign.log) as bare:
            taken = rounds(
                ours=lambda: _press(f"{campaign.url}/events/{slug}/sign-up", token, numbers),
                floor=lambda: _press(f"{bare}/sign-up", lean.TOKEN.dumps(0), numbers),
            )
        with campaign.app.app_context():
            saved = db.session.scalar(select(func.count()).select_from(SignUp))
            posted = db.session.scalar(select(func.count()).select_from(Message))
        print(f"  {name}: {saved} places, {posted} invitations; {lean.count(plain)} bare rows")
    return [Figure(name, taken["ours"], "sign-ups/s", taken["floor"])]


def _open_event() -> str:
    """Take an event of the starter that is ahead, and lift its limit; give its address."""
    now = clock.now()
    event = next(one for one in db.session.scalars(select(Event)) if not one.is_over(now))
    event.capacity = None
    db.session.commit()
    return event.slug


def _press(url: str, token: str, numbers: "itertools.count[int]") -> float:
    told = {"TOKEN": token, "ROUND": str(next(numbers))}
    return wrk(url, connections=16, script=SCRIPT, expected=303, **told)


def mails(name: str, kind: str) -> list[Figure]:
    """Measure how many personal mails a second leave, beside Postfix's own source."""
    with private_on(kind, MAIL_SERVER=HERE) as campaign, smtp_sink(campaign.log) as port:
        campaign.environment["CAMPAIGN_MAIL_PORT"] = str(port)
        with campaign.app.app_context():
            _post_issue()
            size = _size_of_one()
        print(f"  {MESSAGES} mails of {size} bytes")
        taken = rounds(
            ours=lambda: _send_all(campaign),
            floor=lambda: smtp_source(port, messages=MESSAGES, size=size),
        )
    return [Figure(name, taken["ours"], "mails/s", taken["floor"])]


_SENTENCE = (
    "We meet on Saturday, because nobody who builds these systems knows how to keep them in hand; "
    "Zoë, Zürich and 10 € prove that more than ASCII arrives. "
)


def _post_issue() -> None:
    """Post an issue of about ten kilobytes to many readers."""
    text = "Dear {{name}},\n\n" + "\n\n".join([_SENTENCE * 2] * 8) + "\n\nLeave: {{leave}}\n"
    link = '<p style="margin: 0 0 1em"><a href="https://campaign.example/news">More</a> '
    html = (
        "<html><body><p>Dear {{name}},</p>"
        + "".join([f"{link}{_SENTENCE * 2}</p>\n"] * 14)
        + '<p><a href="{{leave}}">Leave</a></p></body></html>'
    )
    readers = [
        {
            "person_id": None,
            "to": f"reader{number}@example.net",
            "to_name": f"Zoë Reader {number}",
            "fields": {
                "name": f"Zoë Reader {number}",
                "leave": f"https://campaign.example/unsubscribe/{tokens.sign('leave', number)}",
            },
        }
        for number in range(MESSAGES)
    ]
    headers = {
        "List-Id": "<news.campaign.example>",
        "List-Unsubscribe": "<{{leave}}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    post_batch(
        readers, kind="issue", subject="Saturday: the march", text=text, html=html,
        headers=headers, now=clock.now(),
    )  # fmt: skip
    db.session.commit()


def _size_of_one() -> int:
    (mail,) = claim("bench", limit=1, rate=0, now=clock.now())
    give_back([mail], worker="bench")
    db.session.commit()
    envelope = Envelope("Campaign", "hello@campaign.example", "campaign.example")
    return len(CompiledBatch(mail, envelope).fill(mail))


def _send_all(campaign: Private) -> float:
    """Let a worker send all; give mails a second from the first that settled to the last."""
    _let_all_wait(campaign)
    worker = campaign.start("worker")
    wait_until(lambda: _waiting(campaign) == 0, within=120, what="all mails have left")
    worker.terminate()
    worker.wait(10)
    with campaign.app.app_context():
        first, last = db.session.execute(
            select(func.min(Message.settled_at), func.max(Message.settled_at))
        ).one()
        between = db.session.scalar(
            select(func.count()).where(Message.state == State.LEFT, Message.settled_at > first)
        )
    return float(between or 0) / (last - first).total_seconds()


def _let_all_wait(campaign: Private) -> None:
    with campaign.app.app_context():
        db.session.execute(update(Message).values(state=State.WAITING, settled_at=None, tries=0))
        db.session.execute(update(Batch).values(paused_at=None))
        db.session.commit()


def _waiting(campaign: Private) -> int:
    # Asked seldom: on SQLite the asking holds up the worker.
    time.sleep(0.3)
    with campaign.app.app_context():
        seen = select(Message.id).where(Message.state != State.LEFT).limit(1)
        found = len(db.session.scalars(seen).all())
        db.session.rollback()
    return found


Measure = Callable[[str, str], list[Figure]]
# Name -> the measure, the database it is taken on, and what it needs.
MEASURES: dict[str, tuple[Measure, str, set[str]]] = {
    "pages": (pages, "sqlite", {"wrk", "nginx"}),
    "sign-ups": (sign_ups, "sqlite", {"wrk"}),
    "sign-ups-postgresql": (sign_ups, "postgresql", {"wrk", "postgresql"}),
    "mails": (mails, "sqlite", {"smtp-source", "smtp-sink"}),
    "mails-postgresql": (mails, "postgresql", {"smtp-source", "smtp-sink", "postgresql"}),
    "import": (imports, "sqlite", set()),
    "import-postgresql": (imports, "postgresql", {"postgresql"}),
    "first-view": (first_views, "sqlite", {"chromium"}),
}
