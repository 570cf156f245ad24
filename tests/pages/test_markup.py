"""Markdown becomes HTML that is safe to show, whatever it holds."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.markup import render
from campaign.plain_text import plain

# What may stand in the HTML of a text, and nothing else.
TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "img", "input", "label",
    "li", "ol", "p", "pre", "s", "section", "strong", "sup", "table", "tbody", "td", "th", "thead",
    "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "alt", "checked", "class", "disabled", "href", "id", "rel", "src", "start", "tabindex", "title",
    "type",
}  # fmt: skip
SCHEMES = ("http://", "https://", "mailto:", "tel:", "/", "#")

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=javascript:alert('XSS')>",
    '<a href="javascript:alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=1&gt;'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><input name=x></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<object data=javascript:alert(1)></object>",
    "<b onclick=alert(1)>unclosed <i>and <u>more",
    "<div",
    "</div></main></body>",
    "<!-- <script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](  javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "<javascript:alert(1)>",
    '[x](/a "t\\" onmouseover=alert(1)")',
    "[x](/a){onclick=alert(1)}",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](data:image/png;base64,AAAA)",
    "![x](https://evil.example/pixel.png)",
    "![x](//evil.example/pixel.png)",
    "![x](/\\evil.example/pixel.png)",
    '![x" onerror="alert(1)](/a.png)',
    '![x](/a.png "t\\" onerror=\\"alert(1)")',
    '```js" onclick="alert(1)\ncode\n```',
    "`<script>alert(1)</script>`",
    "- [ ] <script>alert(1)</script>",
    "|<script>|b|\n|-|-|\n|<img src=x onerror=alert(1)>|2|",
    "x[^1]\n\n[^1]: <script>alert(1)</script>",
    "x[^<script>]\n\n[^<script>]: note",
    "## <script>alert(1)</script>",
    '## "><script>alert(1)</script>',
    "\u2028<script>alert(1)</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<" * 3000,
    "[" * 3000,
    "> " * 500 + "x",
    "*" * 3000 + "x",
]


class _Seen(HTMLParser):
    """What a browser would find in HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def assert_harmless(html: str) -> None:
    for tag, attributes in _Seen(html).tags:
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES, attributes
        assert attributes.get("href", "/").startswith(SCHEMES), attributes
        source = attributes.get("src", "/")
        assert source.startswith("/"), attributes
        assert not source.startswith(("//", "/\\")), attributes


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_shown_as_text_or_not_at_all(attack: str) -> None:
    html = render(attack).html

    assert_harmless(html)


@given(st.lists(st.sampled_from([*ATTACKS[:-4], "\n\n", "*", "`", "[", "](", "<", '"', "'"])))
def test_attacks_put_together_are_harmless(parts: list[str]) -> None:
    html = render("".join(parts)).html

    assert_harmless(html)


def test_strangers_html_is_shown_as_the_text_it_is() -> None:
    html = render("<b onclick=alert(1)>Hello</b>").html

    assert html == "<p>&lt;b onclick=alert(1)&gt;Hello&lt;/b&gt;</p>\n"


def test_template_syntax_is_text() -> None:
    html = render("{{ 7 * 7 }} {% raw %}").html

    assert "{{ 7 * 7 }} {% raw %}" in html


def test_headings_carry_anchors_made_of_their_words() -> None:
    text = render("## What we *ask* for\n\n### `Code` & more\n\n#### Größe 日本")

    assert [(h.level, h.anchor, h.words) for h in text.headings] == [
        (2, "what-we-ask-for", "What we ask for"),
        (3, "code-more", "Code & more"),
        (4, "größe-日本", "Größe 日本"),
    ]
    assert '<h2 id="what-we-ask-for">What we <em>ask</em> for</h2>' in text.html


def test_anchors_are_unique_and_leave_the_frames_own_alone() -> None:
    source = "# Main\n## Part\n## Part\n## Part 2\n## fn1\n## !!!\n## !!!\n\nx[^1]\n\n[^1]: n"

    text = render(source)

    anchors = [heading.anchor for heading in text.headings]
    assert anchors == ["main-2", "part", "part-2", "part-2-2", "fn1-2", "section", "section-2"]
    ids = [attributes["id"] for _tag, attributes in _Seen(text.html).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_an_anchor_stays_when_another_heading_changes() -> None:
    before = render("## One\n\n## Two\n\n## Three").headings

    after = render("## One and a half\n\n## Two\n\n## Three").headings

    assert [h.anchor for h in before][1:] == [h.anchor for h in after][1:]


@pytest.mark.parametrize(
    "unit",
    ["# a\n", "a\n=\n", "# a\n# a-2\n", "- [ ] a\n", "http://x.", "http://", "https://a.example "],
)
def test_a_long_text_is_read_in_time_that_grows_with_it_alone(unit: str) -> None:
    def time_for(size: int) -> float:
        begun = time.process_time()
        render(unit * (size // len(unit)))
        return time.process_time() - begun

    short, long = (min(time_for(size) for _ in range(2)) for size in (5_000, 20_000))

    # Four times the text takes some four times as long; sixteen, where each part is held against
    # all before it, which makes minutes of a text of the largest size.
    assert long < 9 * short


def test_the_pages_title_stays_its_only_first_heading_and_none_is_too_deep() -> None:
    html = render("# One\n\n##### Five\n\n###### Six").html

    assert [tag for tag, _ in _Seen(html).tags] == ["h2", "h4", "h4"]


def test_footnotes_lead_there_and_back() -> None:
    html = render("One.[^a] Again.[^a] Two.[^b]\n\n[^a]: First note.\n[^b]: Second note.").html

    links = _Seen(html).all("a")
    ids = {attributes.get("id") for _tag, attributes in _Seen(html).tags}
    assert all(link["href"][1:] in ids for link in links)
    assert html.count(">[1]<") == 2
    assert html.count(">[2]<") == 1
    assert "First note." in html


def test_tables_are_tables() -> None:
    html = render("| City | Places |\n| --- | ---: |\n| Oslo | 3 |").html

    assert "<th>City</th>" in html
    assert "<td>Oslo</td>" in html


def test_tasks_are_ticked_or_not_and_labelled() -> None:
    html = render("- [ ] Ask\n- [x] Sign **now**").html

    boxes = _Seen(html).all("input")
    assert [("checked" in box, "disabled" in box, box["type"]) for box in boxes] == [
        (False, True, "checkbox"),
        (True, True, "checkbox"),
    ]
    assert html.count("<label>") == 2


def test_a_picture_of_ours_is_shown_and_a_foreign_one_is_words() -> None:
    html = render("![A crowd](/static/images/crowd.jpg) ![Spy](https://evil.example/x.png)").html

    assert _Seen(html).all("img") == [{"src": "/static/images/crowd.jpg", "alt": "A crowd"}]
    assert "Spy" in html
    assert "evil" not in html


def test_links_lead_to_the_web_to_mail_and_to_telephones() -> None:
    html = render("[a](https://x.example/) [b](/proposal) <me@example.org> [c](tel:+4930123)").html

    links = [link["href"] for link in _Seen(html).all("a")]
    assert links == ["https://x.example/", "/proposal", "mailto:me@example.org", "tel:+4930123"]


def test_a_text_may_begin_with_a_line() -> None:
    html = render("---\n\nwords\n\n---\n\nmore").html

    assert html.count("<hr>") == 2
    assert "words" in html


def test_a_table_is_columns_in_plain_text() -> None:
    text = plain("| City | Places |\n| --- | ---: |\n| Oslo | 3 |\n| São Paulo | 1200 |")

    assert text.splitlines() == [
        "City       Places",
        "---------  ------",
        "Oslo            3",
        "São Paulo    1200",
    ]


def test_a_table_too_wide_for_a_mail_is_a_list_of_its_rows() -> None:
    source = (
        "| City | Where |\n| --- | --- |\n| Oslo | [Square](/events/" + "x" * 60 + ") |\n| Bergen |"
    )

    text = plain(source, absolute=lambda path: f"https://campaign.example{path}")

    where = f"Square (https://campaign.example/events/{'x' * 60})"
    assert text == f"City: Oslo\nWhere: {where}\n\nCity: Bergen\n"


def test_lists_quotations_tasks_and_notes_are_readable_in_plain_text() -> None:
    source = """
1. Come
   - bring a sign
2. Write

- [ ] Ask
- [x] Sign

> One.
>
> Two.[^1]

[^1]: A ~~long~~ note.
"""

    text = plain(source)

    assert text == (
        "1. Come\n   - bring a sign\n2. Write\n\n- [ ] Ask\n- [x] Sign\n\n"
        "> One.\n>\n> Two. [1]\n\n[1] A ~long~ note.\n"
    )


@given(st.lists(st.sampled_from([*ATTACKS[:-4], "\n\n", "- ", "> ", "1. ", "|a|\n|-|\n", "[^1]"])))
def test_plain_text_can_be_written_of_anything(parts: list[str]) -> None:
    assert plain("".join(parts)).endswith("\n")


def test_lines_that_begin_with_the_bullet_of_a_word_processor_are_a_list() -> None:
    source = "Bring:\n•\twater\n•\ta sign\n·  a scarf"

    assert "<li>water</li>\n<li>a sign</li>\n<li>a scarf</li>" in render(source).html
    assert "- water\n- a sign\n- a scarf" in plain(source)
    assert "<li>" not in render("tea · cake").html
    assert "• a\n• b" in render("```\n• a\n• b\n```").html
