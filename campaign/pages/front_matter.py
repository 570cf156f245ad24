"""Front matter: the YAML between two lines of hyphens with which a page file begins.

The YAML is that of version 1.2 (chapter 10.3) less its fractions and dates, which stay the text
they were written as: `language: no` is Norwegian, and `at: 12:30` is not 750. So what is read is
what was written, and writing it again gives the same file.
"""

import re
from typing import Any, NamedTuple

import yaml

from campaign.characters import unfit
from campaign.languages import _


class Trouble(Exception):
    """What is wrong in a page file, and in which line."""

    def __init__(self, line: int, sentence: str) -> None:
        self.line = line
        self.sentence = sentence


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        # A few lines of aliases of aliases are a gigabyte when written out.
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None,
                None,
                _("* begins an alias here, which is not understood"),
                self.get_mark(),
            )
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_list(self, data: Any) -> Any:
        # Plain words stand in brackets, as people write them; all else stands line by line.
        is_plain = not any(isinstance(entry, list | dict) for entry in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=is_plain)


_Dumper.add_representer(list, _Dumper.represent_list)

for _kind in (_Loader, _Dumper):
    for _tag, _form, _first in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        # Only as a number is written again: 007 stays text.
        ("int", r"0|-?[1-9][0-9]{0,17}", list("-0123456789")),
    ):
        _kind.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_form})$"), _first
        )


class Parts(NamedTuple):
    """A page file in its two parts."""

    matter: dict[str, Any]
    # In which line each name of it stands, and the Markdown begins.
    lines: dict[str, int]
    source: str
    first_line: int


def part(text: str) -> Parts:
    """Part a file into front matter and Markdown. Raises `Trouble`."""
    first, _newline, rest = text.partition("\n")
    if first.rstrip() != "---":
        raise Trouble(1, _("the file begins with a line of three hyphens, then title: and more."))
    found = re.search(r"^---[ \t]*$", rest, re.MULTILINE)
    if not found:
        raise Trouble(1, _("the front matter has no end: a second line of three hyphens."))
    loader = _Loader(rest[: found.start()])
    try:
        node = loader.get_single_node()
        if node is None:
            return _with_body({}, {}, rest, found.end())
        if not isinstance(node, yaml.MappingNode):
            raise Trouble(2, _("the front matter is not a list of names and values."))
        matter: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            at = key.start_mark.line + 2
            name = loader.construct_object(key, deep=True)
            if not isinstance(name, str) or name in matter:
                raise Trouble(at, _("each name in the front matter is text and stands once."))
            lines[name] = at
            matter[name] = _plain(loader.construct_object(value, deep=True), at)
    except yaml.YAMLError as trouble:
        mark = getattr(trouble, "problem_mark", None)
        words = getattr(trouble, "problem", None) or _("this is not YAML")
        raise Trouble(mark.line + 2 if mark else 2, f"{words}.") from None
    except RecursionError:
        raise Trouble(2, _("the front matter is nested too deeply.")) from None
    finally:
        loader.dispose()
    return _with_body(matter, lines, rest, found.end())


def _with_body(matter: dict[str, Any], lines: dict[str, int], rest: str, at: int) -> Parts:
    # Not the first line's own indent: it may be code.
    empty = re.compile(r"(?:[ \t]*\n)*").match(rest, at)
    begin = empty.end() if empty else at
    return Parts(matter, lines, rest[begin:].rstrip(), rest.count("\n", 0, begin) + 2)


def _plain(value: Any, line: int) -> Any:
    """Check that a value is one that JSON can keep unchanged."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        place = unfit(value, allowed="\n\t")
        if place is not None:
            # Written as an escape in quotes, so that it stands where its name does.
            raise Trouble(line, _("%(code)s cannot be shown.", code=place.code))
        return value
    if isinstance(value, list):
        return [_plain(entry, line) for entry in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: _plain(entry, line) for name, entry in value.items()}
    raise Trouble(line, _("use text, whole numbers, true and false, lists, and names for them."))


def entry(name: str, value: Any) -> str:
    """Write one name of front matter and what it says, as `part` reads it."""
    # No line is broken to fit a width.
    return yaml.dump(
        {name: value},
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=10**9,
        default_flow_style=False,
    )
