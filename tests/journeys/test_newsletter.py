"""Journey two: people subscribe, an organiser writes them an issue, and they leave again."""

import urllib.request
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.journeys.conftest import Site, Windows
from tests.journeys.reader import Reader
from tests.journeys.running import link_in, text_of, wait_until

ORGANISER = "organiser@campaign.example"


def subscribe(reader: Reader, site: Site, address: str) -> None:
    reader.open("/newsletter")
    reader.fill(email=address, name="Ada Example")
    reader.press("Subscribe")
    assert reader.path == "/newsletter/check-your-mail"
    _key, asking = site.mailbox.wait_for(address)
    reader.open(link_in(asking, "/confirm"))
    reader.press("Yes, I want the newsletter")
    assert reader.heading == "You are subscribed"
    _key, welcome = site.mailbox.wait_for(address, 2)
    assert welcome["Subject"] == "Welcome to the newsletter"


def write(organiser: Reader, title: str) -> None:
    organiser.open("/office/newsletter")
    organiser.follow("Write an issue")
    organiser.fill(
        title=title,
        source="The summit has a **date**.\n\n- [What we ask](/proposal)\n- Come on 13 May\n",
    )
    organiser.press("Save the draft")
    assert organiser.heading == title


def status_of(organiser: Reader, address: str) -> str:
    organiser.open(f"/office/newsletter/subscribers?q={address}")
    return organiser.page.get_by_role("row").filter(has_text=address).inner_text()


def leave_with_one_click(issue: EmailMessage) -> tuple[int, bool]:
    """Leave as a mail program does: one POST, no page opened before, no cookie (RFC 8058)."""
    assert issue["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [address] = [part for part in str(issue["List-Unsubscribe"]).split("<") if "http" in part]
    body = urlencode({"List-Unsubscribe": "One-Click"}).encode()
    with urllib.request.urlopen(address.partition(">")[0], body, timeout=10) as answer:
        return answer.status, "Set-Cookie" in answer.headers


def test_an_issue_reaches_those_who_confirmed_and_they_can_leave(
    reader: Reader,
    organiser: Reader,
    windows: Windows,
    window: dict[str, Any],
    site: Site,
    someone: str,
) -> None:
    another, title = someone.replace("@", ".2@"), f"Geneva is near ({uuid4().hex[:8]})"
    subscribe(reader, site, someone)
    subscribe(reader, site, another)
    write(organiser, title)
    as_html = organiser.page.frame_locator("iframe").locator("body")
    assert as_html.locator("strong", has_text="date").count() == 1
    organiser.page.get_by_text("The same as text").click()
    as_text = organiser.page.get_by_role("group", name="The mail as text").inner_text()
    assert "What we ask" in as_text
    assert f"{site.address}/proposal" in as_text

    organiser.press(f"Send to me ({ORGANISER})")
    wait_until(lambda: bool(issues(site, ORGANISER, title)), within=15, what="the trial arrives")
    assert issues(site, someone, title) == []
    organiser.follow("Sending")
    organiser.follow("Send…")
    organiser.press("Go on")
    organiser.press("Send it now")

    _key, issue = site.mailbox.wait_for(someone, 3)
    assert issue["Subject"] == title
    assert f"{site.address}/proposal" in text_of(issue)
    assert "<strong" in text_of(issue, "text/html")
    reader.open(link_in(issue, "/unsubscribe"))
    reader.press("Leave the newsletter")
    assert reader.heading == "You have left the newsletter"
    assert "left" in status_of(organiser, someone)
    _key, other_issue = site.mailbox.wait_for(another, 3)
    assert "subscribed" in status_of(organiser, another)
    assert leave_with_one_click(other_issue) == (200, False)
    assert leave_with_one_click(other_issue) == (200, False)
    assert "left" in status_of(organiser, another)
    # A browser may keep a public page for a minute; somebody new sees the newest.
    newcomer = windows(**window)
    newcomer.open("/newsletter")
    newcomer.follow(title)
    assert newcomer.heading == title


def issues(site: Site, address: str, title: str) -> list[EmailMessage]:
    return [mail for _key, mail in site.mailbox.mails_to(address) if title in str(mail["Subject"])]


def test_the_link_that_was_printed_lets_in_once(
    organiser: Reader, windows: Windows, window: dict[str, Any], site: Site
) -> None:
    organiser.open("/office/")
    assert organiser.path == "/office/"
    second = windows(**window, is_organiser=True)

    status = second.open(site.first_link)

    assert (status, second.heading) == (410, "You cannot come in this way")
    second.open("/office/")
    assert second.path == "/office/sign-in"
