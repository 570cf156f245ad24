"""What the campaign writes is its user's alone, made anew or found open."""

import os
import stat
from pathlib import Path

import pytest

from campaign.private_files import close_to_others
from tests.test_cli import _campaign


def open_to_others(folder: Path) -> list[str]:
    places = [folder, *folder.rglob("*")]
    return [place.name for place in places if stat.S_IMODE(place.stat().st_mode) & 0o077]


def test_what_migrate_makes_is_nobody_elses(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        instance = tmp_path / "instance"
        ran = _campaign(instance, "migrate")
    finally:
        os.umask(before)

    assert ran.returncode == 0, ran.stderr
    assert {"campaign.sqlite", "campaign-queue.sqlite"} <= {one.name for one in instance.iterdir()}
    assert open_to_others(instance) == []


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o640, 0o604])
def test_what_is_found_open_is_closed_and_stays_its_users(tmp_path: Path, mode: int) -> None:
    names = ["settings.toml", "campaign.sqlite", "campaign.sqlite-wal", "campaign.sqlite-shm"]
    apart = tmp_path / "apart"
    instance = tmp_path / "instance"
    for folder in (instance, instance / "mailbox", apart):
        folder.mkdir()
    files = [instance / name for name in names]
    files += [apart / "other.sqlite", apart / "other-queue.sqlite", instance / "mailbox" / "a.eml"]
    for file in files:
        file.touch()
        file.chmod(mode)
    link = instance / "link"
    link.symlink_to(tmp_path)

    close_to_others(instance, f"sqlite:///{apart}/other.sqlite", "postgresql:///x")

    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {mode & 0o700}
    assert stat.S_IMODE(instance.stat().st_mode) == 0o700
    # What is not the campaign's is left as it is.
    assert stat.S_IMODE(apart.stat().st_mode) & 0o077
