"""Journey one: somebody signs up for the protest of 13 May, and gives the place up again."""

import re

from icalendar import Calendar, Component

from tests.journeys.conftest import Site
from tests.journeys.reader import Reader
from tests.journeys.running import link_in, text_of

LONDON = "/events/may-13-london"


def calendar_of(mail) -> tuple[Calendar, Component]:
    calendar = Calendar.from_ical(text_of(mail, "text/calendar"))
    [event] = calendar.events
    return calendar, event


def people_coming(reader: Reader) -> int:
    # Asked anew: a browser may keep a public page for a minute.
    words = _fetched(reader, LONDON)
    found = re.search(r"(\d+) (?:person is|people are) coming", words)
    return int(found[1]) if found else 0


def sign_up(reader: Reader, address: str) -> None:
    reader.open(LONDON)
    reader.fill(name="Ada Example", email=address)
    reader.press("Sign up for London")


def test_somebody_finds_their_city_signs_up_and_withdraws(
    reader: Reader, site: Site, someone: str
) -> None:
    before = people_coming(reader)
    reader.open("/")
    reader.follow("Find your city")
    assert reader.path == "/actions/may-13"
    cities = reader.page.get_by_role("region", name="Find your city")
    assert cities.get_by_role("listitem").count() == 14
    reader.follow("London", within=cities)
    assert reader.path == LONDON
    reader.fill(name="Ada Example", email=someone, guests="2")
    reader.press("Sign up for London")
    assert reader.heading == "Thank you. Check your mail"

    key, invitation = site.mailbox.wait_for(someone)

    calendar, event = calendar_of(invitation)
    assert str(calendar["METHOD"]) == "REQUEST"
    assert event["ATTENDEE"].upper() == f"MAILTO:{someone}".upper()
    published = Calendar.from_ical(_fetched(reader, f"{LONDON}.ics")).events[0]
    assert event["UID"] == published["UID"]
    reader.open("/mailbox")
    reader.page.get_by_role("listitem").filter(has_text=someone).get_by_role("link").click()
    reader.look()
    assert reader.path == f"/mailbox/{key}"
    reader.open(link_in(invitation, "/events/coming"))
    assert reader.heading == "Are you coming?"
    reader.press("Yes, I am coming")
    assert reader.heading == "Good to know that you are coming"
    assert people_coming(reader) == before + 3
    reader.follow("Cannot come after all? Give up your place")
    assert reader.heading == "Give up your place?"
    reader.press("Give up my place")
    assert reader.heading == "You are no longer signed up"

    _key, cancellation = site.mailbox.wait_for(someone, 2)

    calendar, cancelled = calendar_of(cancellation)
    assert str(calendar["METHOD"]) == "CANCEL"
    assert str(cancelled["STATUS"]) == "CANCELLED"
    assert cancelled["UID"] == event["UID"]
    assert cancelled["SEQUENCE"] > event["SEQUENCE"]


def test_who_signs_up_twice_keeps_one_place_and_sees_the_same(
    reader: Reader, site: Site, someone: str
) -> None:
    before = people_coming(reader)
    sign_up(reader, someone)
    first_words = reader.words
    site.mailbox.wait_for(someone)

    sign_up(reader, someone)

    assert reader.words == first_words
    _key, again = site.mailbox.wait_for(someone, 2)
    assert str(calendar_of(again)[0]["METHOD"]) == "REQUEST"
    assert people_coming(reader) == before


def test_an_invitation_can_be_read_in_the_local_mailbox(
    reader: Reader, site: Site, someone: str
) -> None:
    sign_up(reader, someone)
    key, _invitation = site.mailbox.wait_for(someone)

    reader.open(f"/mailbox/{key}")

    shown = reader.page.frame_locator("iframe").locator("body").inner_text()
    assert "Are you coming?" in shown
    assert "Ada Example" not in shown
    assert "METHOD:REQUEST" in reader.words
    assert "BEGIN:VCALENDAR" in reader.words


def _fetched(reader: Reader, path: str) -> str:
    answer = reader.page.request.get(reader.address + path)
    assert answer.ok, path
    return answer.text()
