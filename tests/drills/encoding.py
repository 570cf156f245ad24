"""Hostile names, subjects and addresses, written and read by every Python of this machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from campaign.config import ROOT
from tests.drills.outcome import Order, Outcome
from tests.outbox.hostile_words import LOCAL_PARTS, WORDS

TRIES = 2000
_PROGRAM = Path(__file__).parent / "header_words.py"
_HEADERS = ROOT / "campaign" / "outbox" / "mail_headers.py"
_NAMES = ["To", "Subject", "From", "Reply-To"]
_WRITES_FROM, _READS_FROM = (3, 11), (3, 6)
_LOCAL = st.one_of(st.just("ada"), st.just("ada+x"), LOCAL_PARTS)


def encoded_words(order: Order) -> Outcome:
    """Write thousands of hostile words on each Python, and read them on each, in both its ways."""
    pythons = _pythons()
    writers = [python for version, python in pythons.items() if version >= _WRITES_FROM]
    outcome = order.outcome(
        pythons=",".join(".".join(map(str, version)) for version in pythons), writers=len(writers)
    )
    words = _words(order)
    written: set[str] = set()
    for python in writers:
        heads = _run(python, ["write", str(_HEADERS)], words)
        wrote = [(head, typed[1]) for head, typed in zip(heads, words, strict=True) if head]
        # What the same module writes is the same everywhere.
        outcome.promise(
            not written or {head for head, _ in wrote} == written,
            f"{python} wrote other headers than the others",
        )
        written = {head for head, _ in wrote}
        for reader in pythons.values():
            found = _run(reader, ["read"], [head for head, _ in wrote])
            for (head, subject), one in zip(wrote, found, strict=True):
                fault = _fault(head, subject, one)
                outcome.lost += bool(fault)
                outcome.promise(not fault, f"{reader}: {fault} of {head!r}")
    outcome.counts |= {"tried": len(words), "refused": len(words) - len(written)}
    outcome.broken = outcome.broken[:10]
    return outcome


def _words(order: Order) -> list[tuple[str, str, str]]:
    made: list[tuple[str, str, str]] = []

    @seed(order.seed)
    @settings(
        max_examples=order.sized(TRIES, least=200),
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(WORDS, WORDS, _LOCAL)
    def make(name: str, subject: str, local: str) -> None:
        made.append((name, subject, local))

    make()
    return made


def _pythons() -> dict[tuple[int, int], str]:
    """Find one program of each version, by its name and where pyenv keeps them."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = [f"python3.{minor}" for minor in range(_READS_FROM[1], 30)]
    places = [str(folder) for folder in sorted(home.glob("*/bin"))]
    path = os.pathsep.join([*places, os.environ.get("PATH", "")])
    asked = [sys.executable, *filter(None, (shutil.which(name, path=path) for name in names))]
    found: dict[tuple[int, int], str] = {}
    for python in asked:
        said = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode == 0:
            major, minor = map(int, said.stdout.split())
            found.setdefault((major, minor), python)
    return dict(sorted(found.items()))


def _run(python: str, arguments: list[str], lines: list[Any]) -> list[Any]:
    asked = "".join(f"{json.dumps(line)}\n" for line in lines)
    # By itself: another Python has no use for the packages of this one.
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8"}
    said = subprocess.run(
        [python, str(_PROGRAM), *arguments],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=300,
    )
    return [json.loads(line) for line in said.stdout.splitlines()]


def _fault(head: str, subject: str, found: dict[str, Any]) -> str:
    """Say what a reader found that was not meant; "" where all is as it should be."""
    if any(len(line) > 998 for line in head.split("\r\n")):
        return "a line is too long"
    if "stumbled" in found:
        return f"the reader stumbled ({found['stumbled']})"
    for kind in ("names", "older names"):
        if found[kind] != _NAMES:
            return f"other headers: {found[kind]}"
    meant = subject.encode("utf-8", "replace").decode()
    for read in found["subjects"]:
        if _plain(read) != _plain(meant):
            return f"another subject: {read!r}"
    for way in ("", "older "):
        if found[f"{way}From"] != ["hello@campaign.example"]:
            return f"another sender: {found[f'{way}From']}"
        if found[f"{way}Reply-To"] != ["ada@example.org"]:
            return f"another address to answer: {found[f'{way}Reply-To']}"
        if len(found[f"{way}To"]) != 1 or not found[f"{way}To"][0].endswith("@example.org"):
            return f"not one recipient: {found[f'{way}To']}"
    return ""


def _plain(subject: str) -> str:
    # Controls were never in it, and readers differ in how they fold spaces.
    return "".join(letter for letter in subject if letter.isprintable() and not letter.isspace())
