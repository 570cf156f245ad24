"""The archive: an issue in each of its languages, shared, followed, withdrawn; never a field."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.newsletter import verbs
from campaign.newsletter.models import Issue
from tests.newsletter.conftest import went_out
from tests.visitor import Visitor

ATOM = {"a": "http://www.w3.org/2005/Atom"}
BASE = "https://campaign.example/newsletter/issues"


@pytest.fixture
def bilingual(app: Flask) -> Iterator[int]:
    """Give the number of an issue in two languages that has gone out."""
    app.config["LANGUAGES"] = ["en", "de"]
    with app.app_context():
        issue = verbs.draft(
            title="What a month",
            slug="month",
            subject="{{ name | friend }}, what a month",
            preview="For you, {{ name | friend }}.",
            source="Dear {{ name | friend }} in {{ country }}, [come](/events).\n\n{{ greeting }}",
            language="en",
            by=None,
            now=clock.now(),
        )
        verbs.translate(
            issue,
            version=issue.version,
            language="de",
            title="Was für ein Monat",
            subject="",
            preview="",
            source="Komm, {{ name | liebe Freundin }}.",
            by=None,
            now=clock.now(),
        )
        db.session.commit()
        went_out(issue.id)
        number = issue.id
    yield number
    app.config["LANGUAGES"] = ["en"]


def test_an_issue_is_read_in_ones_own_language_and_leads_to_the_others(
    visitor: Visitor, bilingual: int
) -> None:
    german = visitor.client.get(
        "/newsletter/issues/month", headers={"Accept-Language": "de-AT,de;q=0.9"}
    )
    english = visitor.open("/newsletter/issues/month")

    assert "Was für ein Monat" in german.text
    assert "Komm, liebe Freundin." in german.text
    assert f'<link rel="canonical" href="{BASE}/month/de">' in german.text
    assert "What a month" in english.text
    assert 'href="/newsletter/issues/month/de" lang="de" hreflang="de"' in english.text
    assert "Was für ein Monat" in visitor.open("/newsletter/issues/month/de").text
    assert visitor.open("/newsletter/issues/month/fr").status_code == 404


def test_an_issue_in_one_language_has_one_address(app: Flask, visitor: Visitor, issue: int) -> None:
    with app.app_context():
        went_out(issue)

    page = visitor.open("/newsletter/issues/welcome")

    assert f'<link rel="canonical" href="{BASE}/welcome">' in page.text
    assert '<meta property="og:type" content="article">' in page.text
    assert '<meta property="og:title" content="Welcome">' in page.text
    assert '<meta property="og:description" content="Three things to do.">' in page.text
    assert "hreflang" not in page.text
    answer = visitor.open("/newsletter/issues/welcome/en")
    assert (answer.status_code, answer.location) == (302, "/newsletter/issues/welcome")


def test_in_public_every_field_says_what_a_stranger_may_read(
    visitor: Visitor, bilingual: int
) -> None:
    for path in (
        "/newsletter",
        "/newsletter/issues/month",
        "/newsletter/issues/month/de",
        "/newsletter/feed.xml",
        "/search?q=month",
        "/search?q=friend",
    ):
        text = visitor.open(path).text
        assert "{{" not in text, path
        assert "}}" not in text, path
    assert "Dear friend in" in visitor.open("/newsletter/issues/month").text


def test_the_feed_is_whole_and_valid(visitor: Visitor, bilingual: int) -> None:
    answer = visitor.open("/newsletter/feed.xml")

    feed = ET.fromstring(answer.data)
    for needed in ("a:id", "a:title", "a:updated", "a:author/a:name"):
        assert feed.findtext(needed, namespaces=ATOM), needed
    (entry,) = feed.findall("a:entry", ATOM)
    for needed in ("a:id", "a:title", "a:updated", "a:content"):
        assert entry.findtext(needed, namespaces=ATOM), needed
    alternates = {
        (link.get("hreflang"), link.get("href"))
        for link in entry.findall("a:link", ATOM)
        if link.get("rel") == "alternate"
    }
    assert alternates == {
        (None, f"{BASE}/month"),
        ("en", f"{BASE}/month/en"),
        ("de", f"{BASE}/month/de"),
    }
    assert 'href="https://campaign.example/events"' in str(entry.findtext("a:content", "", ATOM))


def test_a_withdrawn_issue_is_gone_everywhere(app: Flask, visitor: Visitor, bilingual: int) -> None:
    everywhere = ("/newsletter", "/newsletter/feed.xml", "/sitemap.xml", "/search?q=month")
    for path in everywhere:
        assert "issues/month" in visitor.open(path).text, path
    assert f"<loc>{BASE}/month/de</loc>" in visitor.open("/sitemap.xml").text

    with app.app_context():
        verbs.take_down(db.session.get_one(Issue, bilingual), now=clock.now())
        db.session.commit()

    gone = visitor.open("/newsletter/issues/month")
    assert gone.status_code == 410
    assert "This issue is gone" in gone.text
    assert "What a month" not in gone.text
    assert visitor.open("/newsletter/issues/month/de").location == "/newsletter/issues/month"
    for path in everywhere:
        assert "issues/month" not in visitor.open(path).text, path


def test_what_was_never_there_is_not_said_to_be_gone(visitor: Visitor, issue: int) -> None:
    assert visitor.open("/newsletter/issues/welcome").status_code == 404
    # Nobody learns of a draft by trying addresses.
    assert visitor.open("/newsletter/issues/welcome/en").status_code == 404
    assert visitor.open("/newsletter/issues/nothing/en").status_code == 404
