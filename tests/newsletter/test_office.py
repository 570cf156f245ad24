"""The newsletter's office: writing, trying and sending an issue; lists of issues and people."""

from collections.abc import Callable

import pytest
from flask import Flask

from campaign.newsletter.models import Issue
from campaign.outbox.models import Message
from tests.conftest import forms_are_answered
from tests.newsletter.conftest import went_out
from tests.visitor import Visitor

Queued = Callable[..., list[Message]]
Read = Callable[[], Issue]

WRITTEN = {
    "title": "Spring",
    "subject": "Spring is here",
    "preview": "Come.",
    "source": "Hello *you*.",
}


def test_an_organiser_writes_and_tries_an_issue(organiser: Visitor, queued: Queued) -> None:
    saved = organiser.send("/office/newsletter/issues/new", action="/new", **WRITTEN)
    assert saved.status_code == 303
    page = organiser.open(saved.location)
    assert "Spring is here" in page.text
    assert "Dear reader," in page.text

    tried = organiser.send(saved.location, action="/test")
    assert tried.status_code == 303
    (test,) = queued("issue-test")
    assert test.to_address == "organiser@example.org"
    assert test.subject == "Test: Spring is here"
    assert "{{" not in test.text + test.html


def test_two_organisers_cannot_overwrite_each_other(
    organiser: Visitor, issue: int, read: Read
) -> None:
    address = f"/office/newsletter/issues/{issue}/edit"
    opened = organiser.open(address)
    organiser.send(address, action="/edit", source="What the first wrote.")

    answer = organiser.fill(opened, address, action="/edit", source="What the second wrote.")

    assert answer.status_code == 409
    assert "Somebody else has changed" in answer.text
    assert "What the second wrote." in answer.text
    assert read().text.source == "What the first wrote."
    assert read().version == 2


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"title": ""}, "Enter a title."),
        ({"source": " "}, "Write the text"),
        ({"title": "x" * 201}, "characters or fewer"),
        ({"subject": "x" * 256}, "characters or fewer"),
        ({"preview": "x" * 151}, "characters or fewer"),
        ({"source": "x" * 50_001}, "characters or fewer"),
        ({"subject": "a\r\nBcc: b@example.org"}, "on one line only"),
        ({"source": "a\x00b"}, "cannot be shown"),
        ({"slug": "../Up"}, "small letters"),
        ({"slug": "welcome"}, "Another issue has this address"),
        ({"language": "xx"}, "valid choice"),
        ({"version": "x"}, "integer"),
        ({"source": "Dear {{ nmae }}"}, "There is no field “nmae”. Did you mean: name?"),
        ({"subject": "{{ 7 up }}"}, "There is no field “7 up”"),
        ({"preview": "{{ name"}, "These are no field"),
        ({"title": "Dear {{ name }}"}, "it can hold no field"),
        ({"source": "![{{ name }}](/i.png)"}, "cannot stand in an address"),
    ],
)
def test_an_issue_with_a_mistake_names_it_and_keeps_what_was_typed(
    organiser: Visitor, issue: int, fields: dict[str, str], complaint: str
) -> None:
    given = {**WRITTEN, "preview": "<b>Kept</b>", **fields}

    answer = organiser.send("/office/newsletter/issues/new", action="/new", **given)

    assert answer.status_code == 422
    assert complaint.lower() in answer.text.lower()
    if "preview" not in fields:
        assert "&lt;b&gt;Kept&lt;/b&gt;" in answer.text


def test_scripts_in_an_issue_are_shown_as_text(organiser: Visitor) -> None:
    saved = organiser.send(
        "/office/newsletter/issues/new",
        action="/new",
        **{**WRITTEN, "source": "<script>alert(1)</script> [x](javascript:alert(1))"},
    )

    html = organiser.open(f"{saved.location}/preview.html").text

    assert "<script" not in html
    assert 'href="javascript' not in html


def test_a_sent_issue_cannot_be_edited(
    app: Flask, organiser: Visitor, issue: int, read: Read
) -> None:
    address = f"/office/newsletter/issues/{issue}"
    opened = organiser.open(f"{address}/edit")
    with app.app_context():
        went_out(issue)

    assert organiser.open(f"{address}/edit").status_code == 303
    answer = organiser.fill(opened, "", action="/edit", source="Something else")

    assert answer.status_code == 409
    assert "Something else" not in read().text.source


def test_a_draft_is_thrown_away(organiser: Visitor, issue: int) -> None:
    address = f"/office/newsletter/issues/{issue}"

    answer = organiser.send(f"{address}/discard", action="/discard")

    assert answer.location == "/office/newsletter"
    assert organiser.open(address).status_code == 404


def test_an_issue_leaves_the_archive_and_returns(
    app: Flask, organiser: Visitor, issue: int
) -> None:
    with app.app_context():
        went_out(issue)
    address = f"/office/newsletter/issues/{issue}"

    organiser.send(address, action="/take-down")
    assert organiser.open("/newsletter/issues/welcome").status_code == 410
    organiser.send(address, action="/put-back")

    assert organiser.open("/newsletter/issues/welcome").status_code == 200


def test_subscribers_are_searched_filtered_and_downloaded(
    app: Flask, organiser: Visitor, visitor: Visitor, subscribers: Callable[..., None]
) -> None:
    subscribers("ada@example.org", name="=Ada")
    visitor.send("/newsletter", email="bob@example.org")
    forms_are_answered(app)
    address = "/office/newsletter/subscribers"

    everyone = organiser.open(address).text
    waiting = organiser.open(f"{address}?status=pending").text
    found = organiser.open(f"{address}?q=ADA").text
    sheet = organiser.open(f"{address}?format=csv&status=active")

    assert "ada@example.org" in everyone
    assert "bob@example.org" in everyone
    assert "ada@example.org" not in waiting
    assert "bob@example.org" in waiting
    assert "bob@example.org" not in found
    assert sheet.mimetype == "text/csv"
    assert "ada@example.org,'=Ada,active," in sheet.text
    assert "bob" not in sheet.text


def test_issues_are_listed_searched_and_downloaded(organiser: Visitor, issue: int) -> None:
    address = "/office/newsletter"

    assert "Welcome" in organiser.open(address).text
    assert f"/issues/{issue}" not in organiser.open(f"{address}?q=nothing").text
    assert "Welcome,Welcome to you,draft," in organiser.open(f"{address}?format=csv").text
