"""Issues: as they are written, mailed, and read in the archive."""

import xml.etree.ElementTree as ET
from importlib.resources import files

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.markup import complete_links
from campaign.newsletter import queries, verbs
from campaign.newsletter.models import Issue
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.slugs import slug_of
from campaign.templating import absolute
from tests.newsletter.conftest import person_with, subscribed, went_out
from tests.visitor import Visitor

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def test_a_sent_issue_is_neither_changed_nor_thrown_away(app: Flask, issue: int) -> None:
    with app.app_context():
        went_out(issue)
        sent = db.session.get_one(Issue, issue)

        with pytest.raises(verbs.AlreadySent):
            verbs.discard(sent)
        with pytest.raises(verbs.AlreadySent):
            verbs.change(
                sent,
                version=1,
                title="New",
                slug="",
                subject="",
                preview="",
                source="New",
                language="en",
                by=None,
                now=clock.now(),
            )


def test_only_sent_issues_stand_in_the_archive(app: Flask, visitor: Visitor, issue: int) -> None:
    assert visitor.open("/newsletter/issues/welcome").status_code == 404
    with app.app_context():
        went_out(issue)

    page = visitor.open("/newsletter/issues/welcome")
    listed = visitor.open("/newsletter")

    assert page.status_code == 200
    assert '<a href="/proposal"' in page.text
    assert "{{" not in page.text
    assert "/newsletter/issues/welcome" in listed.text


def test_an_issue_taken_out_of_the_archive_is_gone_and_can_come_back(
    app: Flask, visitor: Visitor, issue: int
) -> None:
    with app.app_context():
        went_out(issue)
        verbs.take_down(db.session.get_one(Issue, issue), now=clock.now())
        db.session.commit()
    assert visitor.open("/newsletter/issues/welcome").status_code == 410
    assert "welcome" not in visitor.open("/newsletter/feed.xml").text

    with app.app_context():
        verbs.put_back(db.session.get_one(Issue, issue))
        db.session.commit()

    assert visitor.open("/newsletter/issues/welcome").status_code == 200


def test_the_feed_names_each_issue_for_ever_and_is_not_sent_twice(
    app: Flask, visitor: Visitor, issue: int
) -> None:
    assert ET.fromstring(visitor.open("/newsletter/feed.xml").data).findall("a:entry", ATOM) == []
    with app.app_context():
        went_out(issue)
        uid = db.session.get_one(Issue, issue).uid

    first = visitor.open("/newsletter/feed.xml")
    again = visitor.client.get(
        "/newsletter/feed.xml", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert first.mimetype == "application/atom+xml"
    (entry,) = ET.fromstring(first.data).findall("a:entry", ATOM)
    assert entry.findtext("a:id", namespaces=ATOM) == f"urn:uuid:{uid}"
    assert "https://campaign.example/proposal" in str(entry.findtext("a:content", "", ATOM))
    assert again.status_code == 304


def test_the_starter_loads_its_first_issue_as_a_draft_once(app: Flask) -> None:
    with app.app_context():
        for _ in range(2):
            verbs.load_starter(files("campaign.starter"), now=clock.now())
            db.session.commit()

        (first,) = db.session.scalars(queries.search_issues())
        assert (first.slug, first.is_sent) == ("first-issue", False)
        assert first.text.preview


def test_who_left_is_not_counted_as_a_subscriber(app: Flask) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")
        subscriptions_verbs.leave(
            person_with("bob@example.org").id, Purpose.NEWSLETTER, through="link", now=clock.now()
        )
        db.session.commit()

        assert queries.number_of_subscribers() == 1


@pytest.mark.parametrize(
    ("html", "whole"),
    [
        ('<a href="/x" id="y">', '<a href="https://campaign.example/x" id="y">'),
        ('<img src="/i.png" alt="">', '<img src="https://campaign.example/i.png" alt="">'),
        ('<a href="#fn1">1</a>', '<a href="#fn1">1</a>'),
        ('<a href="//evil.example/">y</a>', '<a href="//evil.example/">y</a>'),
        ('<code>a href="/x"</code>', '<code>a href="/x"</code>'),
    ],
)
def test_links_in_mails_are_whole(app: Flask, html: str, whole: str) -> None:
    with app.app_context():
        assert complete_links(html, absolute=absolute) == whole


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Wéll, well!", "well-well"),
        ("日本", "ri-ben"),
        ("🙂", ""),
        ("  a -- b  ", "a-b"),
        ("x" * 99, "x" * 80),
    ],
)
def test_an_address_is_made_from_a_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug
