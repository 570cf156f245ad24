"""What is measured: a page, a sign-up, a mail, a first view; each beside its floor."""

import gzip
import itertools
import urllib.request
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from campaign import clock, tokens, web_server
from campaign.db import db
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUpAsk
from tests.bench import lean
from tests.bench.first_view import first_views
from tests.bench.growing import pages_as_they_grow
from tests.bench.importing import imports
from tests.bench.mailing import growth, mails
from tests.bench.programs import Figure, granian, gunicorn, nginx, rounds, wrk
from tests.bench.segments import segments
from tests.drills.private import private_on
from tests.services.programs import HERE
from tests.services.proxies import proxy

PAGE = "/proposal"
SCRIPT = Path(__file__).with_name("sign_up.lua")


def pages(name: str, kind: str) -> list[Figure]:
    """Measure how many pages a second are served, beside the same bytes held ready.

    Straight and through nginx as operators are told to run it, beside a file that nginx serves.
    """
    with private_on(kind, TRUSTED_PROXIES=1) as campaign:
        campaign.load_starter()
        campaign.start_web()
        body = _compressed(campaign.url + PAGE)
        (campaign.folder / "page.gz").write_bytes(body)
        # The servers that answer for nginx belong to nobody and must be able to read it.
        campaign.folder.chmod(0o755)
        told = {lean.PAGE: str(campaign.folder / "page.gz")}
        workers = web_server.processes(campaign.app)
        with (
            nginx(campaign.folder) as ready,
            proxy("nginx", to=campaign.port) as through,
            granian("page", workers=workers, environment=told, log=campaign.log) as bare,
        ):
            print(f"  {PAGE}: {len(gzip.decompress(body))} bytes, {len(body)} compressed")
            taken = rounds(
                ours=lambda: wrk(campaign.url + PAGE, connections=32, encoding="gzip"),
                floor=lambda: wrk(f"{bare}/page", connections=32),
                file=lambda: wrk(f"{ready}/page", connections=32),
                through=lambda: wrk(
                    f"http://{HERE}:{through}{PAGE}", connections=32, encoding="gzip"
                ),
            )
    unit = "requests/s"
    return [
        Figure(name, taken["ours"], unit, taken["floor"]),
        Figure(f"{name}-of-a-file", taken["ours"], unit, taken["file"]),
        Figure(f"{name}-through-nginx", taken["through"], unit, taken["file"]),
    ]


def _compressed(url: str) -> bytes:
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip", f"{url} is not compressed"
        return bytes(answer.read())


def sign_ups(name: str, kind: str) -> list[Figure]:
    """Measure how many people a second can sign up, beside two inserts in a bare view."""
    with private_on(kind) as campaign:
        campaign.load_starter()
        with campaign.app.app_context():
            slug, token = _open_event(), tokens.sign_timed("form:events.sign-up", 0)
            url = db.engine.url.render_as_string(hide_password=False)
        campaign.start_web()
        plain = f"sqlite:///{campaign.folder}/lean.sqlite"
        if kind == "postgresql":
            plain = url.replace("postgresql+psycopg:", "postgresql:")
        lean.prepare(plain)
        told = {lean.DATABASE: plain}
        numbers = itertools.count()
        workers = web_server.processes(campaign.app)
        with gunicorn("sign_up", workers=workers, environment=told, log=campaign.log) as bare:
            taken = rounds(
                ours=lambda: _press(f"{campaign.url}/events/{slug}/sign-up", token, numbers),
                floor=lambda: _press(f"{bare}/sign-up", lean.TOKEN.dumps(0), numbers),
            )
        with campaign.app.app_context():
            saved = db.session.scalar(select(func.count()).select_from(SignUpAsk))
        print(f"  {name}: {saved} asked for a place; {lean.count(plain)} bare rows")
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


Measure = Callable[[str, str], list[Figure]]
# Name -> the measure, the database it is taken on, and what it needs.
MEASURES: dict[str, tuple[Measure, str, set[str]]] = {
    "pages": (pages, "sqlite", {"wrk", "nginx"}),
    "sign-ups": (sign_ups, "sqlite", {"wrk"}),
    "sign-ups-postgresql": (sign_ups, "postgresql", {"wrk", "postgresql"}),
    "mails": (mails, "sqlite", {"smtp-source", "smtp-sink"}),
    "mails-postgresql": (mails, "postgresql", {"smtp-source", "smtp-sink", "postgresql"}),
    "mails-million": (growth, "postgresql", {"smtp-source", "smtp-sink", "postgresql"}),
    "import": (imports, "sqlite", set()),
    "import-postgresql": (imports, "postgresql", {"postgresql"}),
    "segment": (segments, "sqlite", set()),
    "segment-postgresql": (segments, "postgresql", {"postgresql"}),
    "growth": (pages_as_they_grow, "sqlite", {"chromium"}),
    "growth-postgresql": (pages_as_they_grow, "postgresql", {"chromium", "postgresql"}),
    "first-view": (first_views, "sqlite", {"chromium"}),
}
