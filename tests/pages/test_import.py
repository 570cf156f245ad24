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


def test_an_export_over_what_people_wrote_keeps_their_comments_order_and_quotes(
    app: Flask, tmp_path: Path
) -> None:
    same, other = tmp_path / "same.md", tmp_path / "other.md"
    same.write_text("---\n# mine\nmood:   'hopeful'\ntitle: \"Same\"\n---\nWords.")
    other.write_text("---\n# mine\nmood: 'hopeful'\ntitle: \"Other\" # short\n---\n\nWords.\n")
    run(app, "import", str(tmp_path))
    keep(app, "other.md", page(title="Changed", mood="hopeful", body="Words."))
    before = same.read_bytes()

    result = run(app, "export", str(tmp_path))

    assert result.exit_code == 0, result.output
    assert same.read_bytes() == before
    assert other.read_text() == (
        "---\n# mine\nmood: 'hopeful'\ntitle: \"Changed\" # short\n---\n\nWords.\n"
    )


def test_an_export_over_a_file_with_an_apostrophe_of_windows_writes_the_page(
    app: Flask, tmp_path: Path
) -> None:
    """What an import reads as it is meant, the parser alone does not take for text."""
    file = tmp_path / "page.md"
    file.write_text("---\ntitle: It\x92s time\n---\n\nWords.\n", encoding="utf-8")
    run(app, "import", str(tmp_path))
    keep(app, "page.md", page(title="Changed", body="Words."))

    result = run(app, "export", str(tmp_path))

    assert result.exit_code == 0, result.output
    assert file.read_text() == page(title="Changed", body="Words.")


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


def test_all_mistakes_of_a_folder_are_named_in_one_run_and_nothing_changes(
    app: Flask, folder: Path
) -> None:
    (folder / "alpha.md").write_text(
        "---\ntitle: A\ndate: 03/04/2027\ndraft: maybe\n---\n\n<!-- a\n"
    )
    (folder / "beta.markdown").write_text("---\nlanguage: en\n---\n\nbell \x07\n")
    (folder / "news/gamma.md").write_text(page(date="someday", nav_order="first"))
    (folder / "news/delta.md").write_text("no front matter")
    (folder / "news/epsilon.md").write_text(page())

    result = run(app, "import", str(folder))

    with app.app_context():
        assert [line.partition(": ")[0] for line in str(result.exception).splitlines()] == [
            "alpha.md, line 3",
            "alpha.md, line 4",
            "alpha.md, line 7",
            "beta.markdown, line 5",
            "news/delta.md, line 1",
            "news/epsilon.md, line 1",
            "news/gamma.md, line 3",
            "news/gamma.md, line 4",
        ]
        assert "date may be one day or the other" in str(result.exception)
        assert "character 6 is a sign that cannot be shown (U+0007)" in str(result.exception)
        assert "a comment begins here that never ends" in str(result.exception)
        assert db.session.scalars(queries.every()).all() == []


@pytest.mark.parametrize(
    "written",
    ["2027-05-13", "2027-5-13", "2027-05-13T14:26:00.000+01:00", "2027-05-13 14:26:00",
     "'2027-05-13'",
     '"13 May 2027"', "13 May 2027", "2027/05/13", "20270513", "13.05.2027", "May 13, 2027"],
)  # fmt: skip
def test_a_day_of_front_matter_is_shown_however_it_is_spelled(
    app: Flask, visitor: Visitor, tmp_path: Path, written: str
) -> None:
    (tmp_path / "a.md").write_text(page(date=written))

    result = run(app, "import", str(tmp_path))

    assert result.exit_code == 0, result.exception
    assert 'datetime="2027-05-13"' in visitor.open("/a").text


@pytest.mark.parametrize("written", ["0027-05-13", "1027-05-13", "2207-05-13", "13 May 9999"])
def test_a_year_that_is_a_slip_is_named_with_its_line(
    app: Flask, tmp_path: Path, written: str
) -> None:
    (tmp_path / "a.md").write_text(page(date=written))

    result = run(app, "import", str(tmp_path))

    with app.app_context():
        assert str(result.exception) == (
            "a.md, line 3: date should be a day from 2000 to 2099: look at the year."
        )


def test_page_files_are_known_by_any_usual_ending_and_others_are_named(
    app: Flask, visitor: Visitor, tmp_path: Path
) -> None:
    for name in ("a.markdown", "b.MD", "c.Markdown", "news/d.mdx", "e.txt", "f.mkd"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page())

    result = run(app, "import", str(tmp_path))

    assert "3 pages" in result.stdout
    assert "No page files, left alone: e.txt, f.mkd, news/d.mdx" in result.stderr
    assert [visitor.open(f"/{name}").status_code for name in "abc"] == [200, 200, 200]


def test_two_endings_of_one_address_are_refused(app: Flask, tmp_path: Path) -> None:
    for name in ("a.markdown", "a.md"):
        (tmp_path / name).write_text(page())

    result = run(app, "import", str(tmp_path))

    with app.app_context():
        assert "a.md, line 1: a.markdown has the same address." in str(result.exception)


def test_links_between_page_files_lead_to_their_pages_also_away_from_the_site(
    app: Flask, visitor: Visitor, tmp_path: Path
) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "guide").mkdir()
    (tmp_path / "other.md").write_text(page(body="# A part"))
    (tmp_path / "guide/index.md").write_text(page(body="[b](part.md)"))
    (tmp_path / "guide/part.md").write_text(page())
    body = "[a](../other.md#a-part) ![A crowd](crowd.png) <!-- a private\n\nnote -->"
    (tmp_path / "news/x.md").write_text(page(body=body, date="2027-05-13"))

    run(app, "import", str(tmp_path))
    run(app, "export", str(tmp_path / "out"))

    shown = visitor.open("/news/x").text
    assert 'href="/other#a-part"' in shown
    assert 'src="/static/images/news/crowd.png"' in shown
    assert 'href="/guide/part"' in visitor.open("/guide").text
    feed = visitor.open("/news/feed.xml").text
    assert "https://campaign.example/other#a-part" in feed
    assert "https://campaign.example/static/images/news/crowd.png" in feed
    found = visitor.open("/search?q=private").text
    assert "private" not in shown + feed
    assert "/news/x" not in found
    assert (tmp_path / "out/guide/index.md").read_bytes() == (
        tmp_path / "guide/index.md"
    ).read_bytes()
    assert body in (tmp_path / "out/news/x.md").read_text()


def test_links_that_lead_nowhere_are_named_with_their_line(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text(page(body="# A part"))
    (tmp_path / "a.md").write_text(
        page(
            body="""[1](b.md) [2](/b#a-part) [3](https://example.org/x.md) [4](/events) [5](b)
[6](missing.md) [7](b.md#nothing)

[8](#nowhere) ![9](gone.png) [10](www.example.org)

`[11](code.md)` [12](/events/feed.ics) [13](mailto:ada@example.org)"""
        )
    )

    result = run(app, "import", str(tmp_path))

    assert result.exit_code == 0
    named = [line for line in result.stderr.splitlines() if ": " in line]
    assert named == [
        "a.md, line 6: the link leads nowhere: there is no page /missing.",
        "a.md, line 6: the page /b has no heading #nothing.",
        "a.md, line 8: the page /a has no heading #nowhere.",
        "a.md, line 8: there is no file static/images/gone.png.",
        "a.md, line 8: the link leads nowhere: there is no page /www.example.org.",
    ]


def test_no_link_of_the_starter_leads_nowhere(app: Flask, folder: Path) -> None:
    result = run(app, "import", str(folder))

    assert [line for line in result.stderr.splitlines() if ", line " in line] == []


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        ("one\u2028two", "one\ntwo"),
        ("\uf0b7 one", "• one"),
        ("\u2068Ada\u2069", "Ada"),
        ("New \U0001fae9", "New \U0001fae9"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_what_was_pasted_into_a_page_file_is_shown_as_it_is_meant(
    app: Flask, visitor: Visitor, tmp_path: Path, pasted: str, shown: str
) -> None:
    text = page(title=f"T {pasted}", body=f"Words {pasted}")
    (tmp_path / "a.md").write_text(text, encoding="utf-8")

    result = run(app, "import", str(tmp_path))

    assert result.exit_code == 0, result.exception
    answer = visitor.open("/a").text
    assert f"<p>Words {shown}</p>" in answer
    assert f"<h1>T {shown}</h1>".replace("\n", " ") in answer
