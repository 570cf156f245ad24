"""Versions: whatever was saved is kept, and a colleague approves what goes out."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.newsletter import verbs
from campaign.newsletter.models import Issue
from campaign.newsletter.versions.differences import Kind, Part, differences
from campaign.organisers.models import Role
from tests.conftest import signed_in
from tests.newsletter.conftest import went_out
from tests.visitor import Visitor

Read = Callable[[], Issue]


@pytest.fixture
def asks_for_approval(app: Flask) -> Iterator[None]:
    """Let the settings ask for a colleague's approval."""
    app.config["NEWSLETTER_APPROVAL"] = True
    yield
    app.config["NEWSLETTER_APPROVAL"] = False


@pytest.fixture
def colleague(app: Flask) -> Visitor:
    """Give the browser of a second organiser."""
    return signed_in(app, Role.EDITOR, "colleague@example.org")


def refused(app: Flask, issue: int, version: int) -> type[Exception] | None:
    """Tell with what an issue may not be sent."""
    with app.app_context():
        try:
            verbs.check_may_be_sent(db.session.get_one(Issue, issue), version=version)
        except Exception as refusal:
            return type(refusal)
    return None


def test_an_earlier_version_is_looked_at_and_put_back(
    organiser: Visitor, issue: int, read: Read
) -> None:
    address = f"/office/newsletter/issues/{issue}"
    organiser.send(f"{address}/edit", action="/edit", source="Something else.")

    listed = organiser.open(f"{address}/versions").text
    looked = organiser.open(f"{address}/versions/1").text
    back = organiser.send(f"{address}/versions/1", action="/versions/1")

    assert "organiser@example.org" in listed
    assert "Version 2" in listed
    assert "<del>" in looked
    assert "<ins>Something else.</ins>" in looked
    assert back.status_code == 303
    assert read().text.source.startswith("Read [the proposal]")
    assert read().version == 3
    assert "Version 3" in organiser.open(f"{address}/versions").text


def test_a_version_put_back_on_top_of_a_newer_one_is_refused(
    organiser: Visitor, issue: int, read: Read
) -> None:
    address = f"/office/newsletter/issues/{issue}"
    organiser.send(f"{address}/edit", action="/edit", source="Second.")
    opened = organiser.open(f"{address}/versions/1")
    organiser.send(f"{address}/edit", action="/edit", source="Third.")

    answer = organiser.fill(opened, "", action="/versions/1")

    assert answer.status_code == 409
    assert read().text.source == "Third."


def test_a_sent_issue_stays_whatever_it_said_before(
    app: Flask, organiser: Visitor, issue: int, read: Read
) -> None:
    address = f"/office/newsletter/issues/{issue}"
    organiser.send(f"{address}/edit", action="/edit", source="Second.")
    opened = organiser.open(f"{address}/versions/1")
    with app.app_context():
        went_out(issue)

    assert organiser.fill(opened, "", action="/versions/1").status_code == 409
    assert "Put this version back" not in organiser.open(f"{address}/versions/1").text
    assert read().text.source == "Second."


def test_all_languages_come_back_with_a_version(app: Flask, organiser: Visitor, issue: int) -> None:
    with app.app_context():
        draft = db.session.get_one(Issue, issue)
        words = {"title": "Hallo", "subject": "", "preview": "", "source": "Kommt."}
        by_nobody = {"by": None, "now": clock.now()}
        verbs.translate(draft, version=1, language="de", **words, **by_nobody)
        verbs.drop_text(draft, version=2, language="de", **by_nobody)
        db.session.commit()
        assert draft.languages == ["en"]

    address = f"/office/newsletter/issues/{issue}/versions/2"
    organiser.send(address, action="/versions/2")

    with app.app_context():
        draft = db.session.get_one(Issue, issue)
        assert draft.languages == ["en", "de"]
        assert draft.text_in("de").source == "Kommt."
        assert draft.text_in("fr").title == "Welcome"


def test_an_issue_needs_approval_and_a_change_makes_it_wait_again(
    app: Flask, organiser: Visitor, colleague: Visitor, issue: int, asks_for_approval: None
) -> None:
    address = f"/office/newsletter/issues/{issue}"
    organiser.send(f"{address}/edit", action="/edit", source="Second.")
    assert refused(app, issue, 2) is verbs.NotApproved

    assert "a colleague has to read" in organiser.open(address).text
    approved = colleague.send(address, action="/approve")
    assert approved.status_code == 303
    assert "approved by colleague@example.org" in organiser.open(address).text
    assert refused(app, issue, 2) is None

    organiser.send(f"{address}/edit", action="/edit", source="Third.")
    assert refused(app, issue, 3) is verbs.NotApproved


def test_nobody_approves_what_they_wrote_or_what_they_have_not_read(
    app: Flask, organiser: Visitor, colleague: Visitor, issue: int, asks_for_approval: None
) -> None:
    address = f"/office/newsletter/issues/{issue}"
    read_by_organiser = organiser.open(address)
    read_by_colleague = colleague.open(address)
    organiser.send(f"{address}/edit", action="/edit", source="Second.")

    assert organiser.fill(read_by_organiser, "", action="/approve").status_code == 409
    assert colleague.fill(read_by_colleague, "", action="/approve").status_code == 409
    own = organiser.fill(read_by_organiser, "", action="/approve", version="2")
    assert own.status_code == 403
    assert refused(app, issue, 2) is verbs.NotApproved


def test_without_the_setting_nobody_is_asked(app: Flask, organiser: Visitor, issue: int) -> None:
    assert refused(app, issue, 1) is None
    assert refused(app, issue, 2) is verbs.ChangedMeanwhile
    assert "Approv" not in organiser.open(f"/office/newsletter/issues/{issue}").text


def test_two_texts_are_compared_word_by_word() -> None:
    assert differences("We meet in London at five.", "We meet in Berlin at five.") == [
        Part(Kind.SAME, "We meet in "),
        Part(Kind.GONE, "London "),
        Part(Kind.NEW, "Berlin "),
        Part(Kind.SAME, "at five."),
    ]
    long = "word " * 25_000
    assert "".join(part.words for part in differences(long, f"{long}\nmore")) >= long
