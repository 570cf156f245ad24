"""The calendars we write, line by line of what makes invitations work."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from campaign.events import calendar, external_links
from campaign.events.calendar import Entry, Party
from campaign.events.models import Event
from campaign.outbox.fields import Recipient
from campaign.outbox.filling import filled
from campaign.outbox.mail import ClaimedMessage, Content, Envelope
from campaign.outbox.mail_headers import UnsafeHeader
from campaign.outbox.placeholders import Placeholders
from tests.events.conftest import NOW, PARTICULARS
from tests.mails import compose

URL = "https://campaign.example/events/london"
ORGANIZER = Party("Pause Frontier AI", "rsvp+abc123@campaign.example")
ADA = Party("Ada Lovelace", "ada@example.org")


def an_event(**otherwise: Any) -> Event:
    given = {"uid": "one@campaign.example", "sequence": 0, "created_at": NOW, "revised_at": NOW}
    return Event(**{**PARTICULARS, "starts_on": date(2027, 5, 13), **given, **otherwise})


def a_request(event: Event | None = None, **otherwise: Any) -> str:
    return of_one(calendar.request, event or an_event(), **{"sequence": 0, **otherwise})


def a_cancellation(event: Event | None = None, **otherwise: Any) -> str:
    return of_one(calendar.cancellation, event or an_event(), **{"sequence": 1, **otherwise})


def of_one(write: Any, event: Event, *, attendee: Party = ADA, **otherwise: Any) -> str:
    """Write the calendar of a mail as it is sent: compiled for all, filled for one."""
    placeholders, given = (
        Placeholders(),
        {"url": URL, "organizer": ORGANIZER, "stamp": NOW, **otherwise},
    )
    text = write(event, attendee=placeholders("attendee"), **given)
    said = placeholders.close(Content(subject="", text="", calendar=text))
    nobody = Recipient(None, attendee.name, "", "", None, email=attendee.address)
    return filled(said, nobody, now=NOW).calendar


def published(*events: Event, name: str = "") -> str:
    entries = [Entry(event, URL) for event in events]
    return calendar.publish(entries, organizer=ORGANIZER, name=name)


def read(text: str) -> tuple[Any, list[Any]]:
    whole = icalendar.Calendar.from_ical(text)
    return whole, list(whole.walk("VEVENT"))


def lines(text: str) -> Iterator[str]:
    """Give the lines of a calendar as they were before folding (RFC 5545 section 3.1)."""
    yield from text.replace("\r\n ", "").rstrip("\r\n").split("\r\n")


def mailed(text: str, method: str) -> Any:
    leaving = ClaimedMessage(
        id=1, kind="invitation", to=ADA.address, to_name=ADA.name, person_id=None, batch_id=None,
        variant="", text_id=None, fields=None, country="", city_id=None, queued_at=NOW, tries=0,
    )  # fmt: skip
    content = Content(
        subject="Your place", text="Hello", html="<p>Hello</p>", calendar=text,
        calendar_method=method,
    )  # fmt: skip
    ours = Envelope("Pause", "hello@campaign.example", "campaign.example")
    sent = compose(content, leaving, "t", ours)
    return message_from_bytes(sent, policy=policy.default)


def test_the_calendar_stands_last_in_the_first_child_and_again_as_an_attachment() -> None:
    mail = mailed(a_request(), "REQUEST")

    first, second = mail.iter_parts()

    assert mail.get_content_type() == "multipart/mixed"
    assert first.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in first.iter_parts()] == [
        "text/plain", "text/html", "text/calendar",
    ]  # fmt: skip
    assert second.get_content_type() == "application/ics"
    assert second.get_filename() == "invite.ics"


def test_both_copies_in_a_mail_are_the_one_calendar_byte_for_byte() -> None:
    written = a_request(an_event(title="São Paulo: “für alle”, ж"))

    first, second = mailed(written, "REQUEST").iter_parts()
    inside = list(first.iter_parts())[-1]

    assert inside.get_payload(decode=True) == second.get_payload(decode=True) == written.encode()


@pytest.mark.parametrize(
    ("text", "method"), [(a_request(), "REQUEST"), (a_cancellation(), "CANCEL")]
)
def test_the_method_of_the_mail_part_is_that_of_the_calendar(text: str, method: str) -> None:
    first, _ = mailed(text, method).iter_parts()

    part = list(first.iter_parts())[-1]

    assert part["Content-Type"].params == {"charset": "utf-8", "method": method}
    assert part["Content-Transfer-Encoding"] == "base64"
    whole, (event,) = read(text)
    assert whole["method"] == method
    assert "method" not in event


def test_a_request_names_its_recipient_and_nobody_else() -> None:
    _, (event,) = read(a_request())

    attendee = event["attendee"]

    assert not isinstance(attendee, list)
    assert attendee == "mailto:ada@example.org"
    assert dict(attendee.params) == {
        "CN": "Ada Lovelace",
        "CUTYPE": "INDIVIDUAL",
        "PARTSTAT": "NEEDS-ACTION",
        "ROLE": "REQ-PARTICIPANT",
        "RSVP": "TRUE",
    }
    assert event["organizer"] == "mailto:rsvp+abc123@campaign.example"


def test_a_name_cannot_bring_a_second_address_into_a_calendar() -> None:
    text = a_request(attendee=Party('Ada";X=1:mailto:eve@example.org\r\nATTENDEE:x', ADA.address))

    assert len([line for line in lines(text) if line.startswith("ATTENDEE")]) == 1
    assert "eve@" not in text


@pytest.mark.parametrize(
    "address",
    ["a@b.example, c@d.example", "a@b.example\r\nX:1", "a@b.example\n", "no address", ""],
)
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(UnsafeHeader):
        a_request(attendee=Party("Ada", address))


def test_a_line_end_in_an_address_of_a_page_is_refused() -> None:
    with pytest.raises(UnsafeHeader):
        a_request(url="https://campaign.example/\r\nATTENDEE:mailto:eve@example.org")


def test_a_published_calendar_names_no_attendee() -> None:
    text = published(an_event(), an_event(uid="two@campaign.example"))

    assert "METHOD:PUBLISH" in lines(text)
    assert "ATTENDEE" not in text


def test_an_event_has_the_same_uid_in_mail_file_and_feed() -> None:
    event = an_event()

    texts = [a_request(event), a_cancellation(event), published(event), published(event, name="x")]

    assert {str(read(text)[1][0]["uid"]) for text in texts} == {"one@campaign.example"}


def test_a_cancellation_has_the_uid_and_all_that_calendars_need_to_find_the_entry() -> None:
    _, (event,) = read(a_cancellation(sequence=3))

    assert event["uid"] == "one@campaign.example"
    assert event["sequence"] == 3
    assert event["status"] == "CANCELLED"
    assert event["attendee"] == "mailto:ada@example.org"
    assert event["organizer"] == ORGANIZER.address.join(["mailto:", ""])
    assert event["dtstart"].dt == datetime(2027, 5, 13, 17, 30, tzinfo=ZoneInfo("Europe/London"))


def test_a_stamp_is_in_utc() -> None:
    assert "DTSTAMP:20260301T120000Z" in lines(a_request())


CITIES = {
    "San Francisco": ("America/Los_Angeles", "2027-05-14T00:30"),
    "New York City": ("America/New_York", "2027-05-13T21:30"),
    "Portland": ("America/Los_Angeles", "2027-05-14T00:30"),
    "Ottawa": ("America/Toronto", "2027-05-13T21:30"),
    "Reykjavík": ("Atlantic/Reykjavik", "2027-05-13T17:30"),
    "London": ("Europe/London", "2027-05-13T16:30"),
    "Berlin": ("Europe/Berlin", "2027-05-13T15:30"),
    "Stockholm": ("Europe/Stockholm", "2027-05-13T15:30"),
    "The Hague": ("Europe/Amsterdam", "2027-05-13T15:30"),
    "Paris": ("Europe/Paris", "2027-05-13T15:30"),
    "Rome": ("Europe/Rome", "2027-05-13T15:30"),
    "Oslo": ("Europe/Oslo", "2027-05-13T15:30"),
    "Sydney": ("Australia/Sydney", "2027-05-13T07:30"),
    "São Paulo": ("America/Sao_Paulo", "2027-05-13T20:30"),
}


@pytest.mark.parametrize("city", CITIES)
def test_half_past_five_in_each_city_is_that_moment_by_the_calendars_own_zone(city: str) -> None:
    zone, moment = CITIES[city]
    event = an_event(city=city, zone=zone)

    whole, (written,) = read(a_request(event))
    own_zone = next(iter(whole.walk("VTIMEZONE"))).to_tz(lookup_tzid=False)
    wall = written["dtstart"].dt.replace(tzinfo=None)

    assert wall == datetime(2027, 5, 13, 17, 30)
    assert written["dtstart"].params["TZID"] == written["dtend"].params["TZID"] == zone
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert wall.replace(tzinfo=own_zone).astimezone(UTC) == expected == event.starts_at


def test_utc_is_written_without_a_zone() -> None:
    text = a_request(an_event(zone="UTC"))

    assert "DTSTART:20270513T173000Z" in lines(text)
    assert "VTIMEZONE" not in text


def test_a_zone_is_written_once_however_many_events_are_in_it() -> None:
    text = published(an_event(), an_event(uid="two@x.example"), an_event(zone="Europe/Paris"))

    assert text.count("BEGIN:VTIMEZONE") == 2


def test_an_event_without_hours_is_a_day_and_floats_nowhere() -> None:
    text = published(an_event(starts=None, ends=None))

    assert "DTSTART;VALUE=DATE:20270513" in lines(text)
    assert "DTEND;VALUE=DATE:20270514" in lines(text)


def test_every_line_is_at_most_75_octets_and_no_letter_is_torn() -> None:
    text = a_request(an_event(title="ж" * 100, description="日本 🙂 \\ ; , " * 60))

    raw = text.encode().split(b"\r\n")

    assert all(len(line) <= 75 for line in raw)
    assert all(line.decode() is not None for line in raw)
    assert b"\n" not in b"".join(raw)
    assert b"\r" not in b"".join(raw)


@pytest.mark.parametrize("first", ["", "a", "ж"])
def test_no_escape_is_torn_where_a_line_is_folded(first: str) -> None:
    title = first + ";\\,\n" * 60

    text = a_request(an_event(title=title))

    ends = [len(line) - len(line.rstrip("\\")) for line in text.split("\r\n")]
    assert [end for end in ends if end % 2] == []
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    _, (written,) = read(text)
    assert written["summary"] == title


def test_signs_that_mean_something_to_calendars_are_escaped_and_come_back() -> None:
    title = "Bread; roses, \\ and “peace”"
    event = an_event(title=title, description="One.\n\nTwo; three, four.", bring="")

    text = a_request(event)

    assert "SUMMARY:Bread\\; roses\\, \\\\ and “peace”" in lines(text)
    _, (written,) = read(text)
    assert written["summary"] == title
    assert str(written["description"]) == f"One.\n\nTwo; three, four.\n\n{URL}"


def test_a_line_end_in_a_text_begins_no_property_of_its_own() -> None:
    event = an_event(title="Peace\r\nATTENDEE:mailto:eve@example.org", venue="Here\rBEGIN:VALARM")

    text = a_request(event)

    assert len([line for line in lines(text) if line.startswith(("ATTENDEE", "BEGIN:VALARM"))]) == 1


def test_a_calendar_says_who_made_it_where_it_is_and_where_more_is_to_read() -> None:
    whole, (event,) = read(a_request())

    assert whole["version"] == "2.0"
    assert whole["prodid"]
    assert event["url"] == URL
    assert event["location"] == "Parliament Square, London SW1P 3JX, London"
    assert event["geo"].to_ical() == "51.5007;-0.1268"
    assert event["status"] == "CONFIRMED"
    assert event["last-modified"].dt == NOW
    assert event["sequence"] == 0


def test_no_reminder_is_put_into_anybodys_calendar() -> None:
    assert "VALARM" not in a_request() + published(an_event())


def test_a_feed_says_its_name_and_how_often_to_ask() -> None:
    found = set(lines(published(an_event(), name="Events, all of them")))

    assert {
        "NAME:Events\\, all of them",
        "X-WR-CALNAME:Events\\, all of them",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
    } <= found


def test_an_event_called_off_is_published_as_cancelled() -> None:
    _, (event,) = read(published(an_event(cancelled_at=NOW, sequence=1)))

    assert event["status"] == "CANCELLED"
    assert event["sequence"] == 1


def test_a_change_of_zone_rules_moves_the_moment_and_not_the_clock() -> None:
    summer = an_event(starts_on=date(2027, 7, 1))
    winter = an_event(starts_on=date(2027, 1, 7))

    assert summer.starts_at.time() == winter.starts_at.time() == time(17, 30)
    assert summer.starts_at.utcoffset() == timedelta(hours=1)
    assert winter.starts_at.utcoffset() == timedelta(0)


def test_property_names_and_values_hold_no_raw_control() -> None:
    text = a_request(an_event(title="Peace\x00\x07", venue="Here\x1b[31m"))

    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", text)


@pytest.mark.parametrize(
    "typed",
    [
        "Hall \\N", "\\N5", "a\\nb", "C:\\New\\names", "\\\\N", "\\", "\\;\\,", "ends with \\",
        "a;b,c", "\\N\nand a line",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["title", "venue"])
def test_what_was_typed_comes_back_sign_by_sign(typed: str, where: str) -> None:
    text = published(an_event(**{where: typed}), name=typed)

    _, (event,) = read(text)

    back = event["summary"] if where == "title" else event["location"]
    assert str(back).removesuffix(", London SW1P 3JX, London") == typed
    # A feed's name is written as a title is.
    said = dict(line.split(":", 1) for line in lines(published(an_event(title=typed), name=typed)))
    assert said["NAME"] == said["X-WR-CALNAME"] == said["SUMMARY"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "geo"),
    [
        (51.5, 0.00002, "51.5;0.00002"),
        (-0.0000001, 1e-300, "0;0"),
        (0.0, -0.0, "0;0"),
        (-33.8688, 151.2093, "-33.8688;151.2093"),
        (90.0, -180.0, "90;-180"),
        (10.0, 100.0, "10;100"),
        (1 / 3, 2 / 3, "0.333333;0.666667"),
    ],
)
def test_a_place_is_written_without_an_exponent(
    latitude: float, longitude: float, geo: str
) -> None:
    event = an_event(latitude=latitude, longitude=longitude)

    assert f"GEO:{geo}" in lines(a_request(event))
    assert geo.replace(";", "&mlon=") in external_links.street_map(event)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(float("nan"), 1.0), (1.0, float("inf")), (91.0, 1.0), (1.0, 1e300), (None, 1.0)],
)
def test_what_is_no_place_is_left_out(latitude: float | None, longitude: float) -> None:
    assert "GEO" not in a_request(an_event(latitude=latitude, longitude=longitude))


@pytest.mark.parametrize("name", ["", "Events", "END:VCALENDAR", "x" * 51 + "BEGIN:VEVENT"])
def test_a_calendar_of_nothing_holds_a_component_and_can_be_read(name: str) -> None:
    whole: Any = icalendar.Calendar.from_ical(published(name=name))

    assert [part.name for part in whole.subcomponents] == ["VTIMEZONE"]


@pytest.mark.parametrize("fill", range(40, 80))
def test_no_name_of_a_feed_moves_the_zones(fill: int) -> None:
    text = published(an_event(), name="x" * fill + "BEGIN:VEVENT" + "y" * 99)

    whole: Any = icalendar.Calendar.from_ical(text)

    assert [part.name for part in whole.subcomponents] == ["VTIMEZONE", "VEVENT"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("[x](/proposal)", "x (https://campaign.example/proposal)"),
        ("[**Come**](/events)", "Come: https://campaign.example/events"),
        ("[x](/a?b=c#d)", "x (https://campaign.example/a?b=c#d)"),
        ("[x](oslo)", "x (https://campaign.example/events/oslo)"),
        ("[x](../news/)", "x (https://campaign.example/news/)"),
        ("[x](//other.example/y)", "x (https://other.example/y)"),
        ("[x](https://other.example/y)", "x (https://other.example/y)"),
        ("[x](mailto:a@b.example)", "x (mailto:a@b.example)"),
    ],
)
def test_links_in_a_calendar_are_whole_addresses(typed: str, shown: str) -> None:
    _, (event,) = read(published(an_event(description=typed, bring=typed)))

    assert str(event["description"]).split("\n\n")[:2] == [shown, shown]


@pytest.mark.parametrize("path", ["http://[", "//[x", "http://[::1", "", "#", "?", "\\\\x"])
def test_what_is_no_address_breaks_no_calendar(path: str) -> None:
    assert isinstance(external_links.whole(path, base="https://campaign.example"), str)


def test_links_are_whole_below_a_campaigns_own_path_too() -> None:
    event = an_event(description="[x](/proposal)", bring="")
    entry = Entry(event, "https://example.org/pause/events/london")

    _, (written,) = read(calendar.publish([entry], organizer=ORGANIZER))

    assert "x (https://example.org/pause/proposal)" in written["description"]
