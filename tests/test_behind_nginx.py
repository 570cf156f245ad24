"""Behind nginx as operators are told to set it up: it keeps what strangers share, and no more."""

import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPMessage
from urllib.error import HTTPError

import pytest

from tests.drills.private import Private, contention, private
from tests.pages.making import keep, page
from tests.plugin_services import needed
from tests.services.programs import HERE
from tests.services.proxies import proxy

# Seconds: nginx looks again after one, has what it has for one more, and a process of the program
# reads the revision twice in one.
SEEN_WITHIN = 3.0


@pytest.fixture(scope="module")
def campaign() -> Iterator[Private]:
    """Give a campaign that is served."""
    needed("nginx")
    with private(TRUSTED_PROXIES=1, WEB_WORKERS=2) as campaign:
        keep(campaign.app, "a.md", page(body="Before."))
        campaign.start_web()
        yield campaign


@pytest.fixture
def site(campaign: Private) -> Iterator[str]:
    """Give the address of nginx before it."""
    with proxy("nginx", to=campaign.port) as port:
        yield f"http://{HERE}:{port}"


def get(url: str, **headers: str) -> tuple[int, str, HTTPMessage]:
    asked = urllib.request.Request(
        url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, answer.read().decode("utf-8", "replace"), answer.headers
    except HTTPError as refused:
        return refused.code, "", refused.headers


def test_a_change_is_seen_through_nginx_soon(campaign: Private, site: str) -> None:
    keep(campaign.app, "a.md", page(body="Before."))
    before = get(f"{site}/a")[1]
    within = SEEN_WITHIN * max(contention(), 1)

    keep(campaign.app, "a.md", page(body="After."))
    until = time.monotonic() + within
    while "After." not in (after := get(f"{site}/a")[1]) and time.monotonic() < until:
        time.sleep(0.1)

    assert "Before." in before or "After." in before
    assert "After." in after


def test_what_nginx_gives_is_what_the_program_gives(campaign: Private, site: str) -> None:
    keep(campaign.app, "b.md", page(body="word " * 500))
    for encoding in (
        "identity",
        "gzip",
        "br",
        "br;q=0, gzip;q=0.5",
        "gzip;q=0,br; q=1.0",
        "br;q=0.0",
    ):
        straight = get(f"{campaign.url}/b", Accept_Encoding=encoding, X_Forwarded_Proto="https")
        for _ in range(2):
            through = get(f"{site}/b", Accept_Encoding=encoding)

            assert told(through[2]) == told(straight[2])
            assert through[:2] == straight[:2]


def told(headers: HTTPMessage) -> dict[str, str]:
    """Give the headers but for those of the connection, and of the process that made the page."""
    of_others = {"date", "server", "connection", "transfer-encoding", "last-modified"}
    return {name.lower(): value for name, value in headers.items() if name.lower() not in of_others}


def test_nobody_gets_the_session_of_another(site: str) -> None:
    cookies = [get(f"{site}/office/sign-in")[2].get("Set-Cookie", "") for _ in range(2)]

    assert all(cookies)
    assert len(set(cookies)) == 2


def test_while_the_program_is_down_nginx_still_has_the_pages(site: str, campaign: Private) -> None:
    keep(campaign.app, "c.md", page(body="Still here."))
    assert get(f"{site}/c")[0] == 200
    get(f"{site}/health/live")

    campaign.kill_all()
    time.sleep(2.5)

    assert "Still here." in get(f"{site}/c")[1]
    assert get(f"{site}/health/live")[0] == 502
