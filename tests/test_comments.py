"""Comments in Markdown are shown nowhere; in code they are examples and stay."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.comments import line_of_unclosed, without_comments
from campaign.markup import render
from campaign.plain_text import plain

HIDDEN = [
    ("One <!-- secret --> two.", "One two."),
    ("<!-- secret -->\n\nOne", "\nOne"),
    ("<!-- secret\n\n# secret\n\n---\nsecret -->\nOne", "One"),
    ("One <!-- secret\n\n- secret\n\n```\nsecret --> two", "One two"),
    ("- One\n<!-- secret -->\n- Two", "- One\n- Two"),
    ("- One <!-- secret\n\nsecret\n--> more\n- Two", "- One more\n- Two"),
    ("| a |\n| - |\n<!-- secret | -->\n| b |", "| a |\n| - |\n| b |"),
    ("> One\n> <!-- secret -->\n> two", "> One\n> two"),
    ("# One <!-- secret\n\nsecret --> two", "# One two"),
    ("One <!-- secret -->\ntwo", "One \ntwo"),
    ("One<!---->two<!-- --><!--secret-->", "Onetwo"),
    ("One <!--> two", "One two"),
    ("<!-- ``` -->\nOne\n<!-- secret -->\nTwo", "One\nTwo"),
    ("`code` <!-- `secret` --> two", "`code` two"),
    ("One ` two <!-- secret -->", "One ` two "),
    ("One <!-- secret", "One "),
    ("One\n\n<!--\nsecret\n\nsecret", "One\n\n"),
    ("- One\n\n      code <!-- kept -->\n\n  <!-- secret -->\n  two", None),
    ("1. One\n   <!-- secret -->\n   two", "1. One\n   two"),
    ("{{ name }} <!-- secret {{ name }} --> two", "{{ name }} two"),
    ("[a](/b) <!-- [secret](/secret) --> ![c](/static/d.png)", "[a](/b) ![c](/static/d.png)"),
    ("One[^1] <!-- secret -->\n\n[^1]: Note <!-- secret -->", "One[^1] \n\n[^1]: Note "),
]
CODE = [
    "`<!-- kept -->`",
    "``a ` <!-- kept -->``",
    "```\n<!-- kept -->\n```",
    "~~~html\n<!-- kept\n\n-->\n~~~",
    "Words\n\n    <!-- kept -->\n",
    "> ```\n> <!-- kept -->\n> ```",
    "- One\n\n  ```\n  <!-- kept -->\n  ```",
    "```\n<!-- kept",
    "`a\n<!- b` \\<!-- kept",
]
PARTS = [
    "<!-- ", "secret", " -->", "\n", "\n\n", "`", "``", "```\n", "~~~\n", "    ", "- ", "1. ", "> ",
    "# ", "word ", "| a | b |\n| - | - |\n", "| ", "\t", "---\n", "\\", "*", "[", "](", ")",
]  # fmt: skip


@pytest.mark.parametrize(("source", "left"), HIDDEN)
def test_a_comment_is_shown_nowhere(source: str, left: str | None) -> None:
    if left is not None:
        assert without_comments(source) == left
    assert "secret" not in render(source).html
    assert "secret" not in plain(source)
    assert "secret" not in str(render(source).headings)


@pytest.mark.parametrize("source", CODE)
def test_in_code_a_comment_is_an_example(source: str) -> None:
    assert without_comments(source) == source
    assert "&lt;!-- kept" in render(source).html
    assert "<!-- kept" in plain(source)


@given(st.lists(st.sampled_from(PARTS), max_size=16).map("".join))
@example("```\n<!-- <!-- ")
def test_whatever_stands_around_it_a_comment_is_seen_in_code_only(source: str) -> None:
    shown = render(source.replace("\\", "")).html

    for seen in re.finditer("&lt;!--", shown):
        before = shown[: seen.start()]
        assert before.count("<code") > before.count("</code")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("<!-- a", 1),
        ("a\n\nb <!-- c\nd", 3),
        ("<!-- a -->\n<!-- b", 2),
        ("`<!-- a`", None),
        ("", None),
    ],
)
def test_a_comment_without_an_end_is_found_by_its_line(source: str, line: int | None) -> None:
    assert line_of_unclosed(source) == line


@pytest.mark.parametrize(
    "source",
    ["<!---->" * 7000, "<!--" * 12000, "a <!-- -->" * 5000, "` " * 25000 + "<!-- -->",
     " ".join("`" * n for n in range(300)) + "<!-- -->", "<!-- -->\n" * 5000,
     "> " * 20000 + "<!--"],
)  # fmt: skip
def test_no_text_keeps_a_process_busy(source: str) -> None:
    begun = time.process_time()

    without_comments(source)

    assert time.process_time() - begun < 1
