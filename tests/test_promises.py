"""What is promised to the outside is there, or is on the list of what is not yet."""

import re

from flask import Flask

from campaign.cli import campaign
from campaign.config import ROOT, SETTINGS
from tests import promises
from tests.promises import ABSENT, names
from tests.test_docs import commands


def absent(kind: str) -> set[str]:
    return {name for one in ABSENT for name in names(getattr(one, kind))}


def held_against(promised: str, absent: set[str], there: set[str]) -> list[str]:
    """List what was promised and is missing, and what is said to be missing and is there."""
    return [
        *(f"{name} is promised and gone" for name in names(promised) if name not in there | absent),
        *(f"{name} is there: take it off ABSENT" for name in sorted(absent & there)),
    ]


def test_every_command_that_is_promised_is_there_or_is_not_yet() -> None:
    there = {name.removeprefix("campaign ") for name, _ in commands()}
    there |= {option for one in campaign.params for option in one.opts}

    assert held_against(promises.COMMANDS, absent("commands"), there) == []


def test_every_setting_that_is_promised_is_there_or_is_not_yet() -> None:
    assert held_against(promises.SETTINGS, absent("settings"), set(SETTINGS)) == []


def test_every_address_that_is_promised_is_there_or_is_not_yet(app: Flask) -> None:
    there = {re.sub(r"<\w+:", "<", rule.rule) for rule in app.url_map.iter_rules()}
    there |= {f"/{'/'.join(rule.split('/')[1:3])}" for rule in there if rule.startswith("/api/")}

    assert held_against(promises.ADDRESSES, absent("addresses"), there) == []


def test_every_page_that_is_promised_is_in_the_starter_campaign() -> None:
    pages = ROOT / "campaign" / "starter" / "pages"

    assert [name for name in names(promises.PAGES) if not (pages / f"{name}.md").exists()] == []


def test_what_is_not_yet_is_in_no_file_of_the_house() -> None:
    house = "\n".join(file.read_text() for file in (ROOT / "campaign").rglob("*.py"))
    there = [
        one.what
        for one in ABSENT
        if (one.code and re.search(one.code, house)) or (one.files and list(ROOT.glob(one.files)))
    ]

    assert there == [], "it is there: take it off ABSENT"


def test_everything_that_is_not_yet_says_how_it_would_show() -> None:
    assert [one.what for one in ABSENT if not any(one[1:])] == []


def test_the_readme_says_what_is_not_yet() -> None:
    readme = (ROOT / "README.md").read_text()
    said = re.search(r"^\*\*Not yet:\*\* (.*?)\.$", readme, re.MULTILINE | re.DOTALL)
    should = ", ".join(one.what for one in ABSENT)

    assert said is not None
    assert " ".join(said[1].split()) == should
