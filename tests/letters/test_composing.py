"""How a letter is put together."""

import pytest
from flask import Flask

from campaign.letters import composing
from campaign.letters.composing import Marks, finish
from campaign.letters.models import Template

PLACED = Marks(own_words="[words]", name="[name]")
CLOSING = "Yours faithfully,"


def finished(body: str, *, words: str = "Mine.", name: str = "Ada") -> str:
    return finish(body, own_words=words, name=name, placed=PLACED, closing=CLOSING)


@pytest.mark.parametrize(
    ("body", "letter"),
    [
        (
            "Dear M,\n\n[words]\n\nYours faithfully,\n\n[name]",
            "Dear M,\n\nMine.\n\nYours faithfully,\n\nAda",
        ),
        (
            "Dear M,\n\nAsk.\n\nYours faithfully,\n\n[name]",
            "Dear M,\n\nAsk.\n\nMine.\n\nYours faithfully,\n\nAda",
        ),
        ("Dear M,\n\nAsk.\n\nCheers\n\n[name]", "Dear M,\n\nAsk.\n\nCheers\n\nMine.\n\nAda"),
        ("Ask.", "Ask.\n\nMine.\n\nAda"),
        ("Ask. Mine.\n\nAda", "Ask. Mine.\n\nAda"),
        ("[words] [words]\n\nAda", "Mine. \n\nAda"),
    ],
)
def test_own_words_and_name_always_stand_in_the_letter(body: str, letter: str) -> None:
    assert finished(body) == letter


def test_without_a_name_the_mail_program_signs() -> None:
    letter = finished("[words]\n\nYours faithfully,\n\n[name]", name="")

    assert letter == "Mine.\n\nYours faithfully,"


def test_the_closing_is_the_paragraph_before_the_name() -> None:
    template = Template(language="en", subject="", body="Ask.\n\nYours faithfully,\n\n{name}\n")

    assert composing.closing_of(template) == CLOSING


def test_only_our_own_placeholders_count_as_unfilled() -> None:
    assert composing.unfilled("{post} {name} {other} {} {post}") == ["{name}", "{post}"]


def test_mailto_encodes_every_part_and_ends_lines_by_crlf() -> None:
    address = composing.mailto(
        "a+b@minister.example", subject="Für & wider?", body="Привет,\n50 % = ½\n"
    )

    assert address == (
        "mailto:a%2Bb@minister.example?subject=F%C3%BCr%20%26%20wider%3F"
        "&body=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82%2C%0D%0A50%20%25%20%3D%20%C2%BD%0D%0A"
    )


def test_a_letter_without_a_summit_ahead_still_reads(app: Flask) -> None:
    template = Template(language="en", subject="S", body="Go to the {summit} ({summit_place}).")

    with app.app_context():
        draft = composing.draft(template, post=None, holder=None, summit=None, placed=PLACED)

    assert draft.body == "Go to the next world summit on AI (place and days not announced yet)."
