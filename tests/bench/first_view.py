"""The first view of a page, by somebody who was never here: what is fetched, and when it shows."""

import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext

from tests.bench.programs import ROUNDS, Figure
from tests.drills.private import private_on
from tests.screens.browser import chromium

PAGES = {
    "home": "/",
    "action": "/actions/may-13",
    "event": "/events/may-13-london",
    "write": "/write/gb",
    "proposal": "/proposal",
}
# What a first view may cost: pieces, bytes as they travel, milliseconds until something shows.
MOST_REQUESTS, MOST_BYTES, PAINT_WITHIN = 6, 100_000, 1500
# A telephone some years old on a mobile network: a quarter of this processor, 1.6 Mbit/s there
# and 0.75 back, 150 ms for the way to and fro. Bytes a second, as the protocol wants them.
SLOWER = 4
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
PHONE = {"width": 390, "height": 844}

# Kept by the browser from the beginning; what has come until now is handed over a little later.
_PAINTED = """async () => {
  const shifts = [];
  new PerformanceObserver((list) => shifts.push(...list.getEntries()))
    .observe({type: 'layout-shift', buffered: true});
  await document.fonts.ready;
  await new Promise((done) => setTimeout(done, 300));
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const name = (node) => node ? node.nodeName.toLowerCase()
    + (node.className ? '.' + node.className : '') : '?';
  return {
    paint: paint ? paint.startTime : null,
    shift: shifts.reduce((sum, one) => sum + one.value, 0),
    moved: shifts.flatMap((one) => one.sources.map((source) => name(source.node))),
  };
}"""


@dataclass
class Piece:
    """One thing that was fetched: where from, what it is, and its bytes as they travelled."""

    url: str
    kind: str
    bytes: int = 0

    @property
    def name(self) -> str:
        """Name it for a person: its path."""
        return urlsplit(self.url).path


@dataclass
class View:
    """One first view of a page."""

    url: str
    pieces: list[Piece] = field(default_factory=list)
    paint: float = 0.0
    shift: float = 0.0
    moved: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Give the bytes of all pieces, headers counted."""
        return sum(piece.bytes for piece in self.pieces)

    @property
    def strangers(self) -> list[str]:
        """Name what was asked of another host."""
        home = urlsplit(self.url).netloc
        return [piece.url for piece in self.pieces if urlsplit(piece.url).netloc != home]

    def bytes_of(self, kind: str) -> int:
        """Give the bytes of all pieces of a kind, such as `Script`."""
        return sum(piece.bytes for piece in self.pieces if piece.kind == kind)

    @property
    def weights(self) -> str:
        """Say what weighs how much, the heaviest first."""
        heaviest = sorted(self.pieces, key=lambda piece: piece.bytes, reverse=True)
        return ", ".join(f"{piece.name} {piece.bytes / 1000:.1f}" for piece in heaviest)


def look(context: BrowserContext, url: str, *, slowed: bool = False) -> View:
    """Open a page as if for the first time: nothing is taken from a cache."""
    view, known = View(url), {}
    page = context.new_page()
    try:
        browser = context.new_cdp_session(page)
        browser.send("Network.enable")
        browser.send("Network.setCacheDisabled", {"cacheDisabled": True})
        if slowed:
            browser.send("Network.emulateNetworkConditions", NETWORK)
            browser.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})

        def asked(event: dict[str, Any]) -> None:
            address = event["request"]["url"]
            # What a page carries within itself is not fetched.
            if urlsplit(address).scheme in {"http", "https"}:
                piece = Piece(address, event.get("type", ""))
                view.pieces.append(piece)
                known[event["requestId"]] = piece

        def came(event: dict[str, Any]) -> None:
            if event["requestId"] in known:
                known[event["requestId"]].bytes = int(event["encodedDataLength"])

        browser.on("Network.requestWillBeSent", asked)
        browser.on("Network.loadingFinished", came)
        page.goto(url, wait_until="networkidle", timeout=60_000)
        painted = page.evaluate(_PAINTED)
    finally:
        page.close()
    if painted["paint"] is None:
        raise ValueError(f"{url}: nothing was painted")
    view.paint, view.shift, view.moved = painted["paint"], painted["shift"], painted["moved"]
    return view


def first_views(name: str, kind: str) -> list[Figure]:
    """Measure when something shows on a slow telephone, beside what may pass until then."""
    with private_on(kind) as campaign:
        campaign.load_starter()
        campaign.start_web()
        with chromium() as browser:
            return [
                _figure(browser, f"{name}-{page}", campaign.url + path)
                for page, path in PAGES.items()
            ]


def _figure(browser: Browser, name: str, url: str) -> Figure:
    with telephone(browser) as context:
        # Unhurried, for what is fetched; and the server has then seen the page once.
        view = look(context, url)
    slow = []
    for _ in range(ROUNDS):
        with telephone(browser) as context:
            slow.append(look(context, url, slowed=True))
    paints, worst = [one.paint for one in slow], max(slow, key=lambda one: one.shift)
    print(
        f"  {name}: {len(view.pieces)} requests (at most {MOST_REQUESTS}), "
        f"{view.bytes / 1000:.1f} kB (at most {MOST_BYTES / 1000:.0f}); "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print(f"    kB: {view.weights}")
    print(f"    first contentful paint: {' '.join(f'{paint:.0f}' for paint in paints)} ms")
    print(f"    layout shift, at worst: {worst.shift:.3f} {', '.join(worst.moved)}")
    return Figure(name, statistics.median(paints), "ms", PAINT_WITHIN)


@contextmanager
def telephone(browser: Browser) -> Iterator[BrowserContext]:
    """Give a telephone that was never here."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True)
    try:
        yield context
    finally:
        context.close()
