"""Prose: signs stay what was written, bare addresses are links, anchors are the usual ones."""

import re
import time
from html import unescape
from pathlib import Path

import pytest

from campaign.config import ROOT
from campaign.linking import own_address
from campaign.markup import render
from campaign.plain_text import plain

AS_WRITTEN = [
    "Article 5(1)(c)", "(C) (r) (R) (tm) (TM) (p) (P)", "5 +- 2", "and so on...", "What?????",
    "Now!!!!!", "one,, two", "§ 2 (c) bis", "(c)(i)", "Art. 6(1)(f) GDPR", "1/2", "2 x 4",
    "~5 <- 3 -> 4 => 5", "--force and -f", "a - b", "1-2", "C:\\x", ":-)",
]  # fmt: skip
AS_IN_PRINT = [
    ('He said "yes"', "He said “yes”"),
    ("It's the ministers' turn", "It’s the ministers’ turn"),
    ("one -- two", "one – two"),
    ("pages 3--5", "pages 3–5"),
    ("one---two", "one—two"),
]
BARE = [
    ("https://example.org", "https://example.org"),
    ("http://example.org/a?b=c&d=e#f", "http://example.org/a?b=c&d=e#f"),
    ("www.example.org/a", "https://www.example.org/a"),
    ("WWW.Example.org", "https://WWW.Example.org"),
    ("ada@example.org", "mailto:ada@example.org"),
    ("ada.b+news@mail.pause.earth", "mailto:ada.b+news@mail.pause.earth"),
    ("mailto:ada@example.org", "mailto:ada@example.org"),
    ("https://example.org/Foo_(bar)", "https://example.org/Foo_(bar)"),
    ("https://example.org/a--b_c_d'e", "https://example.org/a--b_c_d'e"),
    ("https://example.org/ä", "https://example.org/%C3%A4"),
    ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
    ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
]
AROUND = [
    "{}",
    "See {}.",
    "({})",
    "“{}”,",
    "{}, and more",
    "{}: so",
    "*{}*",
    "- {}",
    "> {}!",
    "{}?",
]
NO_LINKS = [
    "README.md", "index.html", "main.rs", "example.org", "Node.js", "1.2.3", "e.g.this", "a@b",
    "www.", "www", "www.x", "//example.org/x", "ftp://example.org", "javascript:alert(1)", "@ada",
    "http://", "`https://example.org`", "    https://example.org", "```\nhttps://example.org\n```",
    "17:30", "and/or", "file:///etc/passwd", "v2.0@main",
]  # fmt: skip
ANCHORS = [
    ("Don't", "dont"),
    ("What’s next?", "whats-next"),
    ("Who pays, and why", "who-pays-and-why"),
    ("The EU's AI Act (2024)", "the-eus-ai-act-2024"),
    ("3.1 Aims: a start", "31-aims-a-start"),
    ("`code` & more", "code-more"),
    ("snake_case stays", "snake_case-stays"),
    ("Größe", "größe"),
    ("日本 の 声", "日本-の-声"),
    ("हिन्दी भाषा", "हिन्दी-भाषा"),
    ("Почему? Зачем!", "почему-зачем"),
    ("🔥 Hot", "hot"),
    ("!!!", "section"),
    ("[A link](/x) in it", "a-link-in-it"),
]
ADDRESSES = [
    ("news/hello.md", "other.md", "/news/other"),
    ("news/hello.md", "./other.md", "/news/other"),
    ("news/hello.md", "../risks.md#why", "/risks#why"),
    ("news/hello.md", "/risks.md", "/risks"),
    ("news/hello.md", "../index.md", "/"),
    ("news/hello.md", "index.md", "/news"),
    ("news/hello.md", "other", "/news/other"),
    ("news/hello.md", "other.MD?a=b", "/news/other?a=b"),
    ("news/hello.md", "other.markdown", "/news/other"),
    ("hello.md", "news/x.md", "/news/x"),
    ("hello.md", "de/x.md", "/de/x"),
    ("de/hello.md", "x.md", "/de/x"),
    ("guide/index.md", "part.md", "/guide/part"),
    ("hello.md", "../../up.md", "/up"),
    ("hello.md", "pic.png", "/static/images/pic.png"),
    ("news/hello.md", "pic.JPG", "/static/images/news/pic.JPG"),
    ("news/hello.md", "../images/pic.webp", "/static/images/pic.webp"),
    ("hello.md", "static/images/pic.svg", "/static/images/pic.svg"),
    ("hello.md", "/static/images/pic.png", "/static/images/pic.png"),
    ("hello.md", "/newsletter/images/pic.png", "/newsletter/images/pic.png"),
    ("hello.md", "#part", "#part"),
    ("hello.md", "?q=a", "?q=a"),
    ("hello.md", "", ""),
    ("hello.md", "/events", "/events"),
    ("hello.md", "https://example.org/a.md", "https://example.org/a.md"),
    ("hello.md", "//example.org/a.md", "//example.org/a.md"),
    ("hello.md", "mailto:ada@example.org", "mailto:ada@example.org"),
    ("hello.md", "tel:+49301234", "tel:+49301234"),
]


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


def links(source: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', render(source).html)]


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_signs_stay_what_was_written(text: str) -> None:
    assert words(render(text).html) == text
    assert plain(text).strip() == text


@pytest.mark.parametrize(("written", "printed"), AS_IN_PRINT)
def test_quotes_and_dashes_are_those_of_print(written: str, printed: str) -> None:
    assert words(render(written).html) == printed
    assert plain(written).strip() == printed


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(("written", "address"), BARE)
def test_a_bare_address_is_a_link_and_what_stands_around_it_is_not(
    written: str, address: str, around: str
) -> None:
    source = around.format(written)

    assert links(source) == [address]
    assert written.removeprefix("mailto:") in plain(source)
    assert plain(source).count("example") == source.count("example")


@pytest.mark.parametrize("text", NO_LINKS)
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    assert links(text) == []


def test_a_link_is_not_made_within_a_link() -> None:
    assert links("[www.example.org](/proposal) <https://example.org/>") == [
        "/proposal",
        "https://example.org/",
    ]


@pytest.mark.parametrize(("heading", "anchor"), ANCHORS)
def test_an_anchor_is_the_usual_one(heading: str, anchor: str) -> None:
    assert [h.anchor for h in render(f"## {heading}").headings] == [anchor]


@pytest.mark.parametrize("link", ["#dont", "#don-t", "#Don-t".lower()])
def test_links_to_what_an_anchor_was_once_lead_there_still(link: str) -> None:
    assert links(f"# Don't\n\n[down]({link})") == ["#dont"]


def test_links_to_an_anchor_as_other_programs_make_it_lead_there() -> None:
    assert links(
        "# Code & more\n\n[up](#code--more) [no](#nowhere) [größe](#größe)\n\n# Größe"
    ) == [
        "#code-more",
        "#nowhere",
        "#gr%C3%B6%C3%9Fe",
    ]


def test_two_fields_of_a_page_share_no_anchor() -> None:
    source = "# Part\n\nWords[^1] again[^1] and [up](#part).\n\n# Part\n\n[^1]: A note."

    htmls = [render(source, field=field).html for field in ("", "bring", "access")]

    ids = [anchor for html in htmls for anchor in re.findall(r'\bid="([^"]*)"', html)]
    assert len(ids) == len(set(ids))
    for html in htmls:
        own = set(re.findall(r'\bid="([^"]*)"', html))
        assert set(re.findall(r'href="#([^"]*)"', html)) <= own


def test_headings_of_the_same_words_are_numbered() -> None:
    source = "\n\n".join(
        f"# {words}" for words in ("a", "a-2", "a", "a", "main", "main", "fn1", "fn1")
    )

    assert [heading.anchor for heading in render(source).headings] == [
        "a", "a-2", "a-3", "a-4", "main-2", "main-3", "fn1-2", "fn1-3",
    ]  # fmt: skip


def test_no_heading_takes_an_anchor_of_the_frame_it_stands_in() -> None:
    templates = [ROOT / "templates" / "base.html", ROOT / "templates" / "front" / "home.html"]
    for folder in ("pages", "events", "macros"):
        templates += (ROOT / "templates" / folder).glob("*.html")
    of_frames = {
        found
        for template in templates
        for found in re.findall(r'\bid="([a-z][a-z-]*)"', Path(template).read_text())
    }

    headings = render(
        "\n\n".join(f"## {anchor.replace('-', ' ')}" for anchor in of_frames)
    ).headings

    assert of_frames & {heading.anchor for heading in headings} == set()


@pytest.mark.parametrize(("file", "written", "address"), ADDRESSES)
def test_a_link_of_a_page_file_leads_where_it_would_in_its_folder(
    file: str, written: str, address: str
) -> None:
    assert own_address(written, file=file) == address


def test_pictures_beside_a_page_file_are_shown_from_the_folder_of_pictures() -> None:
    html = render("![A crowd](crowd.jpg) ![Spy](https://evil.example/x.png)", file="a.md").html

    assert re.findall(r'src="([^"]*)"', html) == ["/static/images/crowd.jpg"]


@pytest.mark.parametrize(
    "source",
    ["www." * 5000, "http://x." * 2000, "https://a-" * 2000, "a@" * 10000,
     "https://x.y/" + "(" * 10000],
)  # fmt: skip
def test_what_is_nearly_an_address_keeps_no_process_busy(source: str) -> None:
    begun = time.process_time()

    render(source)

    assert time.process_time() - begun < 2


def test_a_long_address_is_one_link() -> None:
    address = "https://example.org/" + "a/" * 700

    assert links(f"See {address}.") == [address]
