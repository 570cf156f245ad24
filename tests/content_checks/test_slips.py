"""Slips in a text that goes to many: addresses that lead nowhere, fields of other programs."""

import time
from collections.abc import Iterator
from html import escape

import pytest
from flask import Flask

from campaign.app import create_app
from campaign.content_checks import content_lint, slips
from campaign.markdown import Address, addresses
from campaign.plain_text import plain
from tests.closing import close


@pytest.fixture(scope="module")
def _english(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app({"SECRET_KEY": "s" * 32, "INSTANCE": str(tmp_path_factory.mktemp("words"))})
    yield app
    close(app)


@pytest.fixture
def app_words(_english: Flask) -> Iterator[None]:
    """Let sentences be said; no table is asked."""
    with _english.test_request_context():
        yield


LEAD_NOWHERE = [
    # No scheme.
    "www.example.org", "WWW.example.org/a", "example.org", "example.org/page?x=1", "un.example",
    "//example.org/a", "sub.example.org:8080", "www.exämple.org",
    # A scheme written otherwise.
    "https//example.org", "http//example.org", "htp://x", "hhtps://example.org", "ttps://example.org",
    "https;//example.org", "ftp://example.org", "file:///home/me/a.pdf", "webcal://example.org",
    "chrome://settings", "about:blank",
    # A scheme and no site.
    "https:/example.org", "https:example.org", "https://", "http:///", "https://example",
    "https://localhost:5000/", "https://[", "https://a:port/", "https://.../",
    # Mail without its scheme, or a scheme without mail.
    "ada@example.org", "ada.l@mail.example.org?subject=Hi", "mailto:ada", "mailto:",
    "mailto://ada@example.org", "mailto:ada@example",
    # Only on the page it was copied from.
    "proposal", "./proposal", "../news/one", "other.md", "pic.png", "index.html#top", "?page=2",
    "#what-we-want", "", "tel:", "tel:home", "/\\example.org", "page.php?id=1",
]  # fmt: skip
LEAD_SOMEWHERE = [
    "https://example.org", "http://example.org/a?b=c#d", "https://www.example.org:8443/",
    "/proposal",
    "/events?country=DE", "/", "mailto:ada@example.org", "mailto:ada@example.org?subject=Hi%20you",
    "mailto:a@example.org,b@example.org", "tel:+4930123456", "https://[2001:db8::1]/",
    "https://xn--exmple-cua.org/", "https://example.org/a_(b)", "HTTPS://EXAMPLE.ORG/",
    "https://example.org/%E2%80%A6",
]  # fmt: skip


@pytest.mark.parametrize("target", LEAD_NOWHERE)
def test_an_address_that_leads_nowhere_is_named(app_words: None, target: str) -> None:
    found = list(slips.of_addresses([Address(target, "the plan")]))

    assert len(found) == 1
    assert found[0].is_grave
    assert "the plan" in str(found[0].sentence)


@pytest.mark.parametrize("target", LEAD_SOMEWHERE)
def test_an_address_that_leads_somewhere_is_left_in_peace(app_words: None, target: str) -> None:
    assert list(slips.of_addresses([Address(target, "the plan")])) == []


def test_addresses_are_read_as_they_were_written_before_rendering_drops_them() -> None:
    source = (
        "[a](www.example.org) and **[b](htp://x)**\n\n- [c](ada@example.org)\n\n"
        "| h |\n| - |\n| [d](https//e) |\n\n"
        "> ![e](https://foreign.example/p.png)\n\n[f][g]\n\n[g]: x"
    )

    found = addresses(source)

    assert [(one.target, one.words) for one in found] == [
        ("www.example.org", "a"),
        ("htp://x", "b"),
        ("ada@example.org", "c"),
        ("https//e", "d"),
        ("https://foreign.example/p.png", "e"),
        ("x", "f"),
    ]


@pytest.mark.parametrize(
    "target",
    ["https://foreign.example/p.png", "p.png", "//x.example/p", "data:image/png;x", "/\\x"],
)
def test_a_picture_from_elsewhere_is_named(app_words: None, target: str) -> None:
    (found,) = slips.of_addresses([Address(target, "A map", is_picture=True)])

    assert found.is_grave
    assert "not one of ours" in str(found.sentence)


FOREIGN = [
    "*|FNAME|*", "*|IF:FNAME|*", "*|UNSUB|*", "[[name]]", "[[First Name]]", "{$name}", "{name}",
    "${name}", "#{name}", "%{name}", "{first_name|there}", "{!Contact.FirstName}", "{#if name}",
    "%FIRSTNAME%", "%%first_name%%", "%%=v(@name)=%%", "%recipient.x%", "%recipient_name%",
    "%subscriber:firstname%", "%(name)s", "<<First Name>>", "<%= name %>", "{% if name %}",
    "[% name %]", "[FIRSTNAME]", "[UNSUBSCRIBEURL]", "[subscriber:firstname | default:you]",
    "[EMAIL|you]", "#FIRSTNAME#", "##NAME##", "@@NAME@@", "~FIRSTNAME~", "$NAME$",
]  # fmt: skip
NO_FIELDS = [
    "{{ name }}", "{{ name | friend }}", "50 % of 100 %", "100%-ig", "https://x.example/%C3%A9%20a",
    "[the proposal](/proposal)", "[AI](/ai)", "[^1]", "[x] done", "a * b * c", "{ }", "{}", "#AI",
    "me@example.org", "<https://x.example>", "a | b | c", "«Guten Tag»",
    "[NATO](/nato) and [UN][u]",
    "~~gone~~", "C$ and US$ 5", "f(x)[1]", "90% or 95%", "[Berlin][city]", "[1: one]", "a <b> c",
]  # fmt: skip


@pytest.mark.parametrize("field", FOREIGN)
@pytest.mark.parametrize("around", ["{}", "Dear {},", "Come,{}!", "[Leave]({})"])
def test_a_field_of_another_program_is_named(app_words: None, field: str, around: str) -> None:
    found = list(slips.of_foreign_fields(around.replace("{}", field)))

    assert found
    assert all(one.is_grave for one in found)
    assert field in str(found[0].sentence)


@pytest.mark.parametrize("words", NO_FIELDS)
def test_what_is_no_field_of_another_program_is_left_in_peace(app_words: None, words: str) -> None:
    assert [str(one.sentence) for one in slips.of_foreign_fields(f"We say {words} today.")] == []


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("[the plan](https://x.example/a b)", "is no link"),
        ("Come <b>now</b>", "is HTML"),
        ('<a href="https://x.example">Come</a>', "is HTML"),
        ("One<br/>two", "is HTML"),
    ],
)
def test_markup_that_was_not_understood_is_named(
    app_words: None, source: str, sentence: str
) -> None:
    (found,) = slips.of_what_is_left(plain(source))

    assert sentence in str(found.sentence)


LENGTH = 50_000
UNITS = [
    "a-", "a.", "a.b-", "-", "www.", "!", "A", "AAAA ", "AAAA,", " ", "\t", "{", "{{", "{{ a |",
    "{a", "{$a", "{%", "*|", "*|A", "%", "%a", "%%", "%%a", "[", "[[", "[[a", "[a:", "[A", "](",
    "<", "<<", "<%", "<a", "<a ", "</", "@", "a@", "@@A", "#A", "~A", "$A", "http://", "https:",
    "/", "\\", ":", "urgent", "act ", "risk-", "&amp;", "\u0301", "\u00e9", "1.", "%(",
]  # fmt: skip


def hostile(unit: str) -> str:
    return (unit * (LENGTH // len(unit) + 1))[:LENGTH]


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_of_fifty_thousand_signs_keeps_a_check_busy(app_words: None, unit: str) -> None:
    text = hostile(unit)
    paragraph = f"<p>{escape(text)}</p>"
    link = f'<a href="{escape(text)}">{escape(text)}</a>'
    begun = time.process_time()

    list(slips.of_addresses([Address(text, text), Address(text, "", True)]))
    list(slips.of_foreign_fields(text))
    list(slips.of_what_is_left(text))
    list(content_lint.of_subject(text[:255]))
    list(content_lint.of_body(text, paragraph, bytes_of_html=0))
    for html in (link, link.replace('href="', 'href="https://x.example/')):
        list(content_lint.of_links(content_lint.links_in(html), base="https://campaign.example"))
    content_lint.pictures_in(paragraph)

    # Half a minute, where one of them looks at each part of the text from each place in it.
    assert time.process_time() - begun < 2.0
