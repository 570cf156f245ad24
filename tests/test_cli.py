"""The `campaign` command: what stops it is one sentence on stderr, and never a row."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

SECRET = "a secret of the tests, long enough"
NOWHERE = "postgresql://campaign@127.0.0.1:1/campaign"


def _campaign(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {"CAMPAIGN_SECRET_KEY": SECRET, "CAMPAIGN_INSTANCE": str(folder)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "campaign", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **own, **settings},
    )


def _is_one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith(".\n")


@pytest.mark.parametrize(
    "command", [["migrate"], ["starter"], ["outbox", "status"], ["worker"]], ids=" ".join
)
def test_a_database_that_does_not_answer_is_one_sentence(
    tmp_path: Path, command: list[str]
) -> None:
    answer = _campaign(tmp_path, *command, CAMPAIGN_DATABASE_URL=NOWHERE)

    assert answer.returncode == 1
    assert _is_one_sentence(answer.stderr), answer.stderr
    assert "database" in answer.stderr


def test_a_database_that_was_never_migrated_is_one_sentence_without_the_address_typed(
    tmp_path: Path,
) -> None:
    answer = _campaign(tmp_path, "organiser", "add", "ada@example.org")

    assert answer.returncode == 1
    assert _is_one_sentence(answer.stderr), answer.stderr
    assert "campaign migrate" in answer.stderr
    assert "ada" not in answer.stderr


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    answer = _campaign(tmp_path / "file" / "instance", "migrate")

    assert answer.returncode == 1
    assert _is_one_sentence(answer.stderr), answer.stderr
    assert "file" in answer.stderr


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_taken_port_and_a_host_of_elsewhere_are_told_apart(tmp_path: Path, command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])

        taken = _campaign(tmp_path, command, "--port", port)
        elsewhere = _campaign(tmp_path, command, "--port", port, "--host", "192.0.2.1")

    assert taken.returncode == elsewhere.returncode == 1
    assert _is_one_sentence(taken.stderr), taken.stderr
    assert port in taken.stderr
    assert _is_one_sentence(elsewhere.stderr), elsewhere.stderr
    assert "192.0.2.1" in elsewhere.stderr


def test_an_upgrade_renders_anew_what_is_kept_rendered(tmp_path: Path) -> None:
    for command in ("migrate", "starter"):
        assert _campaign(tmp_path, command).returncode == 0
    with closing(sqlite3.connect(tmp_path / "campaign.sqlite")) as database:
        before = dict(database.execute("select path, html from page"))
        database.execute("update page set html = '<p>of an earlier version</p>'")
        database.execute("update newsletter_issue_text set html = '<p>of an earlier version</p>'")
        database.commit()

    answer = _campaign(tmp_path, "migrate")

    assert answer.returncode == 0, answer.stderr
    with closing(sqlite3.connect(tmp_path / "campaign.sqlite")) as database:
        assert dict(database.execute("select path, html from page")) == before
        (draft,) = database.execute("select html from newsletter_issue_text").fetchone()
        assert "of an earlier version" not in draft
