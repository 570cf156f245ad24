"""Docs that fail when they lie: links, pictures, files, settings and commands are as they say."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from campaign.cli import campaign
from campaign.config import ROOT, SETTINGS
from tests.bench.measures import MEASURES
from tests.drills.__main__ import DRILLS

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SERVER = ROOT / "docs" / "operators" / "one-server.md"
COMMANDS = ROOT / "docs" / "operators" / "commands.md"
TESTING = ROOT / "docs" / "developers" / "testing.md"
HOUSE = ROOT / "docs" / "developers" / "house.md"
FOR_DEVELOPERS = sorted((ROOT / "docs" / "developers").glob("*.md"))
TOPS = r"(?:campaign|templates|static|migrations|tests|docs|requirements)"

# Written in pieces, or this file would find itself.
OF_ONE_MACHINE = re.compile(
    "|".join(
        [
            *(rf"(?<![\w.:/-])/{place}/" for place in ["ro" + "ot", "wo" + "rk", "ho" + "me"]),
            *("pypi" + ".org", "python" + "hosted", "npm" + "js", "debian" + ".org"),
        ]
    )
)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """Give a page without its blocks of code and its code within lines."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]+`", "", text)


def links(page: Path) -> list[str]:
    """List what a page leads to and what it shows, but for addresses elsewhere."""
    found = re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", prose(page))
    found += re.findall(r"\b(?:href|src|srcset)=\"([^\"\s]+)", prose(page))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """List the anchors of a page's headings, as forges make them."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    taken: set[str] = set()
    for words in re.findall(r"^#{1,6} +(.+?)\s*$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = next(n for n in range(100) if (f"{slug}-{n}" if n else slug) not in taken)
        taken.add(f"{slug}-{number}" if number else slug)
    return taken


def commands() -> Iterator[tuple[str, click.Command]]:
    """Give every command of the tree that does something, by its whole name."""

    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(command, click.Group):
            yield name, command
            return
        for word, below in command.commands.items():
            yield from walk(f"{name} {word}", below)

    return walk("campaign", campaign)


def examples(command: click.Command) -> list[str]:
    return re.findall(r"Example: (.+)", command.help or "")


def shown_default(name: str) -> str:
    """Give a setting's default as the table shows it."""
    default = SETTINGS[name].default
    if name == "INSTANCE":
        return f"`{Path(default).relative_to(ROOT)}` beside the code"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list):
        return f"`{','.join(default)}`" if default else "empty"
    if default == "":
        return "empty"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def settings_table() -> str:
    rows = [
        f"| `{name}` | {shown_default(name)} | {setting.meaning} |"
        for name, setting in SETTINGS.items()
    ]
    return "\n".join(["| setting | default | what it is |", "| --- | --- | --- |", *rows])


@pytest.mark.parametrize("doc", DOCS, ids=name)
def test_every_link_and_picture_leads_somewhere(doc: Path) -> None:
    astray = []
    for link in links(doc):
        path, _, anchor = link.partition("#")
        target = (doc.parent / path).resolve() if path else doc
        is_there = target.is_relative_to(ROOT) and target.exists()
        has_anchor = not anchor or (is_there and anchor in anchors(target))
        if not is_there or not has_anchor:
            astray.append(link)

    assert astray == []


@pytest.mark.parametrize("doc", DOCS, ids=name)
def test_every_file_that_is_named_exists_or_is_said_to_be_new(doc: Path) -> None:
    named = re.findall(rf"`({TOPS}/[\w./-]+)`(?! \(new\))", doc.read_text())

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_picture_of_the_house_is_that_of_the_contract() -> None:
    """The floors of `pyproject.toml`, from the top, in the first block of the page."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = [re.split(r" \| ", floor) for floor in contract["contracts"][0]["layers"]]
    picture = re.search(r"^## The picture\n\n((?: {4}.*\n)+)", HOUSE.read_text(), re.MULTILINE)
    assert picture is not None
    # After the name of the floor and its rooms, what they are for.
    drawn = [re.split(r" {2,}", line[15:].strip())[0] for line in picture[1].splitlines()]

    assert [floor.split(" · ") for floor in drawn] == floors


def at_home(words: str) -> bool:
    """Tell whether a path or a dotted name is one of the house's.

    As developers write them: from the root, or from `campaign/`; a file without its end, with a
    name in it after a dot, or a folder.
    """
    path, *inside = re.split(r"\.(?!py$|md$|html$|txt$|css$|js$|toml$|tsv$|sqlite$)", words)
    for top in (ROOT, ROOT / "campaign", ROOT / "templates", ROOT / "tests"):
        for file in (top / path, top / f"{path}.py", top / path / "__init__.py"):
            if file.is_dir() and not inside:
                return True
            if file.is_file():
                said = file.read_text() if inside else ""
                return all(re.search(rf"\b{name}\b", said) for name in inside)
    return False


@pytest.mark.parametrize("doc", FOR_DEVELOPERS, ids=name)
def test_every_path_and_dotted_name_for_developers_is_there(doc: Path) -> None:
    """`outbox/verbs.queue`, `events/cards.py`, `campaign.jobs`: in lines and in the house's way."""
    text = re.sub(r"^( *)```.*?^\1```$", "", doc.read_text(), flags=re.MULTILINE | re.DOTALL)
    said = re.findall(r"`([^`\n]+)`(?! \(new\))", text)
    # What `make run` makes is in no repository.
    paths = [one for one in said if re.fullmatch(r"(?!instance/)[a-z_]+(?:/[\w.]+)+/?", one)]
    way = re.findall(r"^ +([a-z_]+(?:/[a-z_]+)+\.?[a-z_]*) ", text, re.MULTILINE)
    modules = [one for one in said if re.fullmatch(r"(?:campaign|tests)(?:\.\w+)+(?<!\.py)", one)]

    assert [one for one in [*paths, *way] if not at_home(one.rstrip("/"))] == []
    assert [
        one
        for one in modules
        if not at_home(one.replace(".", "/"))
        and not at_home(".".join(one.replace(".", "/").rsplit("/", 1)))
    ] == []


@pytest.mark.parametrize("doc", DOCS, ids=name)
def test_no_page_leans_on_one_machine(doc: Path) -> None:
    assert OF_ONE_MACHINE.findall(doc.read_text()) == []


def test_every_page_can_be_reached_from_the_first() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            below = sorted(target.glob("*.md")) if target.is_dir() else [target]
            waiting += [one for one in below if one in DOCS and one not in reached]

    assert [name(page) for page in DOCS if page not in reached] == []


def test_the_number_of_a_decision_stands_once() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs" / "decisions").glob("*.md")]

    assert sorted(numbers) == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_the_table_of_settings_is_that_of_the_program() -> None:
    assert settings_table() in SERVER.read_text(), f"the table should be:\n\n{settings_table()}"


def test_every_command_is_explained_and_every_explained_command_exists() -> None:
    explained = re.findall(r"^## `(campaign [^`]+)`$", COMMANDS.read_text(), re.MULTILINE)

    assert sorted(explained) == sorted(name for name, _ in commands())


def test_every_command_is_shown_with_the_example_of_its_help() -> None:
    text = COMMANDS.read_text()
    tree = list(commands())

    assert [name for name, command in tree if not examples(command)] == []
    assert [line for _, command in tree for line in examples(command) if line not in text] == []


@pytest.mark.parametrize("doc", DOCS, ids=name)
def test_every_command_line_can_be_typed_as_it_stands(doc: Path) -> None:
    tree = dict(commands())
    wrong = []
    for line in re.findall(r"(?:^|`|bin/)(campaign [a-z][^`\n]*)", code(doc), re.M):
        words = line.split(" #")[0].split()
        known = next((tree[c] for n in (3, 2) if (c := " ".join(words[:n])) in tree), None)
        if known is None and not isinstance(campaign.commands.get(words[1]), click.Group):
            wrong.append(line)
            continue
        options = {option for one in known.params for option in one.opts} if known else set()
        wrong += [line for word in words if word[:2] == "--" and word not in {*options, "--help"}]

    assert wrong == []


def code(page: Path) -> str:
    """Give the code of a page alone: its blocks of shell, and what stands between backticks."""
    text = page.read_text()
    blocks = re.findall(r"^ *```sh$(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`[^`\n]+`", text)])


@pytest.mark.parametrize("doc", DOCS, ids=name)
def test_every_target_of_make_exists(doc: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?:^|[` ])make ([a-z]+)\b", code(doc), re.MULTILINE))

    assert [one for one in sorted(named) if not re.search(rf"^{one}:", makefile, re.M)] == []


@pytest.mark.parametrize(
    ("heading", "names"),
    [("drill", list(DRILLS)), ("measure", list(MEASURES))],
    ids=["drills", "measures"],
)
def test_every_drill_and_measure_is_listed(heading: str, names: list[str]) -> None:
    rows = re.search(rf"^\| {heading} \|.*\n\| ---.*\n((?:\|.*\n)+)", TESTING.read_text(), re.M)

    assert rows is not None
    assert re.findall(r"^\| `([^`]+)`", rows[1], re.MULTILINE) == names
