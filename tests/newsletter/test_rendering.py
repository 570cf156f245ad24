"""Writing: fields that readers fill, one text for each language, and two who write at once."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from threading import Barrier

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.mailings import merge_checks, rendering
from campaign.newsletter import mails, verbs
from campaign.newsletter.models import Issue
from campaign.outbox import fields
from campaign.outbox.fields import FIELD, Recipient
from campaign.templating import absolute
from tests.newsletter.conftest import went_out
from tests.visitor import Visitor

Read = Callable[[], Issue]
ADA = Recipient(7, "Ada <&>", "en", "DE", None)
NOBODY = Recipient(None, "", "en", "", None)


@pytest.fixture
def languages(app: Flask) -> Iterator[None]:
    """Let the campaign speak three languages."""
    kept = app.config["LANGUAGES"]
    app.config["LANGUAGES"] = ["en", "de", "fr"]
    yield
    app.config["LANGUAGES"] = kept


def draft(source: str = "Hello.", **changed: str) -> Issue:
    words = {"title": "T", "subject": "", "preview": "", "source": source, **changed}
    return verbs.draft(**words, slug="", language="en", by=None, now=clock.now())


def seen(issue: Issue, reader: Recipient) -> tuple[str, str, str]:
    made = mails.seen_by(issue, issue.text, reader, now=clock.now())
    return made.subject, made.text, made.html


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"source": "{{ nmae }}"}, merge_checks.UnknownField),
        ({"source": "{{ Name }}"}, merge_checks.UnknownField),
        ({"source": "{{ name.upper() }}"}, merge_checks.UnknownField),
        ({"source": "{{ unsubscribe }}"}, merge_checks.UnknownField),
        ({"subject": "{{ 7*7 }}"}, merge_checks.UnknownField),
        ({"preview": "{{ name"}, merge_checks.StrayBraces),
        ({"source": "{{ name | a } b }}"}, merge_checks.StrayBraces),
        ({"source": "{{ name | " + "x" * 81 + " }}"}, merge_checks.StrayBraces),
        ({"source": "`{{`"}, merge_checks.StrayBraces),
        ({"source": "&#123;&#123;x}}"}, merge_checks.UnknownField),
        ({"source": "\\{\\{x"}, merge_checks.StrayBraces),
        ({"source": "{[{](/x)"}, merge_checks.StrayBraces),
        ({"source": "| a |\n|---|\n| {{ name | b }} |"}, merge_checks.StrayBraces),
        ({"source": "[x](/y?{{name}})"}, merge_checks.FieldInTag),
        ({"source": '[x](/y "{{ name }}")'}, merge_checks.FieldInTag),
        ({"source": "![{{ name }}](/y.png)"}, merge_checks.FieldInTag),
        ({"title": "Dear {{ name }}"}, merge_checks.FieldInTitle),
    ],
)
def test_fields_that_cannot_be_filled_in_are_refused(
    app: Flask, changed: dict[str, str], refusal: type[Exception]
) -> None:
    with app.app_context(), pytest.raises(refusal):
        draft(**changed)


def test_an_unknown_field_is_named_with_those_near_it(app: Flask) -> None:
    with app.app_context(), pytest.raises(merge_checks.UnknownField) as refused:
        draft("Dear {{ contry | reader }}")

    assert "“contry”. Did you mean: country" in str(refused.value)


def test_each_reader_gets_their_own_values_escaped_and_others_the_writers_words(app: Flask) -> None:
    with app.app_context():
        issue = draft(
            "Hello {{name|Tom & Jerry}}, in {{ country | the world }}.", subject="{{ name | You }}"
        )

        ada_subject, ada_text, ada_html = seen(issue, ADA)
        subject, text, html = seen(issue, NOBODY)

    assert ada_subject == "Ada <&>"
    assert "Dear Ada <&>," in ada_text
    assert "Hello Ada <&>, in Germany." in ada_text
    assert "Hello Ada &lt;&amp;&gt;, in Germany." in ada_html
    assert "unsubscribe/7n" in ada_text
    assert subject == "You"
    assert "Hello Tom & Jerry, in the world." in text
    assert "Hello Tom &amp; Jerry, in the world." in html


def test_what_goes_to_all_is_open_only_where_readers_differ(app: Flask) -> None:
    with app.app_context():
        issue = draft("Read [this](/proposal), {{ name | " + "my dear friend " * 5 + "}}.")
        (variant,) = mails.variants(issue)
        headers = mails.headers(issue)

    assert (variant.key, variant.language) == ("en", "en")
    for half in (variant.text, variant.html):
        # Every pair of braces is a field the sender knows, whole and on one line.
        assert "{{" not in FIELD.sub("", half)
        assert "https://campaign.example/unsubscribe/{{" in half
        assert "https://campaign.example/preferences/{{" in half
        assert "https://campaign.example/proposal" in half
        assert fields.named_in(half) == {"greeting", "name", "unsubscribe", "preferences"}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all(re.fullmatch(r"[\x20-\x7e]+", line) for line in headers.values())
    assert fields.named_in(*headers.values()) == {"unsubscribe"}


class _Nested(HTMLParser):
    """Tells whether a block stands in a paragraph."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.is_wrong = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.is_wrong |= tag in {"div", "table", "p"} and "p" in self.open
        if tag in {"p", "div", "table"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            self.open.remove(tag)


@pytest.mark.parametrize("source", ["{{ a_card }}", "- {{ a_card }}\n\n- x", "> {{a_card|none}}"])
def test_a_card_alone_in_a_paragraph_is_a_block_of_its_own(
    app: Flask, card: None, source: str
) -> None:
    with app.app_context():
        _subject, text, html = seen(draft(source), ADA)

    parser = _Nested()
    parser.feed(html[html.index('role="main"') :])
    assert not parser.is_wrong
    assert "<table><tr><td>Berlin</td></tr></table>" in html
    assert "Berlin: /events/berlin" in text


def test_a_bold_link_alone_is_a_button_and_in_text_its_address() -> None:
    written = rendering.write("[**Come to Berlin**](https://x.example/?a=1&b=2)", absolute=absolute)

    button = '<p class="actions"><a href="https://x.example/?a=1&amp;b=2" class="button"'
    assert button in written.html
    assert written.text == "Come to Berlin: https://x.example/?a=1&b=2\n"


def test_in_the_archive_strangers_read_the_writers_own_words(
    app: Flask, visitor: Visitor, card: None
) -> None:
    with app.app_context():
        issue = draft("Hello {{ name | friend }}.\n\n{{ a_card }}", preview="{{ name | You }} come")
        issue.slug = "open"
        went_out(issue.id)

    page = visitor.open("/newsletter/issues/open").text

    assert "Hello friend." in page
    assert "Berlin" in page
    assert "You come" in page
    assert "{{" not in page


def test_an_issue_is_written_in_two_languages_and_each_reader_gets_theirs(
    app: Flask, organiser: Visitor, issue: int, languages: None
) -> None:
    address = f"/office/newsletter/issues/{issue}"
    german = {"title": "Willkommen", "source": "Lest [das](/proposal), {{ name | ihr }}."}

    page = organiser.open(f"{address}/edit/de")
    assert "Read [the proposal]" in page.text
    saved = organiser.fill(page, "", action="/edit/de", **german)

    assert saved.status_code == 303
    with app.app_context():
        found = db.session.get_one(Issue, issue)
        assert found.text_in("de").title == "Willkommen"
        assert found.text_in("fr").title == "Welcome"
        assert [variant.key for variant in mails.variants(found)] == ["en", "de"]
    assert organiser.open(f"{address}/edit/xx").status_code == 404
    assert organiser.open(f"{address}/edit/en").status_code == 404

    dropped = organiser.send(f"{address}/edit/de/drop", action="/drop")
    assert dropped.status_code == 303
    with app.app_context():
        assert db.session.get_one(Issue, issue).languages == ["en"]


def test_the_issues_own_text_cannot_be_taken_out_or_doubled(app: Flask, issue: int) -> None:
    with app.app_context():
        found = db.session.get_one(Issue, issue)
        words = {"title": "T", "subject": "", "preview": "", "source": "x"}
        verbs.translate(found, version=1, language="de", **words, by=None, now=clock.now())

        with pytest.raises(verbs.OwnLanguage):
            verbs.drop_text(found, version=2, language="en", by=None, now=clock.now())
        with pytest.raises(verbs.WrittenAlready):
            verbs.change(
                found, version=2, **words, slug="", language="de", by=None, now=clock.now()
            )


def test_who_saves_second_sees_both_texts_and_puts_them_together(
    organiser: Visitor, issue: int, read: Read
) -> None:
    address = f"/office/newsletter/issues/{issue}/edit"
    opened = organiser.open(address)
    organiser.send(address, action="/edit", title="First", source="What the first wrote.")

    late = organiser.fill(opened, address, action="/edit", source="What the second wrote.")
    assert late.status_code == 409
    assert "What the first wrote." in late.text
    assert "What the second wrote." in late.text
    assert read().text.source == "What the first wrote."

    together = organiser.fill(late, address, action="/edit", source="First and second.")
    assert together.status_code == 303
    assert read().text.source == "First and second."


def test_of_two_who_save_at_the_same_moment_one_is_told(app: Flask, issue: int) -> None:
    together = Barrier(2)

    def save(words: str) -> bool:
        with app.app_context():
            found = db.session.get_one(Issue, issue)
            db.session.rollback()
            together.wait(timeout=10)
            try:
                verbs.change(
                    found,
                    version=1,
                    **{"title": "T", "subject": "", "preview": "", "source": words},
                    slug="",
                    language="en",
                    by=None,
                    now=clock.now(),
                )
            except verbs.ChangedMeanwhile:
                return False
            db.session.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        saved = list(pool.map(save, ["One.", "Two."]))

    assert sorted(saved) == [False, True]
    with app.app_context():
        found = db.session.get_one(Issue, issue)
        assert (found.version, found.text.source) == (2, "One." if saved[0] else "Two.")


def test_a_topic_is_chosen_where_there_are_topics(
    app: Flask, organiser: Visitor, issue: int, read: Read
) -> None:
    address = f"/office/newsletter/issues/{issue}/edit"
    assert "Topic" not in organiser.open(address).text
    app.config["TOPICS"] = ["events", "research"]
    try:
        organiser.send(address, action="/edit", topic="research", is_monthly="y")
        chosen = organiser.open(f"/office/newsletter/issues/{issue}").text
        wrong = organiser.send(address, action="/edit", topic="nothing we have")
    finally:
        app.config["TOPICS"] = []

    assert (read().topic, read().is_monthly) == ("research", True)
    assert "research" in chosen
    assert wrong.status_code == 422
