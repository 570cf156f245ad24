"""How pages grow: each at a million people, sign-ups and messages, beside the same at a thousand.

A page's floor is itself when it was small: what is made anew for each reader must not go through
all there is, nor show it.
"""

import http.client
import os
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

from campaign import clock
from campaign.config import PREFIX, SETTINGS
from campaign.db import db
from campaign.organisers.models import Role
from campaign.organisers.verbs import add, make_link
from tests.bench.first_view import look, telephone
from tests.bench.multitude import ACTION, Size, address_of, fill, weight, weights
from tests.bench.programs import Figure
from tests.drills.private import Private, private_on
from tests.screens.browser import chromium
from tests.services.programs import HERE
from tests.visitor import Visitor

SMALL = Size(people=1_000, cities=14, events=10)
LARGE = Size(people=1_000_000, cities=500, events=10_000)
# A share of the large size, for whoever writes a page.
SHARE = float(os.environ.get("BENCH_SIZE", "1"))
# How much longer than the small page the large one may take; bytes of the action's first view and
# of the database of a million, at most.
TIMES, MOST_BYTES, MOST_ON_DISK = 2.0, 120_000, 1_500_000_000
# Seconds of rounds for one page, and how many of them are enough; a page that takes longer than the
# last is asked for once.
ROUNDS_OF, ROUNDS, SLOW = 3.0, 15, 3.0

# By which nothing is kept where it is measured how long a page takes to be made.
UNKEPT = {"PAGE_CACHE": 0} if "PAGE_CACHE" in SETTINGS else {}

# `{event}` is the fullest, `{address}` that of somebody.
PUBLIC = {
    "home": "/",
    "action": f"/actions/{ACTION}",
    "action-ics": f"/actions/{ACTION}.ics",
    "event": "/events/{event}",
    "events": "/events",
    "events-of-a-country": "/events?country=IN",
    "events-ics": "/events.ics",
    "search": "/search?q=london",
    "sitemap": "/sitemap.xml",
}
OFFICE = {
    "desk": "/office/",
    "events": "/office/events",
    "event": "/office/events/{event}",
    "people": "/office/people",
    "people-by-address": "/office/people?q={address}",
    "people-by-name": "/office/people?q=katherine",
    "newsletter": "/office/newsletter",
    "subscribers": "/office/newsletter/subscribers",
    "subscribers-by-address": "/office/newsletter/subscribers?q={address}",
    "outbox": "/office/outbox",
    "outbox-failed": "/office/outbox?state=failed",
    "outbox-by-address": "/office/outbox?q={address}",
}


class Reader:
    """Somebody who reads one of the two campaigns: pages made anew, kept ones, and the office's."""

    def __init__(self, campaign: Private, *, event_slug: str) -> None:
        self._campaign = campaign
        self._said = {"event": event_slug, "address": address_of(777)}
        self._visitor = Visitor(campaign.app)
        with campaign.app.app_context():
            organiser = add("measure@example.org", role=Role.ADMINISTRATOR, now=clock.now())
            link = make_link(organiser, now=clock.now())
            db.session.commit()
        with self._quiet():
            self._visitor.send(link)

    def make(self, path: str) -> float:
        """Let a page be made, compressed as browsers ask; give the seconds it took."""
        client, asked = self._visitor.client, path.format(**self._said)
        began = time.perf_counter()
        with self._quiet():
            answer = client.get(asked, headers={"Accept-Encoding": "gzip"})
        taken = time.perf_counter() - began
        if answer.status_code != 200:
            raise ValueError(f"{path} answers {answer.status_code}")
        return taken

    def fetch(self, path: str) -> float:
        """Ask the server for a page; give the seconds it took."""
        asked = path.format(**self._said)
        server = http.client.HTTPConnection(HERE, self._campaign.port, timeout=120)
        with closing(server):
            began = time.perf_counter()
            server.request("GET", asked, headers={"Accept-Encoding": "gzip"})
            answer = server.getresponse()
            answer.read()
            taken = time.perf_counter() - began
        if answer.status != 200:
            raise ValueError(f"{path} answers {answer.status}")
        return taken

    def statements_of(self, path: str) -> str:
        """Say how long the statements of a page take, and which of them takes longest."""
        with statements_on(self._campaign.app) as said:
            self.make(path)
        slowest, seconds = max(said, key=lambda one: one[1], default=("none", 0.0))
        words = re.sub(r"^SELECT .*? FROM", "SELECT … FROM", " ".join(slowest.split()))
        words = re.sub(r"(\S+, ){4,}", "… ", words)
        return (
            f"{len(said)} statements of {sum(one for _, one in said) * 1000:.0f} ms, the slowest "
            f"of {seconds * 1000:.0f}: {words:.600}"
        )

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        with self._campaign.log.open("a") as log, redirect_stderr(log):
            yield


@contextmanager
def statements_on(app: Flask) -> Iterator[list[tuple[str, float]]]:
    """Take down the statements sent to an application's database, and the seconds of each."""
    said: list[tuple[str, float]] = []
    began: list[float] = []

    def before(*_: Any) -> None:
        began.append(time.perf_counter())

    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append((statement, time.perf_counter() - began.pop()))

    with app.app_context():
        engine: Engine = db.engine
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def pages_as_they_grow(name: str, kind: str) -> list[Figure]:
    """Measure pages, the weight of a first view, and the database, at the large size."""
    large = Size(
        people=max(SMALL.people, round(LARGE.people * SHARE)),
        cities=LARGE.cities,
        events=max(SMALL.events, round(LARGE.events * SHARE)),
    )
    return grown(name, kind, small=SMALL, large=large)


def grown(
    name: str, kind: str, *, small: Size, large: Size, seconds: float = ROUNDS_OF
) -> list[Figure]:
    """Measure all that at two sizes, on two campaigns that are there at once, in turn.

    Each page is asked for as long as `seconds` allow.
    """
    with private_on(kind, **UNKEPT) as before, private_on(kind, **UNKEPT) as after:
        readers = []
        for campaign, size in ((before, small), (after, large)):
            slug = fill(campaign, size)
            for setting in UNKEPT:
                del campaign.environment[f"{PREFIX}{setting}"]
            campaign.start_web()
            readers.append(Reader(campaign, event_slug=slug))
        figures = [_weight_on_disk(name, after, large), _weight_of_first_view(name, after)]
        for kind_of_page, pages, ask in (
            ("", PUBLIC, Reader.make),
            ("kept-", PUBLIC, Reader.fetch),
            ("office-", OFFICE, Reader.make),
        ):
            figures += [
                _figure(f"{name}-{kind_of_page}{page}", path, *readers, ask=ask, seconds=seconds)
                for page, path in pages.items()
            ]
    late = [one.name for one in figures if one.value > TIMES * one.floor and one.unit == "ms"]
    print(f"  {name}: {len(late)} pages take more than {TIMES:g} times as long: {', '.join(late)}")
    return figures


def _weight_on_disk(name: str, campaign: Private, size: Size) -> Figure:
    with campaign.app.app_context():
        total, parts = weight(), weights()
    heaviest = sorted(parts.items(), key=lambda one: one[1], reverse=True)[:8]
    said = ", ".join(f"{table} {weighs / 1e6:.1f}" for table, weighs in heaviest)
    print(f"  {name}: MB with their indexes: {said}", flush=True)
    most = MOST_ON_DISK * size.people / LARGE.people
    return Figure(f"{name}-database", total / 1e6, "MB", most / 1e6)


def _weight_of_first_view(name: str, campaign: Private) -> Figure:
    with chromium() as browser, telephone(browser) as context:
        view = look(context, f"{campaign.url}/actions/{ACTION}")
    print(f"  {name}: first view of the action, kB: {view.weights}", flush=True)
    return Figure(f"{name}-weight", view.bytes / 1000, "kB", MOST_BYTES / 1000)


def _figure(
    name: str,
    path: str,
    small: Reader,
    large: Reader,
    *,
    ask: Callable[[Reader, str], float],
    seconds: float,
) -> Figure:
    """Take the time of a page at both sizes, in turn, warm; where it grew, say what it asks."""
    taken = {reader: [ask(reader, path)] for reader in (small, large)}
    if max(max(times) for times in taken.values()) < SLOW:
        until, rounds = time.monotonic() + seconds, 0
        for times in taken.values():
            times.clear()
        while not rounds or (rounds < ROUNDS and time.monotonic() < until):
            for reader, times in taken.items():
                times.append(ask(reader, path))
            rounds += 1
    floor, value = (statistics.median(times) * 1000 for times in taken.values())
    print(f"  {name}: {floor:.1f} ms, then {value:.1f}", flush=True)
    if value > TIMES * floor and ask is Reader.make:
        print(f"    {large.statements_of(path)}", flush=True)
    return Figure(name, value, "ms", floor)
