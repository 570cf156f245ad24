"""Markup: organisers' Markdown made into HTML that is safe to show, and into plain text."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from campaign.comments import without_comments
from campaign.linking import bare_links, link_here, own_address

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
# What word processors put before each line of a list.
_BULLET = re.compile(r"^( {0,3})[•·▪‣◦][ \t]+(?=\S)", re.MULTILINE)
# Between two and three hyphens and the words beside them, as in print.
_DASHES = (
    (re.compile(r"(^|[^-])---(?=[^-]|$)", re.MULTILINE), "\\1\N{EM DASH}"),
    (re.compile(r"(^|\s)--(?=\s|$)", re.MULTILINE), "\\1\N{EN DASH}"),
    (re.compile(r"([^-\s])--(?=[^-\s]|$)", re.MULTILINE), "\\1\N{EN DASH}"),
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
    kept = (sign for sign in words.lower() if sign in "-_ " or _is_of_a_word(sign))
    return _one_hyphen("".join(kept)) or "section"


def _one_hyphen(words: str) -> str:
    return re.sub(r"[ -]+", "-", words).strip("-")


def _is_of_a_word(sign: str) -> bool:
    # A variation selector is a mark of the emoji before it, which goes too.
    return unicodedata.category(sign)[0] in "LMN" and not "\ufe00" <= sign <= "\ufe0f"


def _former_slug(words: str) -> str:
    """Make the anchor that a heading had once, to which links of its text may still lead."""
    return re.sub(r"[^\w]+", "-", words.lower()).strip("-")


def _parser() -> MarkdownIt:
    # html=False: what looks like HTML is shown as text, so strangers' tags never become ours.
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True, "linkify": True})
    parser.linkify = bare_links()
    parser.enable(["table", "strikethrough", "linkify", "smartquotes"])
    parser.inline.ruler.at("linkify", link_here)
    parser.options["quotes"] = "“”‘’"
    parser.core.ruler.after("normalize", "bullets", _set_bullets)
    parser.core.ruler.after("linkify", "dashes", _set_dashes)
    parser.inline.ruler.before("autolink", "comment", _skip_comment)
    parser.use(footnote_plugin)
    parser.core.ruler.after("inline", "tasks", _make_tasks)
    parser.add_render_rule("footnote_caption", _footnote_number)
    return parser


_TASK = re.compile(r"\[([ xX])\] ")


def _make_tasks(state: StateCore) -> None:
    """Make items of lists that begin with `[ ]` or `[x]` tasks, with boxes that nobody can tick.

    Long lists take time that grows with them alone, not with their square as with the usual plugin.
    """
    lists: list[Token] = []
    for at, token in enumerate(state.tokens):
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            lists.append(token)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            lists.pop()
        found = _TASK.match(token.content) if token.type == "inline" else None
        before = [one.type for one in state.tokens[max(0, at - 2) : at]]
        if not found or not token.children or before != ["list_item_open", "paragraph_open"]:
            continue
        lists[-1].attrs["class"] = "contains-task-list"
        state.tokens[at - 2].attrs["class"] = "task-list-item"
        ticked = "" if found[1] == " " else ' checked="checked"'
        box = f'<input class="task-list-item-checkbox"{ticked} disabled="disabled" type="checkbox">'
        token.children[0].content = token.children[0].content[3:]
        token.content = token.content[3:]
        token.children[:0] = [_html("<label>"), _html(box)]
        token.children.append(_html("</label>"))


def _html(written: str) -> Token:
    return Token("html_inline", "", 0, content=written)


def _set_bullets(state: StateCore) -> None:
    """Make lists of lines that a word processor began with bullets; in code they stay."""
    if "```" not in state.src and "~~~" not in state.src:
        state.src = _BULLET.sub(r"\1- ", state.src)


def _set_dashes(state: StateCore) -> None:
    """Make hyphens dashes, as quotes are made curly; all other signs stay what was written.

    Nothing of an address that is its own link is changed, its quotes neither.
    """
    for token in state.tokens:
        is_address = False
        for child in token.children or []:
            if child.type in {"link_open", "link_close"} and child.info == "auto":
                is_address = child.type == "link_open"
            elif child.type == "text" and is_address:
                # Joined with its neighbours again after the quotes.
                child.type = "text_special"
            elif child.type == "text" and "--" in child.content:
                for hyphens, dash in _DASHES:
                    child.content = hyphens.sub(dash, child.content)


def _skip_comment(state: StateInline, silent: bool) -> bool:
    """Leave out what is a comment, should any have been taken for code before."""
    if not state.src.startswith("<!--", state.pos):
        return False
    close = state.src.find("-->", state.pos + 2, state.posMax)
    state.pos = state.posMax if close < 0 else close + 3
    return True


def _footnote_number(
    _renderer: Any, tokens: Sequence[Token], at: int, _options: Any, _env: Any
) -> str:
    # The same number wherever a note is named again, not [1:1].
    return f"[{tokens[at].meta['id'] + 1}]"


_MARKDOWN = _parser()


def render(source: str, *, field: str = "", file: str = "") -> Rendered:
    """Render Markdown (CommonMark, tables, footnotes, task lists) into safe HTML.

    The first heading level shown is 2: the page's title is its only h1. Of several texts on a page
    each but the first is named by its `field`, so that no two have the same anchors. The relative
    links of a page file lead where they would in its folder, if `file` tells its name there.
    """
    env = {"docId": field} if field else {}
    tokens = _MARKDOWN.parse(without_comments(source), env)
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
            if _make_button(token):
                tokens[at - 1].attrs["class"] = "actions"
    _lead_to_anchors(tokens, headings)
    raw = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env)
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


def _make_button(token: Token) -> bool:
    """Make a bold link that stands alone, `[**Come**](/events)`, a button; tell whether it is."""
    children = [child for child in token.children or [] if child.type != "text" or child.content]
    if len(children) < 5 or sum(child.type == "link_open" for child in children) != 1:
        return False
    opens = {child.type for child in children[:2]}
    closes = {child.type for child in children[-2:]}
    within = {child.type for child in children[2:-2]}
    if opens != {"link_open", "strong_open"} or closes != {"link_close", "strong_close"}:
        return False
    if within & {"strong_close", "link_close", "image"}:
        return False
    next(child for child in children if child.type == "link_open").attrs["class"] = "button"
    token.children = [child for child in children if child.tag != "strong"]
    return True


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


def plain(source: str, *, absolute: Callable[[str], str] = str) -> str:
    """Write Markdown as the text part of a mail: words in paragraphs, links in brackets.

    `absolute` makes an own path such as `/proposal` into a full address.
    """
    parts: list[_Part] = []
    prefix: list[str] = []
    counters: list[int | None] = []
    # Which list and which quotation is written, counted from the beginning: 0 is none.
    lists, quotes = _Nest(), _Nest()
    tokens = _MARKDOWN.parse(without_comments(source))
    table: list[list[_Cell]] | None = None

    def write(words: str, *, is_tight: bool = False) -> None:
        if words.strip():
            tight = lists.outermost if is_tight else 0
            parts.append(_Part(_indented(words, prefix), tight, quotes.outermost))

    for at, token in enumerate(tokens):
        match token.type:
            case "table_open":
                table = []
            case "tr_open" if table is not None:
                table.append([])
            case "inline" if table is not None:
                is_right = "right" in str(tokens[at - 1].attrs.get("style", ""))
                table[-1].append(_Cell(_inline(token, absolute), is_right))
            case "table_close" if table is not None:
                most = _COLUMNS - sum(len(mark) for mark in prefix)
                write(_as_text(table, most=most))
                table = None
            case "inline":
                if _make_button(token):
                    words = _button(token, absolute)
                else:
                    words = _inline(token, absolute)
                before = tokens[at - 1]
                if before.type == "heading_open" and before.tag in {"h1", "h2"}:
                    words = f"{words}\n{'-' * min(len(words), 60)}"
                write(words, is_tight=before.hidden)
            case "bullet_list_open":
                counters.append(None)
                lists.begin()
            case "ordered_list_open":
                counters.append(int(token.attrs.get("start", 1)))
                lists.begin()
            case "bullet_list_close" | "ordered_list_close":
                counters.pop()
                lists.end()
            case "list_item_open":
                number = counters[-1]
                prefix.append("- " if number is None else f"{number}. ")
                if number is not None:
                    counters[-1] = number + 1
            case "footnote_open":
                prefix.append(f"[{token.meta['id'] + 1}] ")
            case "list_item_close" | "footnote_close":
                prefix.pop()
            case "blockquote_open":
                prefix.append("> ")
                quotes.begin()
            case "blockquote_close":
                prefix.pop()
                quotes.end()
            case "fence" | "code_block":
                write(token.content.rstrip())
            case "hr":
                write("* * *")
    return _joined(parts) + "\n"


class _Part(NamedTuple):
    words: str
    # The list whose items follow one another without a gap, and the quotation; 0 for none.
    tight_list: int
    quote: int


class _Nest:
    """Which of the outermost lists, or quotations, one stands in, and how deep."""

    def __init__(self) -> None:
        self._begun = self._depth = 0

    def begin(self) -> None:
        self._begun += self._depth == 0
        self._depth += 1

    def end(self) -> None:
        self._depth -= 1

    @property
    def outermost(self) -> int:
        return self._begun if self._depth else 0


def _joined(parts: list[_Part]) -> str:
    out = ""
    for before, part in zip([None, *parts], parts, strict=False):
        if before is None:
            gap = ""
        elif part.tight_list and part.tight_list == before.tight_list:
            gap = "\n"
        elif part.quote and part.quote == before.quote:
            gap = "\n>\n"
        else:
            gap = "\n\n"
        out += gap + part.words
    return out


def _indented(words: str, prefix: list[str]) -> str:
    first = "".join(prefix)
    rest = "".join("> " if mark == "> " else " " * len(mark) for mark in prefix)
    lines = words.split("\n")
    # A list item's mark is written once; its later paragraphs are only indented.
    for at, mark in enumerate(prefix):
        if mark != "> ":
            prefix[at] = " " * len(mark)
    return "\n".join([first + lines[0], *(rest + line for line in lines[1:])])


class _Cell(NamedTuple):
    words: str
    is_right: bool


# A mail's text is broken at 72; what is wider than this cannot stand in columns.
_COLUMNS = 72


def _as_text(table: list[list[_Cell]], *, most: int) -> str:
    """Write a table in columns, or where they are too wide, each row as a list of its cells."""
    head, *rows = table
    # As Markdown has it, no row is longer than the head.
    widths = [max(len(row[at].words) for row in table) for at in range(len(head))]
    if rows and sum(widths) + 2 * (len(widths) - 1) > most:
        return "\n\n".join(
            "\n".join(
                f"{name.words}: {cell.words}" if name.words else cell.words
                for name, cell in zip(head, row, strict=True)
                if cell.words
            )
            for row in rows
        )
    lines = [_line(head, widths), "  ".join("-" * width for width in widths)]
    return "\n".join([*lines, *(_line(row, widths) for row in rows)])


def _line(row: list[_Cell], widths: list[int]) -> str:
    cells = (
        cell.words.rjust(width) if cell.is_right else cell.words.ljust(width)
        for cell, width in zip(row, widths, strict=True)
    )
    return "  ".join(cells).rstrip()


def _button(token: Token, absolute: Callable[[str], str]) -> str:
    children = token.children or []
    address = absolute(str(children[0].attrs.get("href", "")))
    return "".join(child.content for child in children) + f": {address}"


def _inline(token: Token, absolute: Callable[[str], str]) -> str:
    out: list[str] = []
    target = ""
    start = 0
    written = ""
    for child in token.children or []:
        match child.type:
            case "text" | "code_inline":
                out.append(child.content)
            case "softbreak":
                out.append(" ")
            case "hardbreak":
                out.append("\n")
            case "link_open":
                written = str(child.attrs.get("href", ""))
                target, start = absolute(written), len(out)
            case "link_close":
                shown = "".join(out[start:])
                if child.info == "auto":
                    # It says itself where it leads, unless its address is made another.
                    out[start:] = [shown if target == written else target]
                elif target and target not in (shown, f"mailto:{shown}"):
                    out.append(f" ({target})")
            case "image":
                out.append(f"[{child.content}]" if child.content else "")
            case "s_open" | "s_close":
                out.append("~")
            case "html_inline" if "checkbox" in child.content:
                # Organisers' own HTML is text, so this is a task of a list, ticked or not.
                out.append("[x]" if "checked" in child.content else "[ ]")
            case "footnote_ref":
                out.append(f" [{child.meta.get('id', 0) + 1}]")
    return html.unescape("".join(out))


class Address(NamedTuple):
    """Where a link or a picture leads, as it was written, and its words."""

    target: str
    words: str
    is_picture: bool = False


def addresses(source: str) -> list[Address]:
    """List where links and pictures lead as they were written, in the order of reading.

    Of what readers cannot open, rendering leaves no trace (`clean`): who writes wants to know.
    """
    found: list[Address] = []
    for token in _MARKDOWN.parse(source):
        target, words = "", ""
        for child in token.children or []:
            match child.type:
                case "link_open":
                    target, words = str(child.attrs.get("href", "")), ""
                case "link_close":
                    found.append(Address(target, " ".join(words.split())))
                case "image":
                    target_of_picture = str(child.attrs.get("src", ""))
                    found.append(Address(target_of_picture, child.content, is_picture=True))
                    words += child.content
                case "softbreak" | "hardbreak":
                    words += " "
                case _:
                    words += child.content
    return found
