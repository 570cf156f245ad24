"""Plain text: Markdown as the text part of a mail, words in paragraphs and links in brackets."""

import html
from collections.abc import Callable
from typing import NamedTuple

from markdown_it.token import Token

from campaign import markdown

# A mail's text is broken at 72; what is wider than this cannot stand in columns.
_COLUMNS = 72
_QUOTE = "> "


def plain(source: str, *, absolute: Callable[[str], str] = str) -> str:
    """Write Markdown as the text part of a mail.

    `absolute` makes an own path such as `/proposal` into a full address.
    """
    writer = _Writer(absolute)
    before: Token | None = None
    for token in markdown.parse(source):
        writer.take(token, before)
        before = token
    return _joined(writer.parts) + "\n"


class _Part(NamedTuple):
    words: str
    # The list whose items follow one another without a gap, and the quotation; 0 for none.
    tight_list: int
    quote: int


class _Cell(NamedTuple):
    words: str
    is_right: bool


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


class _Writer:
    """The text as far as it is written, and what one stands in: lists, quotations, a table."""

    def __init__(self, absolute: Callable[[str], str]) -> None:
        self.parts: list[_Part] = []
        self._absolute = absolute
        self._prefix: list[str] = []
        # The number of the next item of each list; None where its items have none.
        self._counters: list[int | None] = []
        self._lists, self._quotes = _Nest(), _Nest()
        self._table: list[list[_Cell]] | None = None

    def take(self, token: Token, before: Token | None) -> None:
        """Write what a token says, or note what begins or ends with it."""
        if self._table is not None:
            self._take_in_table(token, before, self._table)
            return
        match token.type:
            case "table_open":
                self._table = []
            case "inline":
                self._write_paragraph(token, before)
            case "bullet_list_open":
                self._begin_list(None)
            case "ordered_list_open":
                self._begin_list(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._counters.pop()
                self._lists.end()
            case "list_item_open":
                self._begin_item()
            case "footnote_open":
                self._prefix.append(f"[{token.meta['id'] + 1}] ")
            case "list_item_close" | "footnote_close":
                self._prefix.pop()
            case "blockquote_open":
                self._prefix.append(_QUOTE)
                self._quotes.begin()
            case "blockquote_close":
                self._prefix.pop()
                self._quotes.end()
            case "fence" | "code_block":
                self._write(token.content.rstrip())
            case "hr":
                self._write("* * *")

    def _take_in_table(self, token: Token, before: Token | None, table: list[list[_Cell]]) -> None:
        match token.type:
            case "tr_open":
                table.append([])
            case "inline":
                is_right = before is not None and "right" in str(before.attrs.get("style", ""))
                table[-1].append(_Cell(_inline(token, self._absolute), is_right))
            case "table_close":
                self._table = None
                most = _COLUMNS - sum(len(item) for item in self._prefix)
                self._write(_as_text(table, most=most))

    def _write_paragraph(self, token: Token, before: Token | None) -> None:
        is_button = markdown.make_button(token)
        words = (_button if is_button else _inline)(token, self._absolute)
        if before and before.type == "heading_open" and before.tag in {"h1", "h2"}:
            words = f"{words}\n{'-' * min(len(words), 60)}"
        self._write(words, is_tight=before is not None and before.hidden)

    def _write(self, words: str, *, is_tight: bool = False) -> None:
        if words.strip():
            tight = self._lists.outermost if is_tight else 0
            self.parts.append(_Part(_indented(words, self._prefix), tight, self._quotes.outermost))

    def _begin_list(self, first: int | None) -> None:
        self._counters.append(first)
        self._lists.begin()

    def _begin_item(self) -> None:
        number = self._counters[-1]
        self._prefix.append("- " if number is None else f"{number}. ")
        if number is not None:
            self._counters[-1] = number + 1


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
    rest = "".join(item if item == _QUOTE else " " * len(item) for item in prefix)
    lines = words.split("\n")
    # What stands before a list's item is written once; its later paragraphs are only indented.
    for at, item in enumerate(prefix):
        if item != _QUOTE:
            prefix[at] = " " * len(item)
    return "\n".join([first + lines[0], *(rest + line for line in lines[1:])])


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
