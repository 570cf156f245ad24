"""Front matter: the YAML between two lines of hyphens with which a text file begins.

The YAML is that of version 1.2 (chapter 10.3) less its fractions and dates, which stay the text
they were written as: `language: no` is Norwegian, and `at: 12:30` is not 750. So what is read is
what was written, and writing it again gives the same file. Whole files of YAML are read likewise.
"""

import re
from io import StringIO
from typing import Any, NamedTuple, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.resolver import VersionedResolver

from campaign.characters import unfit
from campaign.languages import _

# Longer is no front matter but somebody's try; the longest that is known has 800 characters.
LONGEST = 20_000
# Lists in lists: deeper than any that a person wrote.
DEEPEST = 40

_NULL = r"~|null|Null|NULL|"
_BOOL = r"true|True|TRUE|false|False|FALSE"
# Only as a number is written again: 007 stays text.
_INT = r"0|-?[1-9][0-9]{0,17}"


class Trouble(Exception):
    """What is wrong in a text file, and in which line."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(line, sentence)
        self.line = line
        self.sentence = sentence


class Parts(NamedTuple):
    """A text file in its two parts."""

    matter: dict[str, Any]
    # In which line each name of it stands, and the Markdown begins.
    lines: dict[str, int]
    source: str
    first_line: int
    # The front matter as it is written.
    head: str


def part(text: str) -> Parts:
    """Part a file into front matter and Markdown. Raises `Trouble`."""
    first, _newline, rest = text.partition("\n")
    if first.rstrip() != "---":
        raise Trouble(1, _("the file begins with a line of three hyphens, then title: and more."))
    found = re.search(r"^---[ \t]*$", rest, re.MULTILINE)
    if not found:
        raise Trouble(1, _("the front matter has no end: a second line of three hyphens."))
    head = rest[: found.start()]
    if len(head) > LONGEST:
        sentence = _("the front matter is longer than %(most)s characters.", most=LONGEST)
        raise Trouble(2, sentence)
    reader = _Reader(head, above=1)
    matter = reader.read()
    if matter is None:
        matter = {}
    if not isinstance(matter, dict):
        raise Trouble(2, _("the front matter is not a list of names and values."))
    # Not the first line's own indent: it may be code.
    empty = re.compile(r"(?:[ \t]*\n)*").match(rest, found.end())
    begin = empty.end() if empty else found.end()
    first_line = rest.count("\n", 0, begin) + 2
    return Parts(matter, reader.lines, rest[begin:].rstrip(), first_line, head)


def read_yaml(text: str) -> Any:
    """Read a whole file of YAML, with the kinds of values that front matter has too."""
    return _Reader(text, above=0).read()


class _Reader:
    """One text of YAML, made into values from what the parser tells of it."""

    def __init__(self, text: str, *, above: int) -> None:
        self._text = text
        # Lines of the file that stand before the text.
        self._above = above
        self._events = YAML(typ="safe", pure=True).parse(text)
        # In which line each name of the outermost mapping stands.
        self.lines: dict[str, int] = {}

    def read(self) -> Any:
        """Give the text's value, None of an empty one. Raises `Trouble`."""
        try:
            value, documents = None, 0
            for event in self._events:
                if isinstance(event, NodeEvent):
                    documents += 1
                    if documents > 1:
                        raise self._trouble(event, _("expected a single document"))
                    value = self._value(event, depth=0)
                elif isinstance(event, StreamEndEvent):
                    return value
            return value
        except MarkedYAMLError as trouble:
            mark = trouble.problem_mark or trouble.context_mark
            words = trouble.problem or _("this is not YAML")
            line, column = (mark.line, mark.column) if mark else (0, 0)
            raise self._at(line, column, words) from None
        except ReaderError as trouble:
            before = self._text[: trouble.position]
            column = len(before) - before.rfind("\n") - 1
            # Of text, the library gives the character's number.
            words = _("%(code)s cannot be shown", code=f"U+{trouble.character:04X}")
            raise self._at(before.count("\n"), column, words) from None
        except YAMLError:
            raise self._at(0, 0, _("this is not YAML")) from None

    def _value(self, event: NodeEvent, *, depth: int) -> Any:
        if isinstance(event, AliasEvent):
            # A few lines of aliases of aliases are a gigabyte when written out.
            raise self._trouble(event, _("* begins an alias here, which is not understood"))
        tag = getattr(event, "tag", None)
        if tag is not None:
            sentence = _(
                "there is no constructor for the tag %(tag)s: use text, whole numbers, true and "
                "false, lists, and names for them",
                tag=tag,
            )
            raise self._trouble(event, sentence)
        if depth > DEEPEST:
            raise Trouble(self._above + 1, _("the front matter is nested too deeply."))
        if isinstance(event, SequenceStartEvent):
            entries = []
            while not isinstance(event := next(self._events), SequenceEndEvent):
                entries.append(self._value(event, depth=depth + 1))
            return entries
        if isinstance(event, MappingStartEvent):
            return self._mapping(depth)
        return self._scalar(cast(ScalarEvent, event))

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            name = self._value(event, depth=depth + 1)
            line = self._line_of(event)
            if not isinstance(name, str) or name in values:
                raise Trouble(line, _("each name in the front matter is text and stands once."))
            if depth == 0:
                self.lines[name] = line
            values[name] = self._value(next(self._events), depth=depth + 1)
        return values

    def _scalar(self, event: ScalarEvent) -> str | int | bool | None:
        text = str(event.value)
        if event.implicit[0]:
            if re.fullmatch(_NULL, text):
                return None
            if re.fullmatch(_BOOL, text):
                return text.lower() == "true"
            if re.fullmatch(_INT, text):
                return int(text)
        place = unfit(text, allowed="\n\t")
        if place is not None:
            # Written as an escape in quotes, so that it stands where its value begins.
            raise Trouble(self._line_of(event), _("%(code)s cannot be shown.", code=place.code))
        return text

    def _line_of(self, event: Event) -> int:
        return int(event.start_mark.line) + 1 + self._above

    def _trouble(self, event: Event, words: str) -> Trouble:
        return self._at(event.start_mark.line, event.start_mark.column, words)

    def _at(self, line: int, column: int, words: str) -> Trouble:
        sentence = _("%(trouble)s (column %(column)s).", trouble=words, column=column + 1)
        return Trouble(line + 1 + self._above, str(sentence))


_KINDS: dict[str, list[tuple[str, re.Pattern[str]]]] = {
    first: [(f"tag:yaml.org,2002:{kind}", re.compile(f"^(?:{form})$"))]
    for kind, form, firsts in (
        ("null", _NULL, ["~", "n", "N", ""]),
        ("bool", _BOOL, "tTfF"),
        ("int", _INT, "-0123456789"),
    )
    for first in firsts
}


class _Resolver(VersionedResolver):
    """Which plain words are no text: what writes quotes a text that looks like one of them."""

    @property
    def versioned_resolver(self) -> Any:
        return _KINDS


class _Representer(RoundTripRepresenter):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_null(self, data: Any) -> Any:
        return self.represent_scalar("tag:yaml.org,2002:null", "null")

    def represent_plain_list(self, data: Any) -> Any:
        # Plain words stand in brackets, as people write them; all else stands line by line.
        is_plain = not any(isinstance(entry, list | dict) for entry in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=is_plain)

    def represent_words(self, data: str) -> Any:
        # The library writes these bare in brackets, and reads them there as keys and values.
        style = "'" if data.startswith(("?", ":")) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Representer.add_representer(type(None), _Representer.represent_null)
_Representer.add_representer(list, _Representer.represent_plain_list)
_Representer.add_representer(str, _Representer.represent_words)


def write(matter: dict[str, Any], *, before: str = "") -> str:
    """Write names and values as `part` reads them.

    `before` is front matter that a person wrote: of what says the same, its order, comments and
    quotes stay.
    """
    yaml = YAML()
    yaml.Resolver, yaml.Representer = _Resolver, _Representer
    yaml.preserve_quotes = True
    # No line is broken to fit a width.
    yaml.width = 10**9
    if before.strip():
        written = _written_over(yaml, before, matter)
        if written is not None:
            return written
    return "".join(_dumped(yaml, {name: value}) for name, value in matter.items())


def _written_over(yaml: YAML, before: str, matter: dict[str, Any]) -> str | None:
    """Write what a person wrote with other values; None where that cannot be read again."""
    try:
        written = yaml.load(before)
        for name in [name for name in written if name not in matter]:
            del written[name]
        for name, value in matter.items():
            if name not in written or written[name] != value:
                written[name] = value
        text = _dumped(yaml, written)
        return text if read_yaml(text) == matter else None
    except (YAMLError, Trouble, TypeError):
        return None


def _dumped(yaml: YAML, values: Any) -> str:
    out = StringIO()
    yaml.dump(values, out)
    return out.getvalue()
