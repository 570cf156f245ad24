"""Comments: private notes between `<!--` and `-->` in Markdown, which only its writers may read.

They are taken out before the Markdown is read, for a note may hold empty lines, lists and fences.
In code they are no notes but examples, and stay. Where Markdown leaves a doubt, they are notes.
"""

import re
from bisect import bisect_left

_OPENS, _CLOSES = "<!--", "-->"
_FENCE = re.compile(r"(`{3,})[^`\n]*$|(~{3,})")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]{1,4}(?![ \t])|[ \t]|$)")
_NO_PARAGRAPH = re.compile(r"#{1,6}(?:[ \t]|$)|(?:[-*_][ \t]*){3,}$")
# Where no code within a line goes on: an empty line, and what begins something of its own.
_ENDS = re.compile(
    r"\n(?=[ \t>]*(?:\n|#{1,6}[ \t]|[-*+][ \t\n]|\d{1,9}[.)][ \t]|[|>]|<!--|```|~~~))"
)
# How much of a line tells what it is; a line of a thousand comments is looked at a thousand times.
_ENOUGH = 500
_TICKS = re.compile(r"`+")
_SIGN = re.compile(r"\\[\\`<]|`+|<!--|\n")
_BLANK_REST = re.compile(r"[ \t]*(?:\n|\Z)")


def without_comments(source: str) -> str:
    """Give Markdown without its comments; one that is never closed goes to the end of the text.

    What stands alone on its lines goes with them, so that lists and tables stay whole.
    """
    return _Reading(source).kept if _OPENS in source else source


def line_of_unclosed(source: str) -> int | None:
    """Tell in which line, counted from 1, a comment begins that is never closed."""
    at = _Reading(source).unclosed if _OPENS in source else None
    return None if at is None else source.count("\n", 0, at) + 1


class _Reading:
    """One way through a text, line by line: what is kept, and where a comment stays open."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.unclosed: int | None = None
        self._kept: list[str] = []
        # Whether nothing is kept of this line so far, but for what quotations begin with.
        self._is_blank = True
        self._line: list[str] = []
        self._blocks = _Blocks()
        self._span_end = -1
        self._ticks: dict[int, list[int]] = {}
        at = 0
        while at < len(source):
            at = self._read_line(at)
        self.kept = "".join([*self._kept, *self._line])

    def _read_line(self, at: int) -> int:
        """Read on to the end of the line, or of what goes on beyond it; say where that is."""
        if self._is_blank:
            end = self.source.find("\n", at) + 1 or len(self.source)
            if self._blocks.is_code(self.source[at : min(end, at + _ENOUGH)]):
                return self._end_line(at, end)
        while found := _SIGN.search(self.source, at):
            self._keep(at, found.start())
            at = found.start()
            if found[0] == "\n":
                return self._end_line(at, at + 1)
            if found[0] == _OPENS:
                return self._leave_out(at)
            stop = found.end()
            if found[0][0] == "`":
                stop = self._end_of_code(at, found.end())
            self._keep(at, stop)
            at = stop
        return self._end_line(at, len(self.source))

    def _keep(self, at: int, end: int) -> None:
        words = self.source[at:end]
        self._line.append(words)
        self._is_blank = self._is_blank and not words.strip(" \t>")

    def _end_line(self, at: int, end: int) -> int:
        self._kept += [*self._line, self.source[at:end]]
        self._line, self._is_blank = [], True
        return end

    def _leave_out(self, at: int) -> int:
        # "<!-->" is a whole comment (CommonMark 6.6), so it may close in its own signs.
        close = self.source.find(_CLOSES, at + 2)
        if close < 0:
            self.unclosed = at
            return len(self.source)
        after = close + len(_CLOSES)
        rest = _BLANK_REST.match(self.source, after)
        if self._is_blank and rest:
            self._line = []
            return rest.end()
        # Of the spaces before and behind it one is enough: two would end a line, at its end.
        is_spaced = bool(self._line) and self._line[-1].endswith((" ", "\t"))
        return after + (is_spaced and self.source.startswith((" ", "\t"), after))

    def _end_of_code(self, at: int, after: int) -> int:
        """Give where code that opens with the ticks at a place ends, or where the ticks do."""
        if at >= self._span_end:
            line = self.source.rfind("\n", 0, at) + 1
            is_alone = re.match(r"[ \t>]*[#|]", self.source[line:at])
            ends = (re.compile(r"\n") if is_alone else _ENDS).search(self.source, at)
            self._span_end = ends.start() if ends else len(self.source)
            self._ticks = {}
            for found in _TICKS.finditer(self.source, at, self._span_end):
                self._ticks.setdefault(len(found[0]), []).append(found.start())
        length = after - at
        starts = self._ticks.get(length, [])
        next_ = bisect_left(starts, after)
        return starts[next_] + length if next_ < len(starts) else after


class _Blocks:
    """The blocks of Markdown as far as they tell which whole lines are code."""

    def __init__(self) -> None:
        self._fence = ""
        self._fence_in_quote = False
        self._is_in_paragraph = False
        # How far the words of each open list item are indented.
        self._items: list[int] = []

    def is_code(self, line: str) -> bool:
        """Tell of the next line whether it is code."""
        line = line.rstrip("\n").expandtabs(4)
        quote = re.match(r"(?: {0,3}> ?)*", line)
        mark = quote[0] if quote else ""
        words = line[len(mark) :].lstrip()
        indent = len(line) - len(mark) - len(words)
        if self._fence and self._is_in_fence(words, indent, is_quoted=bool(mark)):
            return True
        if not words:
            self._is_in_paragraph = False
            return False
        if not self._is_in_paragraph or _ITEM.match(words):
            while self._items and indent < self._items[-1]:
                self._items.pop()
        if not self._is_in_paragraph and indent >= (self._items[-1] if self._items else 0) + 4:
            return True
        if indent >= (self._items[-1] if self._items else 0) + 4:
            # So far in, words only go on.
            return False
        while item := _ITEM.match(words):
            indent += item.end()
            self._items.append(indent)
            words = words[item.end() :]
        self._is_in_paragraph = bool(words) and not _NO_PARAGRAPH.match(words)
        return self._opens_fence(words, is_quoted=bool(mark))

    def _is_in_fence(self, words: str, indent: int, *, is_quoted: bool) -> bool:
        """Tell whether a line still belongs to a fence, which ends here or with what it is in."""
        is_left = bool(words and self._items and indent < self._items[-1])
        if is_left or (self._fence_in_quote and not is_quoted):
            self._fence = ""
            return False
        sign = self._fence[0]
        if set(words.rstrip()) == {sign} and len(words.rstrip()) >= len(self._fence) and indent < 4:
            self._fence = ""
            self._is_in_paragraph = False
        return True

    def _opens_fence(self, words: str, *, is_quoted: bool) -> bool:
        found = _FENCE.match(words)
        if not found:
            return False
        self._fence = found[1] or found[2]
        self._fence_in_quote = is_quoted
        self._is_in_paragraph = False
        return True
