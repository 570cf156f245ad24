"""What a journey starts from: a campaign that runs, and readers with windows of several kinds.

`tests/plugin_groups.py` keeps the tests that use one campaign on one worker: it is started once.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.reader import Reader
from tests.journeys.running import Campaign, Mailbox

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
WINDOWS = {
    f"{size}-{script}": {"viewport": viewport, "java_script_enabled": script == "script"}
    for size, viewport in (("390px", PHONE), ("1280px", DESK))
    for script in ("script", "plain")
}
# Somewhere that is not where an event is, so that the reader's own time is shown too.
READER = {"locale": "en-GB", "timezone_id": "Asia/Tokyo", "reduced_motion": "reduce"}

Windows = Callable[..., Reader]


@dataclass(frozen=True)
class Site:
    """The running campaign of the journeys: where it is, its mail, and its first way in."""

    campaign: Campaign
    mailbox: Mailbox
    first_link: str

    @property
    def address(self) -> str:
        """Give the address of the home page, without its last slash."""
        return self.campaign.address


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a campaign as `make run` starts it: SQLite, the starter campaign, a local mailbox."""
    campaign = Campaign(tmp_path_factory.mktemp("journeys") / "instance")
    campaign.start("run", "--port", str(campaign.port))
    try:
        campaign.wait_until_ready()
        printed = re.search(r"^Sign in once\s+(\S+)$", campaign.log.read_text(), re.MULTILINE)
        assert printed is not None, campaign.log.read_text()
        yield Site(campaign, Mailbox(campaign.instance / "mailbox"), printed[1])
    finally:
        campaign.stop()


@pytest.fixture(params=WINDOWS.values(), ids=WINDOWS.keys())
def window(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give a kind of window; what asks for it runs once in each: two widths, script and none."""
    return dict(request.param)


@pytest.fixture
def windows(browser: Browser, site: Site) -> Iterator[Windows]:
    """Give a way to open windows on the campaign, all closed at the end."""
    with ExitStack() as opened:

        def new(*, is_organiser: bool = False, **options: Any) -> Reader:
            context = opened.enter_context(_context(browser, **options))
            return Reader(context, site.address, is_organiser=is_organiser)

        yield new


@pytest.fixture
def reader(windows: Windows, window: dict[str, Any]) -> Reader:
    """Give a stranger's window of each kind."""
    return windows(**window)


@pytest.fixture(scope="session")
def organisers_cookie(browser: Browser, site: Site) -> Any:
    """Sign in once by the link that was printed, and give what the browser keeps of it."""
    with _context(browser, viewport=PHONE) as context:
        reader = Reader(context, site.address, is_organiser=True)
        reader.open(site.first_link)
        reader.press("Sign in")
        assert reader.path == "/office/"
        return context.storage_state()


@pytest.fixture
def organiser(windows: Windows, window: dict[str, Any], organisers_cookie: Any) -> Reader:
    """Give a window of each kind in which an organiser is signed in."""
    return windows(**window, is_organiser=True, storage_state=organisers_cookie)


@pytest.fixture
def someone() -> str:
    """Give an address that nobody has used before."""
    return f"someone-{uuid4().hex[:12]}@example.org"


@contextmanager
def _context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(**{**READER, **options})
    context.set_default_timeout(10_000)
    try:
        yield context
    finally:
        context.close()
