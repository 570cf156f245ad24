"""Days of action in the office: announced, changed, and refused where they cannot be."""

from datetime import date

import pytest
from flask import Flask

from campaign.db import db
from campaign.events import queries
from campaign.events.models import Action
from campaign.organisers.models import Role
from tests.conftest import signed_in
from tests.visitor import Visitor

NEW = "/office/events/actions/new"
FORM = {
    "title": "Pause before Geneva",
    "day": "2099-06-12",
    "summary": "Before the ministers meet.",
    "slug": "geneva",
}


def announce(organiser: Visitor, **otherwise: str) -> int:
    return organiser.send(NEW, action="/new", **{**FORM, **otherwise}).status_code


def found(app: Flask, slug: str) -> Action | None:
    with app.app_context():
        return queries.action_by_slug(slug)


def test_a_day_of_action_that_is_announced_has_its_page_and_can_have_events(
    organiser: Visitor,
) -> None:
    answer = organiser.send(NEW, action="/new", **FORM)

    assert answer.status_code == 303
    listed = organiser.open(answer.location).text
    assert "The day of action is there." in listed
    assert 'href="/office/events/actions/geneva/edit"' in listed
    page = organiser.open("/actions/geneva").text
    assert "Pause before Geneva" in page
    assert "Before the ministers meet." in page
    assert 'datetime="2099-06-12"' in page
    assert ">Pause before Geneva</option>" in organiser.open("/office/events/new").text


def test_an_address_left_empty_is_made_from_the_title(app: Flask, organiser: Visitor) -> None:
    announce(organiser, slug="", title="São Paulo, and all the others")

    assert found(app, "sao-paulo-and-all-the-others")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "Enter a title."),
        ({"title": "x" * 121}, "Use 120 characters or fewer"),
        ({"title": "One\x07"}, "Use letters, digits and punctuation"),
        ({"day": ""}, "Enter the day."),
        ({"day": "12 June"}, "Enter a day, like 2027-05-13."),
        ({"slug": "May 2027"}, "Use small letters, digits and hyphens"),
        ({"slug": "../office"}, "Use small letters, digits and hyphens"),
        ({"slug": "x" * 81}, "Use 80 characters or fewer"),
        ({"slug": "may-2099"}, "Another day of action has this address."),
        ({"summary": "x" * 1001}, "Use 1000 characters or fewer"),
    ],
)
def test_what_cannot_be_is_named_beside_its_field(
    app: Flask, organiser: Visitor, action: Action, wrong: dict[str, str], sentence: str
) -> None:
    answer = organiser.send(NEW, action="/new", **{**FORM, **wrong})

    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2
    if "summary" not in wrong:
        assert "Before the ministers meet." in answer.text
    with app.app_context():
        assert [one.slug for one in queries.actions()] == ["may-2099"]


def test_what_an_organiser_writes_is_never_markup(organiser: Visitor) -> None:
    announce(organiser, title="<b>Bold</b> {{ 7*7 }}", summary="<script>x</script>")

    page = organiser.open("/actions/geneva").text

    assert "<b>Bold" not in page
    assert "{{ 7*7 }}" in page
    assert "<script>x" not in page


def test_a_day_of_action_can_be_changed_and_keeps_its_address(
    app: Flask, organiser: Visitor, action: Action
) -> None:
    shown = organiser.open("/office/events/actions/may-2099/edit").text

    answer = organiser.send(
        "/office/events/actions/may-2099/edit", action="/edit", day="2099-05-14", slug="other"
    )

    assert 'value="Worldwide protest"' in shown
    assert answer.status_code == 303
    changed = found(app, "may-2099")
    assert changed
    assert (changed.day, changed.title) == (date(2099, 5, 14), "Worldwide protest")


def test_a_change_that_cannot_be_is_refused(app: Flask, organiser: Visitor, action: Action) -> None:
    answer = organiser.send("/office/events/actions/may-2099/edit", action="/edit", title="")

    assert answer.status_code == 422
    assert answer.text.count("Enter a title.") >= 2
    with app.app_context():
        assert db.session.get_one(Action, action.id).title == "Worldwide protest"


def test_there_is_nothing_to_change_where_there_is_no_day_of_action(organiser: Visitor) -> None:
    assert organiser.open("/office/events/actions/none/edit").status_code == 404


def test_readers_announce_nothing_and_strangers_do_not_come_in(
    app: Flask, visitor: Visitor, action: Action
) -> None:
    reader = signed_in(app, Role.READER, "reader@example.org")

    assert reader.send(NEW, action="/new", **FORM).status_code == 403
    assert visitor.open(NEW).status_code == 303
    assert found(app, "geneva") is None
