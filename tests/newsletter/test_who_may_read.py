"""What goes to a segment stays among its readers, unless somebody says otherwise."""

from collections.abc import Callable

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.mailings import duties
from campaign.newsletter.models import Issue
from campaign.outbox.models import Text
from campaign.segments.queries import segment as by_number
from campaign.segments.verbs import save_segment
from tests.mailings.conftest import begun
from tests.visitor import Visitor

RULE = {"is": "rhythm", "rhythm": "all"}


@pytest.fixture
def segment(app: Flask, subscribers: Callable[..., None]) -> str:
    """Give what stands for a segment in a form; Ada is in it."""
    subscribers("ada@example.org")
    with app.app_context():
        saved = save_segment(name="Friends", rule=RULE, by=None, now=clock.now())
        db.session.commit()
        return str(saved.id)


@pytest.mark.parametrize(
    ("is_segment", "said", "is_public"),
    [
        (True, "", False),
        (True, "yes", True),
        (True, "no", False),
        (False, "", True),
        (False, "yes", True),
        (False, "no", False),
    ],
)
def test_an_issue_is_public_as_was_said_and_to_a_segment_not_by_itself(
    app: Flask,
    organiser: Visitor,
    visitor: Visitor,
    issue: int,
    segment: str,
    is_segment: bool,
    said: str,
    is_public: bool,
) -> None:
    asked = f"who={segment if is_segment else ''}&when=now&hours=4&archive={said}"
    confirm = f"/office/mailings/issue/{issue}/send?{asked}"
    shown = organiser.open(confirm).text
    organiser.fill(organiser.open(confirm), confirm, action="/send")
    with app.app_context():
        duties.begin()
        mail = db.session.query(Text).one()

    page = visitor.open("/newsletter/issues/welcome")

    assert ("Yes: everyone may read it" in shown) == is_public
    assert page.status_code == (200 if is_public else 404)
    for everywhere in ("/newsletter", "/newsletter/feed.xml", "/sitemap.xml", "/search?q=welcome"):
        assert ("/newsletter/issues/welcome" in visitor.open(everywhere).text) == is_public
    # No mail leads where nothing is.
    assert ("/newsletter/issues/welcome" in mail.text) == is_public
    assert ("/newsletter/issues/welcome" in mail.html) == is_public


def test_a_form_that_says_nothing_of_the_archive_keeps_a_segment_s_issue_out(
    app: Flask, issue: int, segment: str
) -> None:
    with app.app_context():
        begun(issue, segment=by_number(int(segment)))

        assert db.session.get_one(Issue, issue).is_sent
        assert not db.session.get_one(Issue, issue).is_public


def test_what_went_to_a_segment_comes_into_the_archive_with_a_button_or_a_later_mailing(
    app: Flask, organiser: Visitor, visitor: Visitor, issue: int, segment: str
) -> None:
    with app.app_context():
        begun(issue, options={"archive": "no"})
    page = f"/office/newsletter/issues/{issue}"
    assert "Put it into the archive" in organiser.open(page).text

    organiser.send(page, action="/put-back")

    assert visitor.open("/newsletter/issues/welcome").status_code == 200


def test_a_later_mailing_to_everyone_makes_it_public(
    app: Flask, issue: int, subscribers: Callable[..., None]
) -> None:
    subscribers("ada@example.org")
    with app.app_context():
        begun(issue, options={"archive": "no"})
        assert db.session.get_one(Issue, issue).published_at is None
    subscribers("bob@example.org")
    with app.app_context():
        begun(issue)
        assert db.session.get_one(Issue, issue).is_public
