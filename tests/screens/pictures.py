"""Pictures of pages: WebP, whole but not endless, and small."""

import base64
from pathlib import Path

from playwright.sync_api import CDPSession, Page

# Beyond this a page is cut: who wants to read on opens it.
TALLEST = 2400
MOST_BYTES = 50_000
# What is tried in turn until a picture is small enough: its quality and its scale.
TRIES = ((60, 1.0), (45, 1.0), (50, 0.75), (40, 0.6), (30, 0.5))


def take(page: Page, browser: CDPSession, into: Path) -> int:
    """Keep a picture of the page as it is shown now. Returns its bytes.

    Chromium writes WebP itself, so no other program is needed.
    """
    width, height = page.evaluate(
        "[document.documentElement.clientWidth, document.documentElement.scrollHeight]"
    )
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)}
    picture = b""
    for quality, scale in TRIES:
        taken = browser.send(
            "Page.captureScreenshot",
            {
                "format": "webp",
                "quality": quality,
                "clip": {**clip, "scale": scale},
                "captureBeyondViewport": True,
            },
        )
        picture = base64.b64decode(taken["data"])
        if len(picture) <= MOST_BYTES:
            break
    into.write_bytes(picture)
    return len(picture)
