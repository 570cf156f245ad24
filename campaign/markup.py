"""Markup: organisers' Markdown made into HTML that is safe to show."""

import html as html_entities
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

import nh3
from markdown_it.token import Token

from campaign import markdown
from campaign.linking import own_address

_TAGS = {
    "a", "abbr", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "figcaption",
    "figure", "h2", "h3", "h4", "hr", "img", "input", "label", "li", "ol", "p", "pre", "s",
    "section", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"id", "class"},
    "a": {"href", "title", "aria-label"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
    "table": {"tabindex"},
    "th": {"scope"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
# Browsers read a backslash there as a slash, and leave out tabs and line ends.
_OWN_IMAGE = re.compile(r"/(?![/\\\s])[^\s]*")
# What the frames of pages and their footnotes are called; no heading may take these anchors.
_TAKEN = re.compile(
    r"main|act|access|ahead|bring|by-mail|calendar|cities|contents-title|error-summary-title|find-cities"
    r"|find-q|follow|found|home-(?:acts|action|news|summit|why)|host|next|past|search-q|share"
    r"|share-address|sign-up|fn(?:ref)?(?:\d|-).*"
)


@dataclass(frozen=True)
class Heading:
    """A heading of a text: level 2 to 4, its anchor, its words."""

    level: int
    anchor: str
    words: str


class Link(NamedTuple):
    """A link or picture of a page file: as it is written, and the address on the site it means."""

    written: str
    address: str


@dataclass(frozen=True)
class Rendered:
    """A text ready to show: safe HTML, its headings, and where its links lead."""

    html: str
    headings: list[Heading] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def _slug(words: str) -> str:
    """Make the anchor that writers know from elsewhere: words as they are, less punctuation."""
    kept = (
        character for character in words.lower() if character in "-_ " or _is_of_a_word(character)
    )
    return _one_hyphen("".join(kept)) or "section"


def _one_hyphen(words: str) -> str:
    return re.sub(r"[ -]+", "-", words).strip("-")


def _is_of_a_word(character: str) -> bool:
    # A variation selector is a mark of the emoji before it, which goes too.
    return unicodedata.category(character)[0] in "LMN" and not "\ufe00" <= character <= "\ufe0f"


def _former_slug(words: str) -> str:
    """Make the anchor that a heading had once, to which links of its text may still lead."""
    return re.sub(r"[^\w]+", "-", words.lower()).strip("-")


def render(source: str, *, field: str = "", file: str = "") -> Rendered:
    """Render Markdown (CommonMark, tables, footnotes, task lists) into safe HTML.

    The first heading level shown is 2: the page's title is its only h1. Of several texts on a page
    each but the first is named by its `field`, so that no two have the same anchors. The relative
    links of a page file lead where they would in its folder, if `file` tells its name there.
    """
    env = {"docId": field} if field else {}
    tokens = markdown.parse(source, env)
    headings: list[Heading] = []
    links: list[Link] = []
    anchors: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = _LEVELS[token.tag]
        if token.type == "heading_open":
            words = _words(tokens[at + 1])
            anchor = _anchor(words, anchors, field)
            token.attrs["id"] = anchor
            headings.append(Heading(int(token.tag[1]), anchor, words))
        if token.type == "table_open":
            # On a phone it scrolls in a box of its own, which the keyboard must reach (WCAG 2.1.1).
            token.attrs["tabindex"] = "0"
        if token.type == "inline":
            links += _lead(token, file)
            _refuse_foreign_images(token)
            if markdown.make_button(token):
                tokens[at - 1].attrs["class"] = "actions"
    _lead_to_anchors(tokens, headings)
    raw = markdown.as_html(tokens, env)
    return Rendered(html=clean(raw), headings=headings, links=links)


_LEVELS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}


def _anchor(words: str, others: dict[str, int], field: str) -> str:
    """Make the anchor of a heading: its words, and a number where they stand there twice.

    `others` are those before it, each with the number that the next of its words gets.
    """
    # No anchor made of words holds a point, so those of two fields never meet.
    anchor = slug = f"{field}.{_slug(words)}" if field else _slug(words)
    is_taken = slug in others or _TAKEN.fullmatch(slug) is not None
    while is_taken:
        number = others.get(slug, 2)
        anchor, others[slug] = f"{slug}-{number}", number + 1
        is_taken = anchor in others
    others.setdefault(anchor, 2)
    return anchor


def _lead(token: Token, file: str) -> Iterator[Link]:
    """Let the links and pictures of a page file lead to addresses on the site, and list them."""
    for child in token.children or []:
        name = {"link_open": "href", "image": "src"}.get(child.type)
        if name is None or child.info == "auto" or not file:
            continue
        written = str(child.attrs.get(name, ""))
        child.attrs[name] = own_address(written, file=file)
        yield Link(written, str(child.attrs[name]))


def _lead_to_anchors(tokens: Sequence[Token], headings: Sequence[Heading]) -> None:
    """Let the links within a text lead to its headings, also by what their anchors are elsewhere.

    That is what they were here once, or with every hyphen where other programs leave them.
    """
    anchors = {heading.anchor for heading in headings}
    others = {_former_slug(h.words): h.anchor for h in reversed(headings)}
    others |= {_slug(h.words): h.anchor for h in reversed(headings)}
    for token in tokens:
        for child in token.children or []:
            href = unquote(str(child.attrs.get("href", ""))) if child.type == "link_open" else ""
            wanted = href[1:] if href.startswith("#") else ""
            meant = others.get(wanted) or others.get(_one_hyphen(wanted))
            if meant and wanted not in anchors:
                child.attrs["href"] = f"#{meant}"


def _refuse_foreign_images(token: Token) -> None:
    """Leave of a picture that is not our own what it shows, in words."""
    for child in token.children or []:
        if child.type == "image" and not _OWN_IMAGE.fullmatch(str(child.attrs.get("src", ""))):
            child.type = "text"
            child.content = child.content or "…"
            child.children = None


def _words(token: Token) -> str:
    return "".join(
        " " if child.type == "softbreak" else child.content
        for child in token.children or []
        if child.type in {"text", "code_inline", "softbreak"}
    ).strip()


def clean(raw: str) -> str:
    """Keep of HTML only what a text needs; links lead to web or mail, images are our own."""
    return str(
        nh3.clean(
            raw,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes=_SCHEMES,
            link_rel="noopener",
            attribute_filter=_only_own_images,
        )
    )


def _only_own_images(tag: str, attribute: str, value: str) -> str | None:
    # A picture from elsewhere would tell its host who reads this page.
    if tag == "img" and attribute == "src" and not _OWN_IMAGE.fullmatch(value):
        return None
    return value


def complete_links(html: str, *, absolute: Callable[[str], str]) -> str:
    """Make the paths in links and images of rendered HTML into full addresses."""

    def whole(attribute: re.Match[str]) -> str:
        return f'{attribute[1]}="{absolute(attribute[2])}"'

    def tag(found: re.Match[str]) -> str:
        return re.sub(r'\b(href|src)="([^"]*)"', whole, found[0])

    # In rendered HTML every other "<" is escaped, so this finds tags and nothing that only looks
    # like one, such as an example in a code block.
    return re.sub(r"<(?:a|img)\b[^>]*>", tag, html)


# Tags within a line, where no space is: a full stop may follow.
_WITHIN = re.compile(r"</?(?:a|abbr|code|del|em|s|strong|sub|sup)\b[^>]*>")


def words_of(html: str) -> str:
    """Give the words alone of rendered HTML, with one space between them."""
    bare = re.sub(r"<[^>]*>", " ", _WITHIN.sub("", html))
    return " ".join(html_entities.unescape(bare).split())
