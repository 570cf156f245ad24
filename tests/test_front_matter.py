"""Front matter is read as it was written, and what a person wrote stays as they wrote it."""

import pytest
from flask import Flask

from campaign import front_matter
from campaign.front_matter import Trouble, part, read_yaml

WRITTEN = """\
# Ask Ada before you change this.
layout: "wide"
title: 'A page' # shown in the tab

at: "12:30"
tags: # as on the old site
- a
- b
"""


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("---\ntitle: T\nx: [1, 2\n---\n", 4, 1),
        ("---\ntitle: T\n  y: 1\n---\n", 3, 4),
        ("---\ntitle: T\nx: *a\n---\n", 3, 4),
        ("---\ntitle: T\nlist: [1, !!set {a}]\n---\n", 3, 11),
        ("---\ntitle: T\nx: 1\n...\ny: 2\n---\n", 5, 1),
        ("---\ntitle: T\nx: It\x92s\n---\n", 3, 6),
    ],
)
def test_what_is_no_yaml_is_named_with_its_line_and_column(
    app: Flask, text: str, line: int, column: int
) -> None:
    with app.app_context(), pytest.raises(Trouble) as refused:
        part(text)

    assert refused.value.line == line
    assert f"(column {column})" in refused.value.sentence


def test_a_bomb_of_aliases_is_refused_before_it_grows(app: Flask) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + at)}: &{chr(98 + at)} [*{chr(97 + at)}, *{chr(97 + at)}]\n" for at in range(20)
    )

    with app.app_context(), pytest.raises(Trouble) as refused:
        read_yaml(bomb)

    assert refused.value.line == 2


def test_front_matter_longer_than_any_person_writes_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(Trouble):
        part(f"---\ntitle: {'x' * front_matter.LONGEST}\n---\n")


def test_values_are_those_of_yaml_1_2_and_all_else_is_text() -> None:
    text = "a: no\nb: 0o17\nc: 1.50\nd: 2027-05-13\ne: 12:30\nf: true\ng: -7\nh: ~\ni: 007\n"

    values = read_yaml(text)

    assert values == {
        "a": "no", "b": "0o17", "c": "1.50", "d": "2027-05-13", "e": "12:30", "f": True, "g": -7,
        "h": None, "i": "007",
    }  # fmt: skip


def test_what_says_the_same_keeps_its_comments_order_and_quotes() -> None:
    matter = read_yaml(WRITTEN)

    assert front_matter.write(matter, before=WRITTEN) == WRITTEN


def test_what_says_something_else_is_changed_where_it_stands() -> None:
    matter = {**read_yaml(WRITTEN), "title": "Another", "draft": True}
    del matter["at"]

    written = front_matter.write(matter, before=WRITTEN)

    assert written == (
        '# Ask Ada before you change this.\nlayout: "wide"\n'
        "title: 'Another' # shown in the tab\n\ntags: # as on the old site\n- a\n- b\ndraft: true\n"
    )


@pytest.mark.parametrize("words", ["?", "?a", ": 0", "- a", "#x", "no: y", "true", "12", "", " a "])
def test_words_that_look_like_something_else_are_quoted(words: str) -> None:
    matter = {"a": words, "b": [words], "c": {"d": words}}

    assert read_yaml(front_matter.write(matter)) == matter
