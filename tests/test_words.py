"""One word, one thing: the words of `tests/banned_words.py` are found nowhere."""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from campaign.config import ROOT
from tests import not_yet
from tests.banned_words import NAMES, PHRASES, Banned
from tests.not_yet import but_for

# What was decided once stays as it was written; names of cities and data are nobody's choice.
HISTORY = ("docs/decisions", "docs/screens", "docs/measurements.md", "campaign/starter")
ENDS = {".py", ".html", ".txt", ".md", ".svg"}
# A name stands in code: between the braces of a template, between the backticks of a page.
IN_TEMPLATES = re.compile(r"{[{%](.*?)[%}]}", re.DOTALL)
IN_PAGES = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[A-Za-z_]\w*")
STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'")


def files() -> Iterator[tuple[str, Path]]:
    """Give every file that is looked at, by its name from the root."""
    for top in ("campaign", "templates", "docs"):
        for file in sorted((ROOT / top).rglob("*")):
            name = file.relative_to(ROOT).as_posix()
            if file.suffix in ENDS and not name.startswith(HISTORY):
                yield name, file


@cache
def names_in(file: Path) -> frozenset[str]:
    """List the names that stand in a file, and those of the file and its folder."""
    text = file.read_text()
    found = {file.stem, file.parent.name}
    if file.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return frozenset(found | {one.string for one in tokens if one.type == tokenize.NAME})
    if file.suffix == ".md":
        return frozenset(found | set(WORD.findall("\n".join(IN_PAGES.findall(text)))))
    code = STRINGS.sub("", "\n".join(IN_TEMPLATES.findall(text)))
    return frozenset(found | set(WORD.findall(code)))


def is_looked_at(name: str, banned: Banned) -> bool:
    return name.startswith(banned.where) and not name.startswith(banned.but or ("-",))


def entry(name: str, banned: Banned) -> str:
    return f"{name}: {banned.word}, which is {banned.instead}"


def test_no_name_is_a_word_that_another_stands_for() -> None:
    found = {
        entry(name, banned)
        for name, file in files()
        for banned in NAMES
        if is_looked_at(name, banned) and banned.word in names_in(file)
    }

    assert but_for(not_yet.NAMES, found) == []


def test_nobody_reads_a_word_that_another_stands_for() -> None:
    patterns = [
        (banned, re.compile(banned.pattern or rf"\b{re.escape(banned.word)}\b", re.IGNORECASE))
        for banned in PHRASES
    ]
    found = {
        entry(name, banned)
        for name, file in files()
        for banned, pattern in patterns
        if is_looked_at(name, banned) and pattern.search(file.read_text())
    }

    assert but_for(not_yet.PHRASES, found) == []


def test_an_alias_names_the_module_that_it_is() -> None:
    """`people` meant its verbs here and its queries there."""
    found = {
        f"{name}: {module} as {alias}"
        for name, file in files()
        if file.suffix == ".py"
        for package, module, alias in re.findall(
            r"^\s*from (campaign[\w.]*) import (\w+) as (\w+)$", file.read_text(), re.MULTILINE
        )
        if (ROOT / package.replace(".", "/") / f"{module}.py").exists()
        and not alias.endswith(module)
    }

    assert but_for(not_yet.ALIASES, found) == []
