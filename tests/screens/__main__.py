"""Take the pictures of the campaign: `python -m tests.screens [NAME …] [--into FOLDER]`."""

import argparse
import html
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page

from campaign.config import ROOT
from tests.drills.private import private
from tests.screens.browser import chromium
from tests.screens.mails import half, read, sample_mails, scratch
from tests.screens.pictures import TALLEST, missing_packer, take
from tests.screens.shots import OFFICE, PUBLIC, Shot, Visit
from tests.screens.stage import Stage, set_up
from tests.services import missing

KEPT = ROOT / "docs" / "screens"
WIDTHS, MAIL_WIDTHS = {390: 844, 1280: 800}, {360: 640, 700: 900}
SCHEMES = ("light", "dark")
# What is kept in the tree: all of it, a main picture, another one.
MOST_BYTES, MOST_OF_MAIN, MOST_OF_OTHERS = 8_000_000, 60_000, 36_000
MAILS = "mail-*"


class Album:
    """The folder that pictures go into, which of them are wanted, and what went wrong."""

    def __init__(self, folder: Path, *, names: list[str], to_look_at: bool) -> None:
        self.folder, self._names, self._to_look_at = folder, names, to_look_at
        self.taken: dict[str, int] = {}
        self.failed: list[str] = []

    def wants(self, name: str) -> bool:
        """Tell whether a picture of this name was asked for."""
        return not self._names or any(fnmatch(name, one) for one in self._names)

    def add(self, page: Page, name: str, widths: dict[int, int], *, is_main: bool) -> None:
        """Take the open page at each width, in light and, where it counts, in dark."""
        browser = page.context.new_cdp_session(page)
        most, tallest = MOST_OF_MAIN if is_main else MOST_OF_OTHERS, TALLEST
        if self._to_look_at:
            most, tallest = None, 4 * TALLEST
        for width, height in widths.items():
            page.set_viewport_size({"width": width, "height": height})
            if page.locator("body.office").count():
                # What is as tall as the window stands beside all of the page.
                tall = min(page.evaluate("document.documentElement.scrollHeight"), tallest)
                page.set_viewport_size({"width": width, "height": max(height, tall)})
            for scheme in SCHEMES if is_main or self._to_look_at else SCHEMES[:1]:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.evaluate("document.fonts.ready.then(() => true)")
                into = self.folder / f"{name}-{width}-{scheme}.webp"
                self.taken[into.name] = take(page, browser, into, most=most, tallest=tallest)
        browser.detach()
        print(f"  {name}", flush=True)

    def come(self, visit: Visit, shot: Shot) -> None:
        """Come to what a picture is of, and take it; what cannot be come to is told at the end."""
        # A form wants a window; most people's is a telephone.
        visit.page.set_viewport_size({"width": 390, "height": 844})
        try:
            shot.come(visit)
        except (Error, ValueError) as trouble:
            self.failed.append(f"{shot.name}: {str(trouble).splitlines()[0]}")
            return
        self.add(visit.page, shot.name, WIDTHS, is_main=shot.is_main)

    def forget_others(self) -> None:
        """Remove pictures of what is no longer there."""
        for file in self.folder.glob("*.webp"):
            if file.name not in self.taken:
                file.unlink()


def main() -> int:
    """Take all pictures or some of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as event or 'office*'")
    parser.add_argument("--into", type=Path, default=KEPT, metavar="FOLDER")
    parser.add_argument(
        "--look", action="store_true", help="everything in dark too, whole and without loss"
    )
    asked = parser.parse_args()
    # Ended from outside, it still cleans up after itself.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if word := missing("chromium") or missing_packer():
        print(word, file=sys.stderr)
        return 1
    asked.into.mkdir(parents=True, exist_ok=True)
    album = Album(asked.into, names=asked.names, to_look_at=asked.look)
    with chromium() as browser:
        if any(album.wants(shot.name) for shot in [*PUBLIC, *OFFICE]):
            _take_pages(browser, album)
        if not asked.names or any(name.startswith("mail-") for name in asked.names):
            _take_mails(browser, album)
    if not asked.names and not album.failed:
        album.forget_others()
    write_list(asked.into)
    return _tell(album)


def _take_pages(browser: Browser, album: Album) -> None:
    # The mailbox is read on loopback only, and its invitations are not for a relay.
    with private(MAIL_SERVER="") as campaign:
        stage = set_up(campaign)
        campaign.start_web()
        for shots, come_in in ((OFFICE, _sign_in), (PUBLIC, _stay_outside)):
            with _window(browser, campaign.url, stage) as visit:
                come_in(visit)
                for shot in shots:
                    if album.wants(shot.name):
                        album.come(visit, shot)


def _sign_in(visit: Visit) -> None:
    visit.open(visit.stage.sign_in)
    visit.press("main form")


def _stay_outside(visit: Visit) -> None:
    """Be a stranger."""


@contextmanager
def _window(browser: Browser, address: str, stage: Stage) -> Iterator[Visit]:
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London")
    context.set_default_timeout(15_000)
    try:
        yield Visit(context.new_page(), address, stage)
    finally:
        context.close()


def _take_mails(browser: Browser, album: Album) -> None:
    with tempfile.TemporaryDirectory(prefix="campaign-mails-") as folder:
        mails = sample_mails(scratch(Path(folder)))
    context = browser.new_context(java_script_enabled=True)
    # As most programs show a mail first: without what it would fetch.
    context.route("**/*", lambda route: route.abort())
    page = context.new_page()
    for kind, raw in mails.items():
        if album.wants(name := f"mail-{kind}"):
            mail = read(raw)
            plain = f"<pre style='white-space: pre-wrap'>{html.escape(half(mail, 'plain'))}</pre>"
            page.set_content(half(mail, "html") or plain, wait_until="domcontentloaded")
            album.add(page, name, MAIL_WIDTHS, is_main=False)
    context.close()


def _tell(album: Album) -> int:
    total = sum(file.stat().st_size for file in album.folder.glob("*.webp"))
    heaviest = sorted(album.taken.items(), key=lambda one: -one[1])[:3]
    print(
        f"{len(album.taken)} pictures, {sum(album.taken.values()) / 1e6:.2f} MB; the folder "
        f"{total / 1e6:.2f} MB; the heaviest: "
        + ", ".join(f"{name} {size / 1000:.0f} kB" for name, size in heaviest)
    )
    for line in album.failed:
        print(f"not taken: {line}", file=sys.stderr)
    if album.folder == KEPT and total > MOST_BYTES:
        print(f"more than the {MOST_BYTES / 1e6:.0f} MB that are to be kept", file=sys.stderr)
        return 1
    return 1 if album.failed else 0


def write_list(folder: Path) -> None:
    """List the pictures that are in a folder, with what each shows."""
    lines = [
        "# Screens",
        "",
        "The campaign as it looks: its pages, their states, its mails and the office, on a",
        "telephone (390 pixels) and on a desk (1280), mails at 360 and 700. A tall page is cut.",
        "The people and the numbers are made up.",
        "",
        "```sh",
        "make screens                                 # all of them anew",
        "make screens ARGS=\"home 'event*'\"            # some",
        'make screens ARGS="--look --into build/look" # all in light and dark, whole, elsewhere',
        "```",
        "",
    ]
    known = [("Pages and states", PUBLIC), ("The office", OFFICE)]
    for heading, shots in known:
        lines += [f"## {heading}", "", "| name | what it shows | pictures |", "| --- | --- | --- |"]
        lines += _rows(folder, ((shot.name, shot.what) for shot in shots))
        lines.append("")
    kinds = sorted({file.stem.rsplit("-", 2)[0] for file in folder.glob(f"{MAILS}.webp")})
    if kinds:
        lines += ["## Mails", "", "| name | what it shows | pictures |", "| --- | --- | --- |"]
        lines += _rows(folder, ((kind, f"`{kind[5:]}`") for kind in kinds))
        lines.append("")
    (folder / "README.md").write_text("\n".join(lines).rstrip() + "\n")


def _rows(folder: Path, shots: Any) -> Iterator[str]:
    for name, what in shots:
        files = [
            file
            for width in (*WIDTHS, *MAIL_WIDTHS)
            for scheme in SCHEMES
            if (file := folder / f"{name}-{width}-{scheme}.webp").exists()
        ]
        if files:
            found = " · ".join(f"[{_size(file)}]({file.name})" for file in files)
            yield f"| {name} | {what} | {found} |"


def _size(file: Path) -> str:
    return " ".join(file.stem.rsplit("-", 2)[1:])


if __name__ == "__main__":
    sys.exit(main())
