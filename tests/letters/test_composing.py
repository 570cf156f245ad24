"""How a letter is put together."""

from importlib import resources

import pytest
from flask import Flask

from campaign.letters import composing
from campaign.letters.composing import Placeholders, finish
from campaign.letters.models import Template
from campaign.summits.models import Holder

PLACED = Placeholders(own_words="[words]", name="[name]")
CLOSING = "Yours faithfully,"


def finished(body: str, *, words: str = "Mine.", name: str = "Ada") -> str:
    return finish(body, own_words=words, name=name, placeholders=PLACED, closing=CLOSING)


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


NAMES = ["Will", "May", "Grace", "Mark", "Hope", "Ada", "An", "AI", "Ask", "Will You", "Ed", "will"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body",
    [
        "{name} you go to Geneva, as Canada did?\n\n[words]",
        "I ask, and {name} repeats it: go.\n\n[words]\n\nYours faithfully,",
        "Dear {name},\n\n[words]\n\nIt is a {name}day.\n\nYours faithfully,",
        "[words]\n\nWe have the {name}.\n\nYours faithfully,\n\nThe {name} of us all is at stake.",
    ],
)
def test_a_name_that_is_a_word_of_the_letter_still_signs_it(name: str, body: str) -> None:
    letter = finished(body.format(name=name), name=name)

    assert letter.endswith(f"\n\n{name}")


@pytest.mark.parametrize(
    "end",
    [
        "Yours,\n\nWill",
        "Yours,\nWill",
        "Yours, Will",
        "Yours –  Will ",
        "Yours,\n\n— will.",
        "Yours,\n\nWill\n12 Main Street\nLeeds",
        "Yours,\n\nWill\n\nLeeds\n\nPS: Come soon.",
    ],
)
def test_who_has_signed_already_is_not_signed_twice(end: str) -> None:
    body = f"[words]\n\nWill you go?\n\n{end}"

    assert finished(body, name="Will") == body.replace("[words]", "Mine.").strip()


@pytest.mark.parametrize(
    ("body", "is_said"),
    [
        ("Act. We must act now. Please.", True),
        ("We must act now", True),
        ("Dear M,\n\nWe must act now", True),
        ("He says “We must act now”", False),
        ("We must act nowhere.", False),
        ("They think We must act now.", False),
    ],
)
def test_own_words_that_are_part_of_other_words_are_still_added(body: str, is_said: bool) -> None:
    letter = finished(body, words="We must act now")

    assert letter.count("We must act now") == (1 if is_said else 2)


def test_every_language_that_letters_come_in_has_words_of_its_own_for_what_is_not_known() -> None:
    folder = resources.files("campaign.starter") / "letters"
    languages = [file.name.removesuffix(".md") for file in folder.iterdir()]

    words = {language: composing.fallbacks_in(language) for language in languages}

    assert len(languages) >= 3
    assert all(all(each) for each in words.values())
    for part in range(len(composing.Fallbacks._fields)):
        assert len({each[part] for each in words.values()}) == len(languages)


@pytest.mark.parametrize("holder", [None, Holder(salutation=""), Holder(salutation="  ")])
@pytest.mark.parametrize("language", ["fr", "fr-CA", "fr_BE", "FR", "de", "de-AT", "sv", "ko"])
def test_no_letter_holds_words_of_another_language(
    app: Flask, language: str, holder: Holder | None
) -> None:
    template = Template(
        language=language, subject="S", body="{post}\n\n{salutation}\n\n{summit} {summit_place}"
    )

    with app.app_context():
        draft = composing.draft(
            template, post=None, holder=holder, summit=None, placeholders=PLACED
        )

    english = composing.fallbacks_in("en")
    assert not any(words in draft.body for words in english)
    if language[:2].lower() in {"fr", "de"}:
        assert composing.fallbacks_in(language).salutation in draft.body
        assert composing.unfilled(draft.body) == []
    else:
        # Left to the supporter, whom the form asks to fill it in.
        assert composing.unfilled(draft.body) == ["{post}", "{summit_place}", "{summit}"]


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
        draft = composing.draft(template, post=None, holder=None, summit=None, placeholders=PLACED)

    assert draft.body == "Go to the next world summit on AI (place and days not announced yet)."
