"""Issues: sent once to whoever subscribes at that moment, and read in the archive."""

import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.newsletter import queries, verbs
from campaign.newsletter.models import Issue
from campaign.newsletter.writing import complete_links, slug_of
from campaign.outbox.models import Batch, Message
from campaign.outbox.verbs import suppress
from campaign.people import links
from campaign.people import verbs as people
from campaign.people.models import Purpose
from campaign.templating import absolute
from tests.newsletter.conftest import person_with, subscribed
from tests.visitor import Visitor

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def send(issue: int, *, version: int = 1) -> None:
    verbs.send(db.session.get_one(Issue, issue), version=version, now=clock.now())
    db.session.commit()


def recipients() -> list[str]:
    return list(db.session.scalars(select(Message.to_address).order_by(Message.id)))


def test_an_issue_goes_to_active_subscribers_and_to_nobody_else(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org", "left@example.org", "hurt@example.org")
        people.leave(
            person_with("left@example.org").id,
            Purpose.NEWSLETTER,
            through="link",
            now=clock.now(),
        )
        suppress("hurt@example.org", reason="bounce", now=clock.now())
        pending = people.remember("pending@example.org", now=clock.now())
        people.ask(pending, Purpose.NEWSLETTER, wording="Yes.", form="test", now=clock.now())
        db.session.commit()

        assert queries.size_of_audience() == 2
        send(issue)

        assert recipients() == ["ada@example.org", "bob@example.org"]


def test_an_issue_sent_twice_goes_out_once(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org")

        send(issue)
        send(issue)

        assert recipients() == ["ada@example.org"]
        assert len(db.session.scalars(select(Batch)).all()) == 1


def test_an_issue_sent_by_two_presses_at_once_goes_out_once(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")
    together = Barrier(2)

    def press() -> None:
        with app.app_context():
            found = db.session.get_one(Issue, issue)
            db.session.rollback()
            together.wait(timeout=10)
            verbs.send(found, version=1, now=clock.now())
            db.session.commit()

    with ThreadPoolExecutor(2) as pool:
        for pressed in [pool.submit(press) for _ in range(2)]:
            pressed.result()

    with app.app_context():
        assert recipients() == ["ada@example.org", "bob@example.org"]


def test_who_joins_after_the_queueing_is_not_in_it(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        send(issue)
        subscribed("late@example.org")
        send(issue)

        assert recipients() == ["ada@example.org"]


def test_who_leaves_before_their_turn_gets_nothing(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")
        send(issue)

        people.leave(
            person_with("ada@example.org").id, Purpose.NEWSLETTER, through="link", now=clock.now()
        )
        db.session.commit()

        states = dict(iter(db.session.execute(select(Message.to_address, Message.state))))
        assert states == {"ada@example.org": "withheld", "bob@example.org": "waiting"}


def test_each_copy_greets_its_reader_and_has_their_own_way_out(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org", name="Ada")
        subscribed("bob@example.org")
        send(issue)

        ada, bob = db.session.scalars(select(Message).order_by(Message.id))
        batch = db.session.get_one(Batch, ada.batch_id)

    assert ada.fields["greeting"] == "Dear Ada,"
    assert bob.fields["greeting"] == "Dear reader,"
    assert ada.fields["unsubscribe"] != bob.fields["unsubscribe"]
    with app.app_context():
        assert links.read_unsubscribe(ada.fields["unsubscribe"])[0] == ada.person_id
    for half in (batch.text, batch.html):
        assert "{{greeting}}" in half
        assert "https://campaign.example/unsubscribe/{{unsubscribe}}" in half
        assert "https://campaign.example/proposal" in half
        assert "https://campaign.example/newsletter/issues/welcome" in half
        assert "You get this because" in half
    assert batch.subject == "Welcome to you"
    assert batch.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {"List-Id", "List-Unsubscribe", "List-Archive", "Feedback-ID", "Auto-Submitted"} <= set(
        batch.headers
    )


def test_an_issue_for_nobody_is_refused(app: Flask, issue: int) -> None:
    with app.app_context(), pytest.raises(verbs.NobodyToSendTo):
        send(issue)


def test_what_goes_out_is_what_was_seen(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org")

        with pytest.raises(verbs.ChangedMeanwhile):
            send(issue, version=0)


def test_a_sent_issue_is_neither_changed_nor_thrown_away(app: Flask, issue: int) -> None:
    with app.app_context():
        subscribed("ada@example.org")
        send(issue)
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


def test_large_audiences_are_read_in_pieces(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PIECE", 2)
    with app.app_context():
        subscribed(*(f"{n}@example.org" for n in range(7)))
        suppress("3@example.org", reason="bounce", now=clock.now())
        db.session.commit()

        assert [reader.email for reader in queries.audience()] == [
            f"{n}@example.org" for n in (0, 1, 2, 4, 5, 6)
        ]


def test_only_sent_issues_stand_in_the_archive(app: Flask, visitor: Visitor, issue: int) -> None:
    assert visitor.open("/newsletter/issues/welcome").status_code == 404
    with app.app_context():
        subscribed("ada@example.org")
        send(issue)

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
        subscribed("ada@example.org")
        send(issue)
        verbs.withdraw(db.session.get_one(Issue, issue), now=clock.now())
        db.session.commit()
    assert visitor.open("/newsletter/issues/welcome").status_code == 404
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
        subscribed("ada@example.org")
        send(issue)
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


@pytest.mark.parametrize(
    "source", ["Hello {{name}}", "`{{ x }}`", "&#123;&#123;x}}", "\\{\\{x", "{[{](/x)"]
)
def test_braces_that_would_become_a_field_are_refused(app: Flask, source: str) -> None:
    with app.app_context(), pytest.raises(verbs.HoldsAField):
        verbs.draft(
            title="T",
            slug="",
            subject="",
            preview="",
            source=source,
            language="en",
            by=None,
            now=clock.now(),
        )


def test_the_starter_loads_its_first_issue_as_a_draft_once(app: Flask) -> None:
    with app.app_context():
        for _ in range(2):
            verbs.load_starter(files("campaign.starter"), now=clock.now())
            db.session.commit()

        (first,) = db.session.scalars(queries.search_issues())
    assert (first.slug, first.is_sent) == ("first-issue", False)
    assert first.preview


def test_who_came_and_who_went_are_counted(app: Flask) -> None:
    begin = clock.now()
    with app.app_context():
        subscribed("ada@example.org", "bob@example.org")
        people.leave(
            person_with("bob@example.org").id, Purpose.NEWSLETTER, through="link", now=clock.now()
        )
        db.session.commit()

        assert queries.number_of_subscribers() == 1
        assert queries.new_subscribers(since=begin) == 1
        assert queries.lost_subscribers(since=begin) == 1
        assert queries.new_subscribers(since=clock.now()) == 0


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
    [("Wéll, well!", "well-well"), ("日本", ""), ("  a -- b  ", "a-b"), ("x" * 99, "x" * 80)],
)
def test_an_address_is_made_from_a_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug
