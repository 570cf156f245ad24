"""Every page as axe sees it, in light and in dark: no breach of WCAG 2.2, levels A and AA."""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import DESK, PHONE, Site, Windows
from tests.journeys.reader import Reader
from tests.journeys.running import link_in

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# What a frame shows is a mail; it is not of this page.
COMMON = {"iframes": False, "resultTypes": ["violations"]}
RULES = {**COMMON, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# In the dark only colours differ.
COLOURS = {
    **COMMON,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
PUBLIC = [
    "/", "/proposal", "/risks", "/learn", "/about", "/privacy", "/news", "/events",
    "/actions/may-13", "/actions/may-2024", "/events/may-13-london",
    "/events/may-13-london/signed-up", "/newsletter", "/newsletter/check-your-mail",
    "/newsletter/confirmed", "/newsletter/never-again", "/write", "/write/gb", "/write/de",
    "/write/check-your-mail", "/write/thank-you", "/summits", "/mailbox",
    "/newsletter/subscribe-from", "/newsletter/embed", "/newsletter/embed/check-your-mail",
    "/search?q=treaty", "/search?q=zebra",
    "/nothing-is-here",
]  # fmt: skip
OFFICE = [
    "/office/sign-in", "/office/sign-in/sent",
    "/office/", "/office/events", "/office/events/new", "/office/newsletter",
    "/office/newsletter/issues/new", "/office/newsletter/issues/1", "/office/letters",
    "/office/newsletter/issues/1/check", "/office/newsletter/issues/1/versions",
    "/office/newsletter/issues/1/versions/1", "/office/mailings/issue/1",
    "/office/mailings/issue/1/plan", "/office/newsletter/issues/1/seeds",
    "/office/newsletter/subscribers", "/office/outbox", "/office/organisers", "/office/summits",
    "/office/inbound", "/office/inbound/all",
    "/office/newsletter/images", "/office/newsletter/automations",
    "/office/people", "/office/people/tags", "/office/segments",
    "/office/segments/new?match=any&1.is=city&1.city=Oz&1.country=GB&2.match=all&2-1.is=tag",
    "/office/newsletter/automations/digest",
    "/office/newsletter/automations/digest/en", "/office/newsletter/embed",
    "/office/organisers/1/remove",
]  # fmt: skip
FORMS = {
    "/events/may-13-london": "Sign up for London",
    "/newsletter": "Subscribe",
    "/newsletter/embed": "Subscribe",
    "/write/gb": "Send it for me",
}


def found_on(reader: Reader) -> list[str]:
    """Give what axe finds on the open page, in light and in dark."""
    found = []
    for scheme, rules in (("light", RULES), ("dark", COLOURS)):
        reader.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {line}" for line in reader.axe(AXE, rules)]
    return found


@pytest.fixture(params=[PHONE, DESK], ids=["390px", "1280px"])
def size(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_public_pages(windows: Windows, size: Any) -> None:
    reader = windows(viewport=size)
    found = []

    for path in PUBLIC:
        reader.open(path)
        found += found_on(reader)

    assert found == []


def test_forms_that_name_mistakes(windows: Windows, size: Any) -> None:
    reader = windows(viewport=size)
    found = []

    for path, button in FORMS.items():
        reader.open(path)
        reader.press(button)
        found += found_on(reader)

    assert found == []


def test_pages_behind_the_links_of_mails(
    windows: Windows, size: Any, site: Site, someone: str
) -> None:
    reader = windows(viewport=size)
    reader.open("/events/may-13-berlin")
    reader.fill(name="Ada Example", email=someone)
    reader.press("Sign up for Berlin")
    key, invitation = site.mailbox.wait_for(someone)
    found = []

    reader.open(link_in(invitation, "/events/coming"))
    found += found_on(reader)
    reader.press("Yes, I am coming")
    found += found_on(reader)
    for address in (f"/mailbox/{key}", link_in(invitation, "/events/withdraw")):
        reader.open(address)
        found += found_on(reader)
    reader.press("Give up my place")
    found += found_on(reader)

    assert found == []


def test_the_office(windows: Windows, size: Any, organisers_cookie: Any) -> None:
    reader = windows(viewport=size, is_organiser=True, storage_state=organisers_cookie)
    found = []

    for path in OFFICE:
        assert reader.open(path) == 200, path
        found += found_on(reader)

    assert found == []
