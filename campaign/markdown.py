"""Our Markdown: CommonMark with tables, footnotes, task lists and buttons, as tokens.

What looks like HTML is shown as text, hyphens and quotes are set as in print, and comments are
nobody's business. `markup` makes HTML of the tokens, `plain_text` the text of a mail.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from campaign.comments import without_comments
from campaign.linking import bare_links, link_here

# What word processors put before each line of a list.
_BULLET = re.compile(r"^( {0,3})[•·▪‣◦][ \t]+(?=\S)", re.MULTILINE)
# Between two and three hyphens and the words beside them, as in print.
_DASHES = (
    (re.compile(r"(^|[^-])---(?=[^-]|$)", re.MULTILINE), "\\1\N{EM DASH}"),
    (re.compile(r"(^|\s)--(?=\s|$)", re.MULTILINE), "\\1\N{EN DASH}"),
    (re.compile(r"([^-\s])--(?=[^-\s]|$)", re.MULTILINE), "\\1\N{EN DASH}"),
)


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
    """Make hyphens dashes, as quotes are made curly; all other characters stay what was written.

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


def parse(source: str, env: dict[str, Any] | None = None) -> list[Token]:
    """Part Markdown into tokens, its comments left out."""
    return _MARKDOWN.parse(without_comments(source), env)


def as_html(tokens: Sequence[Token], env: dict[str, Any]) -> str:
    """Write tokens as HTML, which nobody has cleaned yet."""
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env))


def make_button(token: Token) -> bool:
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
