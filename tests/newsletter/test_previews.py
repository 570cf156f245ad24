"""Previews: an issue as it is being written, seen by a reader of one's choice; nothing is saved."""

from collections.abc import Callable
from datetime import datetime

import pytest

from campaign.newsletter.models import Issue
from campaign.outbox import fields
from campaign.outbox.fields import Recipient, Value
from campaign.places import cities
from tests.visitor import Visitor, forms_in

Read = Callable[[], Issue]


def look(organiser: Visitor, **fields: str) -> str:
    """Press "show it" on the page of an empty issue, with what is typed."""
    page = organiser.open("/office/newsletter/issues/new").text
    (form,) = [form for form in forms_in(page) if form["action"].endswith("/issues/new")]
    answer = organiser.post("/office/newsletter/issues/preview", {**form["fields"], **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_a_preview_shows_what_is_typed_and_saves_nothing(
    organiser: Visitor, issue: int, read: Read
) -> None:
    html = look(organiser, title="Half a", source="Read [this](/x).\n\n[**Come**](/events)")

    assert "<h1>Half a</h1>" in html
    assert 'href="https://campaign.example/x"' in html
    assert 'class="button"' in html
    assert organiser.open(f"/office/newsletter/issues/{issue + 1}").status_code == 404


def test_a_preview_is_of_a_reader_with_or_without_a_name_and_a_country(organiser: Visitor) -> None:
    typed = {"title": "T", "source": "Hello {{ name | friend }} in {{ country | the world }}."}

    stranger = look(organiser, **typed)
    ada = look(organiser, **typed, reader_name="Ada", reader_country="DE")

    assert "Dear reader," in stranger
    assert "Hello friend in the world." in stranger
    assert "Dear Ada," in ada
    assert "Hello Ada in Germany." in ada


def test_a_preview_is_of_a_reader_in_a_city(organiser: Visitor) -> None:
    kept = dict(fields._fields)

    @fields.field("where", "where the reader lives", by=("place",))
    def where(reader: Recipient, now: datetime) -> Value:
        city = cities.city(reader.city_id) if reader.city_id else None
        return Value(city.name if city else "nowhere we know")

    try:
        typed = {"title": "T", "source": "You live in {{ where }}.", "reader_country": "DE"}
        berlin = look(organiser, **typed, reader_city="berlin")
        nowhere = look(organiser, **typed, reader_city="Qqqqqq\x00<b>")
    finally:
        fields._fields.clear()
        fields._fields.update(kept)

    assert "You live in Berlin." in berlin
    assert "You live in nowhere we know." in nowhere


def test_a_mail_is_looked_at_by_night_and_as_text(organiser: Visitor) -> None:
    typed = {"title": "T", "source": "[**Come**](/events)"}

    assert "@media all {" in look(organiser, **typed, mode="dark")
    assert "@media not all {" in look(organiser, **typed)
    assert "Come: https://campaign.example/events" in look(organiser, **typed, mode="text")


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "{{ nmae }} {{ {{ }} <script>alert(1)</script>"},
        {"title": "x" * 300, "source": "![{{ name }}](/x)\x00"},
        {"mode": "sideways", "reader_country": "XX", "reader_name": "<b>{{ name }}</b>"},
        {"subject": "\r\nBcc: a@example.org", "slug": "../.."},
    ],
)
def test_what_is_half_written_or_wrong_is_still_shown(
    organiser: Visitor, fields: dict[str, str]
) -> None:
    html = look(organiser, **fields)

    assert "<script" not in html
    assert "<b>" not in html


def test_a_preview_stands_in_a_box_of_its_own(organiser: Visitor, issue: int) -> None:
    answer = organiser.open(f"/office/newsletter/issues/{issue}/preview.html")

    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'self'"} <= set(policy)
    assert policy[0].startswith("sandbox")
    assert "allow-scripts" not in policy[0]
    assert "https://campaign.example/proposal" in answer.text
    assert "{{" not in answer.text


def test_a_preview_is_for_organisers(visitor: Visitor, organiser: Visitor) -> None:
    assert visitor.post("/office/newsletter/issues/preview").status_code in {303, 400, 403}
    assert organiser.post("/office/newsletter/issues/preview").status_code == 400
