"""The three journeys on PostgreSQL and through a real Postfix, with web and worker as processes."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urljoin
from uuid import uuid4

import psycopg
import pytest
from icalendar import Calendar

from tests.journeys.running import Campaign, link_in, recipient_of, text_of, wait_until
from tests.services import Received, Sink, postgresql
from tests.visitor import forms_in

DOMAIN = "campaign.example"
OWN_WORDS = "I teach children who will live with what you decide in Geneva."


@dataclass(frozen=True)
class Answer:
    """What a page answered: where one came to, with what status, and the page."""

    address: str
    status: int
    page: str


@dataclass
class Caller:
    """A program that opens pages and sends their forms over HTTP, and keeps cookies."""

    base: str
    cookies: CookieJar = field(default_factory=CookieJar)

    def open(self, address: str, fields: dict[str, str] | None = None) -> Answer:
        """Open a page, or post fields to it, and follow where it leads."""
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        body = None if fields is None else urlencode(fields).encode()
        try:
            with opener.open(urljoin(self.base, address), body, timeout=20) as answer:
                return Answer(answer.geturl(), answer.status, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.geturl(), refused.code, refused.read().decode())

    def send(self, address: str, action: str = "", **fields: str) -> Answer:
        """Open a page, fill in its form whose action ends with `action`, and press its button."""
        page = self.open(address)
        assert page.status == 200, page
        found = [
            form
            for form in forms_in(page.page)
            if form["method"] == "post" and form["action"].endswith(action)
        ]
        assert found, page.page
        return self.open(
            urljoin(page.address, found[0]["action"]), {**found[0]["fields"], **fields}
        )


@dataclass(frozen=True)
class Place:
    """A campaign on real servers: itself, and where its mail arrives."""

    campaign: Campaign
    sink: Sink

    def caller(self) -> Caller:
        """Give a program that has not been here before."""
        return Caller(self.campaign.address)

    def mails_to(self, address: str) -> list[Received]:
        """Give what has arrived for an address, in its order."""
        return [mail for mail in list(self.sink.received) if mail.recipients == [address]]

    def wait_for(self, address: str, count: int = 1) -> Received:
        """Give the newest mail to an address, once `count` have arrived."""
        wait_until(
            lambda: len(self.mails_to(address)) >= count,
            within=30,
            what=f"{count} mails to {address}",
        )
        found = self.mails_to(address)
        assert len(found) == count, [str(mail.message["Subject"]) for mail in found]
        assert recipient_of(found[-1].message) == address
        return found[-1]


@pytest.fixture(scope="module")
def _campaign(
    postgres_server: str,
    _postfix_and_sink: tuple[Sink, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Campaign]:
    # The shared PostgreSQL may lose rows with the power; this one is as operators have it. Asking
    # for the shared one skips and marks the tests wherever there is none.
    with postgresql(durable=True) as server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE campaign")
        folder: Path = tmp_path_factory.mktemp("real") / "instance"
        campaign = Campaign(
            folder,
            {
                "SECRET_KEY": "a secret of the journeys, long enough",
                "DATABASE_URL": server.removesuffix("postgres") + "campaign",
                "MAIL_SERVER": "127.0.0.1",
                "MAIL_PORT": str(_postfix_and_sink[1]),
                "MAIL_DOMAIN": DOMAIN,
            },
        )
        folder.mkdir()
        campaign.do("migrate")
        campaign.do("starter")
        campaign.start("web", "--port", str(campaign.port))
        campaign.start("worker")
        try:
            campaign.wait_until_ready()
            yield campaign
        finally:
            campaign.stop()


@pytest.fixture
def place(_campaign: Campaign, postfix_relay: tuple[Sink, int]) -> Place:
    """Give the campaign on real servers, with an empty sink."""
    return Place(_campaign, postfix_relay[0])


@pytest.fixture
def someone() -> str:
    """Give an address that nobody has used before."""
    return f"someone-{uuid4().hex[:12]}@example.org"


def returns_to_us(mail: Received) -> bool:
    """Tell whether a bounce would come back to us with the token of this mail alone (VERP)."""
    return re.fullmatch(rf"bounces\+[A-Za-z0-9_-]{{8,}}@{DOMAIN}", mail.sender) is not None


def calendar_of(mail: Received) -> Calendar:
    [part, *_] = [p for p in mail.message.walk() if p.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_content())
    assert part["Content-Type"].params["method"] == calendar["METHOD"]
    return calendar


def test_somebody_signs_up_and_withdraws(place: Place, someone: str) -> None:
    caller = place.caller()

    answer = caller.send("/events/may-13-london", "/sign-up", name="Zoë Example", email=someone)

    assert answer.address.endswith("/events/may-13-london/signed-up")
    invitation = place.wait_for(someone)
    assert returns_to_us(invitation)
    request = calendar_of(invitation)
    [event] = request.events
    assert request["METHOD"] == "REQUEST"
    assert event["ATTENDEE"].lower() == f"mailto:{someone}"
    # Nothing that was typed stands in a mail before its button is pressed.
    assert event["ATTENDEE"].params["CN"] == someone
    caller.send(link_in(invitation.message, "/events/withdraw"))
    cancellation = place.wait_for(someone, 2)
    assert returns_to_us(cancellation)
    assert cancellation.sender != invitation.sender
    cancel = calendar_of(cancellation)
    assert cancel["METHOD"] == "CANCEL"
    assert cancel.events[0]["UID"] == event["UID"]
    assert cancel.events[0]["SEQUENCE"] > event["SEQUENCE"]
    assert len(caller.cookies) == 0


def test_a_subscriber_gets_an_issue_and_leaves_with_one_click(place: Place, someone: str) -> None:
    caller, title = place.caller(), f"Geneva is near ({uuid4().hex[:8]})"
    caller.send("/newsletter", "/subscribe", email=someone, name="Zoë")
    asking = place.wait_for(someone)
    assert asking.message["List-Unsubscribe-Post"] is None
    caller.send(link_in(asking.message, "/confirm"))
    place.wait_for(someone, 2)
    organiser = place.caller()
    way_in = place.campaign.do("organiser", "add", "ada@example.org", "--role", "editor").split()
    assert organiser.send(way_in[-1]).address.endswith("/office/")
    text = "The summit has a **date**: größer als nichts. " * 20
    written = organiser.send("/office/newsletter/issues/new", "/new", title=title, source=text)
    assert written.status == 200
    mailing = f"/office/mailings/issue/{written.address.rpartition('/')[2]}"
    plan = organiser.open(f"{mailing}/plan")
    [chosen] = [form for form in forms_in(plan.page) if form["action"].endswith("/send")]
    organiser.send(f"{mailing}/send?{urlencode(chosen['fields'])}", "/send")

    issue = place.wait_for(someone, 3)

    assert returns_to_us(issue)
    assert issue.message["Subject"] == title
    assert "größer als nichts" in text_of(issue.message)
    assert issue.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert issue.message["List-Id"] is not None
    assert all(len(line) <= 998 for line in issue.raw.splitlines())
    by_web, by_mail = re.findall(r"<([^>]+)>", str(issue.message["List-Unsubscribe"]))
    if by_web.startswith("mailto:"):
        by_web, by_mail = by_mail, by_web
    assert by_mail.startswith("mailto:unsubscribe+")
    program = place.caller()
    for _ in range(2):
        answer = program.open(by_web, {"List-Unsubscribe": "One-Click"})
        assert (answer.status, answer.address) == (200, by_web)
    assert len(program.cookies) == 0
    listed = organiser.open(f"/office/newsletter/subscribers?q={someone}&format=csv").page
    assert "left" in next(line for line in listed.splitlines() if someone in line)


def test_a_letter_goes_to_the_minister_and_its_answer_to_the_writer(
    place: Place, someone: str
) -> None:
    caller = place.caller()
    answer = caller.send(
        "/write/gb", name="Zoë Example", email=someone, own_words=OWN_WORDS, way="send"
    )
    assert answer.address.endswith("/write/check-your-mail")
    asking = place.wait_for(someone)
    assert place.mails_to("minister@gb.example") == []

    caller.send(link_in(asking.message, "/write/confirm"))

    letter = place.wait_for("minister@gb.example")
    assert returns_to_us(letter)
    assert [reply.addr_spec for reply in letter.message["Reply-To"].addresses] == [someone]
    [sender] = letter.message["From"].addresses
    assert sender.display_name == "Zoë Example via Pause Frontier AI"
    assert sender.domain == DOMAIN
    assert OWN_WORDS in text_of(letter.message).replace("\n", " ")
    copy = place.wait_for(someone, 2)
    assert OWN_WORDS in text_of(copy.message).replace("\n", " ")
