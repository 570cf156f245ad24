"""The first view of the pages people come for: few pieces, small, still, and all from here."""

import gzip
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Route

from campaign.config import ROOT
from tests.bench.first_view import MOST_BYTES, MOST_REQUESTS, PAGES, PHONE, look
from tests.journeys.conftest import Site

MOST_BYTES_OF_SCRIPTS = 15_000
MOST_BYTES_OF_STYLES = 25_000
# Where letters of another width take the place of the first ones, a line may break elsewhere.
# Below a tenth people do not mind (web.dev, Cumulative Layout Shift: "good").
LITTLE = 0.1
FONTS, SCRIPTS = "**/*.woff2*", "**/*.js*"


@pytest.fixture
def newcomer(browser: Browser) -> Iterator[BrowserContext]:
    """Give a telephone that was never here, far from any event: it is told its own time, too."""
    context = browser.new_context(
        viewport=PHONE, device_scale_factor=2, is_mobile=True, timezone_id="Asia/Tokyo"
    )
    yield context
    context.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_first_view_is_light_and_late_letters_move_little(
    newcomer: BrowserContext, site: Site, path: str
) -> None:
    newcomer.route(FONTS, _late)

    view = look(newcomer, site.address + path)

    assert view.strangers == []
    assert len(view.pieces) <= MOST_REQUESTS, view.weights
    assert view.bytes <= MOST_BYTES, view.weights
    assert view.bytes_of("Script") < MOST_BYTES_OF_SCRIPTS, view.weights
    assert view.shift < LITTLE, view.moved


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_nothing_but_letters_moves(newcomer: BrowserContext, site: Site, path: str) -> None:
    newcomer.route(FONTS, lambda route: route.abort())
    newcomer.route(SCRIPTS, _late)

    view = look(newcomer, site.address + path)

    assert (view.shift, view.moved) == (0, [])


def _late(route: Route) -> None:
    # Long enough for the page to be painted with what is here already.
    time.sleep(0.5)
    route.continue_()


def test_all_scripts_together_are_small() -> None:
    scripts = [file.read_bytes() for file in (ROOT / "static" / "js").glob("*.js")]

    assert 0 < sum(len(gzip.compress(one)) for one in scripts) < MOST_BYTES_OF_SCRIPTS


def test_the_stylesheet_is_small() -> None:
    sheet = ROOT / "static" / "css" / "main.css"

    assert sheet.stat().st_size < MOST_BYTES_OF_STYLES
