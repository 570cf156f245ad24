"""A folder of page files is taken over whole or not at all, and written out as it was."""

from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from campaign.db import db
from campaign.pages import queries
from campaign.pages.cli import cli
from campaign.refusals import Refusal
from tests.pages.making import keep, page
from tests.visitor import Visitor


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(cli, list(words))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder with the starter's pages."""

    def copy(here: object, there: Path) -> None:
        there.mkdir()
        for entry in here.iterdir():  # type: ignore[attr-defined]
            if entry.is_dir():
                copy(entry, there / entry.name)
            else:
                (there / entry.name).write_bytes(entry.read_bytes())

    copy(resources("campaign") / "starter" / "pages", tmp_path / "pages")
    return tmp_path / "pages"


def test_what_was_imported_is_exported_byte_for_byte(
    app: Flask, folder: Path, tmp_path: Path
) -> None:
    (folder / "extra.md").write_text(page(draft="true", mood="hopeful", at="12:30"))

    imported = run(app, "import", str(folder))
    exported = run(app, "export", str(tmp_path / "out"))

    assert (imported.exit_code, exported.exit_code) == (0, 0), imported.output + exported.output
    assert contents(tmp_path / "out") == contents(folder)


def test_the_pages_imported_are_shown(app: Flask, visitor: Visitor, folder: Path) -> None:
    result = run(app, "import", str(folder))

    assert "/proposal" in result.stderr
    assert f"pages are as in {folder}" in result.stdout
    assert visitor.open("/proposal").status_code == 200
    assert visitor.open("/x-risk").headers["Location"] == "/xrisk"


def test_one_bad_file_is_named_and_nothing_changes(app: Flask, folder: Path) -> None:
    (folder / "zebra.md").write_text("---\ntitle: T\ndate: someday\n---\n")

    result = run(app, "import", str(folder))

    assert isinstance(result.exception, Refusal)
    with app.app_context():
        assert str(result.exception).startswith("zebra.md, line 3: date should be a day")
        assert db.session.scalars(queries.every()).all() == []


@pytest.mark.parametrize("name", ["events.md", "news.md", "events/berlin.md", "actions/x.md"])
def test_a_page_cannot_take_an_address_of_the_sites_own(
    app: Flask, folder: Path, name: str
) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(page())

    result = run(app, "import", str(folder))

    with app.app_context():
        assert f"{name}, line 1: " in str(result.exception)
        assert db.session.scalars(queries.every()).all() == []


def test_two_files_for_one_address_are_refused(app: Flask, folder: Path) -> None:
    (folder / "about").mkdir()
    (folder / "about/index.md").write_text(page())

    result = run(app, "import", str(folder))

    with app.app_context():
        assert "about.md" in str(result.exception)
        assert "about/index.md" in str(result.exception)


def test_a_redirect_from_another_files_address_is_refused(app: Flask, folder: Path) -> None:
    (folder / "zebra.md").write_text(page(redirect_from="[/about]"))

    result = run(app, "import", str(folder))

    with app.app_context():
        assert "/about, which about.md has already" in str(result.exception)


def test_pages_without_a_file_stay(app: Flask, visitor: Visitor, folder: Path) -> None:
    keep(app, "older.md", page())

    run(app, "import", str(folder))

    assert visitor.open("/older").status_code == 200


def test_hidden_files_and_others_are_left_alone(app: Flask, tmp_path: Path) -> None:
    (tmp_path / ".hidden.md").write_text("not a page")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/x.md").write_text("not a page")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "a.md").write_text(page())

    result = run(app, "import", str(tmp_path))

    assert result.exit_code == 0
    assert "1 pages" in result.stdout


def test_a_folder_that_is_not_there_is_a_matter_of_usage(app: Flask) -> None:
    result = run(app, "import", "/no/such/folder")

    assert result.exit_code == 2


@pytest.mark.parametrize("command", ["import", "export"])
def test_help_has_an_example(app: Flask, command: str) -> None:
    result = run(app, command, "--help")

    assert f"Example: campaign pages {command}" in result.stdout
