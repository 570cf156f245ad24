"""A reader in a browser, who looks at every page they come to for what no page may do."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request

# What a browser says of a page that was answered with 404 or 422: no fault of the page.
_ANSWER = "Failed to load resource: the server responded with a status of"


class Reader:
    """One window of a browser on the campaign.

    After each step, `look` holds the page to the rules for all pages: nothing asked of another
    host, nothing that the console complains about (a breach of the content policy among it), no
    cookie for a stranger, no sideways scrolling, one h1 and one main.
    """

    def __init__(
        self, context: BrowserContext, address: str, *, is_organiser: bool = False
    ) -> None:
        self.page: Page = context.new_page()
        self.address = address
        self.complaints: list[str] = []
        self._context, self._is_organiser = context, is_organiser
        self._host = urlsplit(address).netloc
        context.on("request", self._note_request)
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))

    def open(self, address: str) -> int:
        """Open a page by its path or by its full address, look at it, and give its status."""
        answer = self.page.goto(address if "://" in address else self.address + address)
        assert answer is not None, address
        self.look()
        return answer.status

    def follow(self, name: str, *, within: Locator | None = None) -> None:
        """Follow the link of a name: one that is to be seen, as a reader would have to."""
        links = (within or self.page).get_by_role("link", name=name, exact=True)
        self._leave_by(links.first)

    def press(self, name: str) -> None:
        """Press the button of a name, which is the only one that is called so."""
        self._leave_by(self.page.get_by_role("button", name=name, exact=True))

    def _leave_by(self, thing: Locator) -> None:
        with self.page.expect_navigation():
            thing.click()
        self.look()

    def fill(self, **fields: str) -> None:
        """Type into fields, each named as the form names it; open what hides one."""
        for name, value in fields.items():
            closed = self.page.locator(f"main details:not([open]):has([name={name}]) > summary")
            if closed.count():
                closed.click()
            self.page.locator(f"main [name={name}]").fill(value)

    @property
    def path(self) -> str:
        """Tell where the reader is."""
        return urlsplit(self.page.url).path

    @property
    def heading(self) -> str:
        """Give the heading of the page."""
        return self.page.locator("h1").inner_text()

    @property
    def words(self) -> str:
        """Give what the page says."""
        return self.page.locator("main").inner_text()

    def look(self) -> None:
        """Hold the page that is open to the rules for all pages."""
        page, where = self.page, self.path
        assert self.complaints == [], (where, self.complaints)
        assert page.locator("h1").count() == 1, f"{where}: one h1"
        assert page.locator("main").count() == 1, f"{where}: one main"
        width = page.viewport_size["width"] if page.viewport_size else 0
        found = page.evaluate("document.scrollingElement.scrollWidth")
        assert found <= width, f"{where} scrolls sideways: {found} px on {width} px"
        if not self._is_organiser:
            assert self._context.cookies() == [], f"{where}: a stranger gets no cookie"

    def _note_request(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in {"http", "https", "ws", "wss"} and asked.netloc != self._host:
            self.complaints.append(f"asked of another host: {request.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_ANSWER):
            self.complaints.append(f"console: {message.text}")

    def axe(self, source: str, rules: dict[str, Any]) -> list[str]:
        """Have axe look at the page, and give what it finds, a line for each."""
        if self.page.evaluate("typeof axe === 'undefined'"):
            # As a debugger would, which the content policy does not stop.
            self.page.evaluate(source)
        found = self.page.evaluate("(rules) => axe.run(document, rules)", rules)
        return [
            f"{self.path}: {wrong['id']}: {' '.join(map(str, node['target']))}: "
            f"{' '.join(str(node['failureSummary']).split())}"
            for wrong in found["violations"]
            for node in wrong["nodes"]
        ]
