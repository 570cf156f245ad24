"""A stranger can build the tree: the locks are whole, and no file leans on one machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ["run.txt", "dev.txt"]

# Written in pieces, or this file would find itself.
OF_ONE_MACHINE = re.compile(
    "|".join(
        [
            *("index" + "-url", "find" + "-links"),
            *(rf"(?<![\w.:/-])/{place}/" for place in ["ro" + "ot", "wo" + "rk"]),
        ]
    )
)


def entries(lock):
    """Give a lock's requirements, each as one line without its comments."""
    lines = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def versions(lock):
    return {tuple(entry.split()[0].split("==")) for entry in entries(lock)}


def tracked_files():
    # A clone may belong to another user than the one who tests it, as in many a CI.
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def make(*arguments):
    # GNU make tells its children about itself; the one asked here is nobody's child.
    environment = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_one_version_with_its_hashes(lock):
    for entry in entries(lock):
        assert re.match(r"[a-z0-9._-]+==[\w.!+]+ ", entry), entry
        assert re.search(r" --hash=sha256:[0-9a-f]{64}\b", entry), entry


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_address(lock):
    text = (ROOT / "requirements" / lock).read_text()

    assert "://" not in text
    assert not re.search(r"^\s*--?(?!hash=)\w", text, re.MULTILINE)
    assert not re.search(r"\b[\w-]+\.(com|org|net|io|dev)\b", text)
    assert " @ " not in text


def test_the_development_lock_holds_the_runtime_lock():
    assert versions("run.txt") <= versions("dev.txt")


def test_no_file_leans_on_one_machine():
    leaning = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if OF_ONE_MACHINE.search(line)
    ]

    assert leaning == []


def test_what_a_machine_makes_for_itself_is_not_tracked():
    names = {path.relative_to(ROOT).parts[0] for path in tracked_files()}

    assert names.isdisjoint({".venv", "instance", ".pytest_cache"})


def test_ci_runs_the_commands_that_people_run():
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()
    assert "make check" in script.read_text()


def test_make_help_lists_every_command():
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    helped = make("help")

    listed = re.findall(r"^make (\w+) +\S", helped.stdout, re.MULTILINE)
    assert phony is not None
    assert sorted(listed) == sorted(phony[1].split())
    assert make().stdout == helped.stdout


@pytest.mark.parametrize(
    ("python", "word"),
    [
        ("no-such-python", "This needs Python 3.11 or newer"),
        ("{folder}/no-venv", "apt-get install python3-venv"),
    ],
)
def test_make_says_in_one_sentence_what_is_wrong_with_python(tmp_path, python, word):
    # Debian's python3 without python3-venv: everything but those two modules.
    script = tmp_path / "no-venv"
    script.write_text('#!/bin/sh\ncase "$2" in *venv*) exit 1 ;; *print*) echo 3.11 ;; esac\n')
    script.chmod(0o755)

    asked = make("run", f"PYTHON={python.format(folder=tmp_path)}", f"VENV={tmp_path}/venv")

    assert asked.returncode == 2
    assert word in asked.stderr.splitlines()[0]
    assert not (tmp_path / "venv").exists()
