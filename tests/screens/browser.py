"""Chromium for programs that are no tests: the distribution's, kept from calling home."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.services import chromium_arguments, chromium_path


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, which must be here, and end it again."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=chromium_arguments()
        )
        try:
            yield browser
        finally:
            browser.close()
