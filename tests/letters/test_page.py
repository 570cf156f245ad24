"""The page on which a letter is written: whom it goes to, the ways to send it, what is refused."""

from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import count_of, db
from campaign.letters.models import Letter
from campaign.letters.tallies import queries as tallies_queries
from campaign.letters.tallies import verbs as tallies_verbs
from campaign.outbox.models import Message
from campaign.people.models import Person
from campaign.summits.models import Post
from tests.letters.conftest import OWN_WORDS, WRITER
from tests.visitor import Visitor, forms_in


def test_countries_with_a_post_are_listed_and_the_others_lead_on(
    world: Flask, visitor: Visitor
) -> None:
    page = visitor.open("/write")
    other = visitor.open("/write?country=JP")

    assert 'href="/write/de"' in page.text
    assert 'href="/write/jp"' not in page.text
    assert "The days have not been announced." in page.text
    assert (other.status_code, other.location) == (303, "/write/jp")


def test_the_letter_is_in_the_language_of_the_post(world: Flask, visitor: Visitor) -> None:
    page = visitor.open("/write/de")

    [form] = forms_in(page.text)
    assert "Sehr geehrte Frau Ministerin" in form["fields"]["body"]
    assert "Geneva, 2027" in form["fields"]["body"]
    assert "{" not in form["fields"]["body"] + form["fields"]["subject"]
    assert "set-cookie" not in page.headers


def test_one_address_for_each_country(world: Flask, visitor: Visitor) -> None:
    assert visitor.open("/write/DE").location == "/write/de"
    assert visitor.open("/write/zz").status_code == 404
    assert visitor.open("/write/germany").status_code == 404


def test_a_country_without_a_post_is_no_dead_end(world: Flask, visitor: Visitor) -> None:
    page = visitor.open("/write/jp")
    ready = visitor.fill(page, "/write/jp", own_words=OWN_WORDS)

    assert "Help us find out" in page.text
    assert 'name="email"' not in page.text
    assert ready.status_code == 200
    assert OWN_WORDS in ready.text
    assert "mailto:" not in ready.text


def test_without_a_template_there_is_an_empty_letter(app: Flask, visitor: Visitor) -> None:
    [form] = forms_in(visitor.open("/write/gb").text)

    assert form["fields"]["subject"] == ""
    assert "Dear Minister," in form["fields"]["body"]


def test_posts_of_history_are_shown_and_cannot_be_written_to(
    world: Flask, visitor: Visitor
) -> None:
    with world.app_context():
        example = db.session.scalars(select(Post).where(Post.email == "minister@gb.example")).one()
        example.stopped_at = clock.now()
        db.session.commit()

    page = visitor.open("/write/gb")

    assert "Michelle Donelan" in page.text
    assert "22 May 2024" in page.text
    assert "enquiries@" not in page.text
    assert 'value="send"' not in page.text


@pytest.mark.parametrize("way", ["mailto", "copy"])
def test_who_sends_it_themselves_tells_us_nothing(world: Flask, visitor: Visitor, way: str) -> None:
    answer = visitor.send("/write/gb", own_words=OWN_WORDS, way=way)

    assert answer.status_code == 200
    assert OWN_WORDS in answer.text
    assert "[Your name]" not in answer.text
    with world.app_context():
        for kept in (Person, Letter, Message):
            assert count_of(select(kept)) == 0


def test_a_short_letter_fits_into_the_mail_program(world: Flask, visitor: Visitor) -> None:
    body = "Dear Minister,\n\n[Your own words will stand here]\n\nYours,\n\n[Your name]"

    answer = visitor.send(
        "/write/gb", own_words="Grüße & Dank: 100 % für Sie?", name="Ada", body=body, way="mailto"
    )

    assert "mailto:minister@gb.example?subject=Please%20support" in answer.text
    address = answer.text.partition('href="mailto:')[2].partition('"')[0]
    assert unquote(address.partition("body=")[2]) == (
        "Dear Minister,\r\n\r\nGrüße & Dank: 100 % für Sie?\r\n\r\nYours,\r\n\r\nAda"
    )


def test_a_long_letter_is_to_be_copied_and_the_address_still_opened(
    world: Flask, visitor: Visitor
) -> None:
    answer = visitor.send("/write/gb", own_words=OWN_WORDS, way="mailto")

    assert "First copy it" in answer.text
    assert "mailto:minister@gb.example?subject=" in answer.text
    assert "body=" not in answer.text


def test_a_letter_said_to_be_sent_is_counted_by_its_way(world: Flask, visitor: Visitor) -> None:
    ready = visitor.send("/write/gb", own_words=OWN_WORDS, way="copy")

    answer = visitor.fill(ready, "/write/gb", action="/sent")

    assert (answer.status_code, answer.location) == (303, "/write/thank-you")
    with world.app_context():
        assert tallies_queries.count_since(clock.now()) == {
            "send": 0,
            "mailto": 0,
            "copy": 1,
            "form": 0,
        }
    assert visitor.open("/write/thank-you").status_code == 200


@pytest.mark.parametrize("way", ["copy", "mailto"])
def test_a_letter_said_to_be_sent_counts_once_however_often_the_button_is_pressed(
    world: Flask, visitor: Visitor, way: str
) -> None:
    ready = visitor.send("/write/gb", own_words=OWN_WORDS, way=way)

    answers = [visitor.fill(ready, "/write/gb", action="/sent").status_code for _ in range(5)]

    assert answers == [303] * 5
    with world.app_context():
        assert sum(tallies_queries.count_since(clock.now()).values()) == 1


def test_a_program_that_writes_and_sends_in_turns_is_thanked_and_soon_not_counted(
    world: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies_verbs, "SELF_SENT_AN_HOUR", 2)

    for _ in range(4):
        ready = visitor.send("/write/gb", own_words=OWN_WORDS, way="copy")
        assert visitor.fill(ready, "/write/gb", action="/sent").status_code == 303

    with world.app_context():
        assert tallies_queries.count_since(clock.now())["copy"] == 2


@pytest.mark.parametrize("letter", ["", "forged", "W10.x.y"])
def test_without_a_letter_of_ours_nothing_counts(
    world: Flask, visitor: Visitor, letter: str
) -> None:
    ready = visitor.send("/write/gb", own_words=OWN_WORDS, way="copy")

    answer = visitor.fill(ready, "/write/gb", action="/sent", letter=letter)

    assert answer.status_code == 403
    with world.app_context():
        assert sum(tallies_queries.count_since(clock.now()).values()) == 0


def test_an_office_with_only_a_contact_form_is_reached_through_it(
    world: Flask, visitor: Visitor
) -> None:
    with world.app_context():
        post = db.session.scalars(select(Post).where(Post.email == "minister@se.example")).one()
        post.email, post.contact_form = "", "https://minister.example/write"
        db.session.commit()

    page = visitor.open("/write/se")
    ready = visitor.fill(page, "/write/se", own_words=OWN_WORDS)

    assert 'href="/write/se"' in visitor.open("/write").text
    assert 'value="send"' not in page.text
    assert 'href="https://minister.example/write"' in ready.text


def test_several_offices_of_a_country_can_be_chosen_from(world: Flask, visitor: Visitor) -> None:
    with world.app_context():
        second = Post(
            country="GB", title="Second Office", language="fr", email="two@gb.example",
            source="example", seen_on=clock.now().date(), holders=[],
        )  # fmt: skip
        db.session.add(second)
        db.session.commit()
        number = second.id

    page = visitor.open(f"/write/gb?post={number}")

    assert "Second Office" in visitor.open("/write/gb").text
    [form] = forms_in(page.text)
    assert form["fields"]["post"] == str(number)
    assert "Second Office" in form["fields"]["body"]
    assert form["fields"]["subject"].startswith("Pour un traité")


MISTAKES = [
    ("own_words", "", "at least one sentence"),
    ("own_words", "Please.", "at least one sentence"),
    ("own_words", "x" * 2001, "2000 characters or fewer"),
    ("own_words", "I am {name} and I worry.", "Replace or remove {name}"),
    ("body", "", "The letter is empty."),
    ("body", "x" * 10_001, "10000 characters or fewer"),
    ("body", "x" * 9_990, "more than 10000 characters"),
    ("body", "Dear {post}, {own_words}", "Replace or remove {own_words}, {post}"),
    ("body", "Dear Minister\x07", "cannot be shown"),
    ("subject", "", "Enter a subject."),
    ("subject", "x" * 256, "255 characters or fewer"),
    ("subject", "About {summit}", "Replace or remove {summit}"),
    ("subject", "One\r\nBcc: all@example.org", "on one line only"),
    ("name", "", "Enter your name"),
    ("name", "x" * 76, "75 characters or fewer"),
    ("name", "Ada\r\nBcc: all@example.org", "on one line only"),
    ("name", "{{ 7*7 }}", "Enter a name, without"),
    ("name", "<b>Ada</b>", "Enter a name, without"),
    ("email", "", "Enter your e-mail address."),
    ("email", "ada@example.org, bob@example.org", "Enter one e-mail address"),
    ("email", "ada@example.org\r\nBcc: bob@example.org", "Enter one e-mail address"),
    ("post", "999999", "Choose one of the offices"),
    ("post", "1; drop table", "Choose one of the offices"),
]


def test_mistakes_are_named_and_what_was_typed_stays(world: Flask, visitor: Visitor) -> None:
    page = visitor.open("/write/gb")
    for field, value, sentence in MISTAKES:
        answer = visitor.fill(page, "/write/gb", **{**WRITER, field: value})

        assert answer.status_code == 422, (field, value)
        assert sentence in answer.text, (field, value)
        kept = forms_in(answer.text)[0]["fields"]
        other = "own_words" if field != "own_words" else "name"
        assert kept[other].strip() == WRITER[other]
    with world.app_context():
        assert count_of(select(Letter)) == 0


def test_html_and_template_syntax_stay_words(world: Flask, visitor: Visitor) -> None:
    answer = visitor.send("/write/gb", own_words="<script>alert(1)</script> {{ 7*7 }}", way="copy")

    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in answer.text


def test_a_form_without_its_token_is_refused_and_keeps_what_was_typed(
    world: Flask, visitor: Visitor
) -> None:
    answer = visitor.send("/write/gb", drop=("csrf_token",), **WRITER)

    assert answer.status_code == 400
    assert OWN_WORDS in answer.text


def test_counting_needs_the_form_of_our_page_and_a_way_of_ours(
    world: Flask, visitor: Visitor
) -> None:
    ready = visitor.send("/write/gb", own_words=OWN_WORDS, way="copy")

    forged = visitor.fill(ready, "/write/gb", action="/sent", way="send")
    bare = visitor.post("/write/gb/sent", {"way": "copy"})

    assert forged.status_code == bare.status_code == 400
    with world.app_context():
        assert sum(tallies_queries.count_since(clock.now()).values()) == 0
