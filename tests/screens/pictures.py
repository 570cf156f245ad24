"""Pictures of pages: WebP, whole but not endless, and small."""

import base64
import subprocess
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from tests.services.programs import program

# Beyond this a page is cut: who wants to read on opens it.
TALLEST = 2400
# What is tried in turn until a picture is small enough: how it is packed, and its scale. Few
# colours and much text: without loss a page is often smaller than with it.
TRIES = (
    (("-lossless", "-z", "6"), 1.0),
    (("-q", "60", "-m", "6"), 1.0),
    (("-q", "50", "-m", "6"), 0.75),
    (("-q", "45", "-m", "6"), 0.6),
    (("-q", "35", "-m", "6"), 0.5),
    (("-q", "25", "-m", "6"), 0.45),
)


def missing_packer() -> str | None:
    """Say in one line what to install, or None where pictures can be packed."""
    return None if program("cwebp") else "cwebp is not here: apt-get install webp"


def take(
    page: Page, browser: CDPSession, into: Path, *, most: int | None, tallest: int = TALLEST
) -> int:
    """Keep a picture of the page as it is shown now, in at most so many bytes; give its bytes."""
    width, height = page.evaluate(
        "[document.documentElement.clientWidth, document.documentElement.scrollHeight]"
    )
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, tallest), "scale": 1}
    taken = browser.send(
        "Page.captureScreenshot", {"format": "png", "clip": clip, "captureBeyondViewport": True}
    )
    whole, picture = base64.b64decode(taken["data"]), b""
    for packing, scale in TRIES:
        resized = [] if scale == 1 else ["-resize", str(round(width * scale)), "0"]
        picture = _packed(whole, [*packing, *resized])
        if most is None or len(picture) <= most:
            break
    into.write_bytes(picture)
    return len(picture)


def _packed(picture: bytes, options: list[str]) -> bytes:
    cwebp = program("cwebp")
    assert cwebp is not None, missing_packer()
    return subprocess.run(
        [cwebp, "-quiet", *options, "-o", "-", "--", "-"],
        input=picture,
        capture_output=True,
        check=True,
    ).stdout
