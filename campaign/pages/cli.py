"""Operators' commands for the pages: a folder of Markdown files in, and out."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import click
from flask import current_app
from flask.cli import AppGroup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from campaign import clock, front_matter, markup
from campaign.config import ROOT
from campaign.db import db
from campaign.languages import _
from campaign.pages import files, queries, verbs
from campaign.pages.models import Page
from campaign.pages.policy import MOST_NAMED

cli = AppGroup(
    "pages",
    help="The pages and the news, as a folder of Markdown files.\n\n"
    "Example: campaign pages import texts",
)

Step = TypeVar("Step", Page, files.PageFile)

_PAGES_OWN = {"pages.page", "front.home"}


@cli.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def import_(folder: Path) -> None:
    """Take over the page files of FOLDER. With one mistake in them, nothing is changed.

    Pages that have no file in FOLDER stay as they are. Links that lead nowhere, and files
    that are no pages, are named.

    Example: campaign pages import my-pages
    """
    found = files.read_folder(folder)
    doors = [
        files.Mistake(name, 1, _("%(path)s is an address of the site's own.", path=file.path))
        for name, file in found.items()
        if _is_a_door(file.path)
    ]
    if doors:
        raise files.BadPageFile(doors)
    for file in _shown(list(found.values())):
        verbs.save(file, now=clock.now())
    db.session.commit()
    _say_what_was_left(folder)
    for name, file in found.items():
        _say_what_leads_nowhere(folder, name, file)
    click.echo(f"{len(found)} pages are as in {folder}.")


def _say_what_was_left(folder: Path) -> None:
    """Name the files that are no pages, should somebody have meant one to be."""
    others = [name for name, _entry in files.in_folder(folder) if not files.is_page_file(name)]
    if others:
        named = ", ".join(others[:MOST_NAMED]) + (", …" if len(others) > MOST_NAMED else "")
        click.echo(f"No page files, left alone: {named}", err=True)


def _say_what_leads_nowhere(folder: Path, name: str, file: files.PageFile) -> None:
    """Name each link of a page file that leads to nothing of the site; the page may come later."""
    text = (folder / name).read_text("utf-8", "replace")
    for written, address in dict.fromkeys(markup.render(file.source, file=name).links):
        trouble = _trouble_with(address, file)
        if trouble:
            at = max(text.find(written), text.find(unquote(written)), 0)
            click.echo(f"{name}, line {text.count(chr(10), 0, at) + 1}: {trouble}", err=True)


def _trouble_with(address: str, file: files.PageFile) -> str:
    """Say what is wrong with where a link leads; nothing of what is elsewhere."""
    where = urlsplit(address)
    if where.scheme or where.netloc:
        return ""
    path, anchor = unquote(where.path).rstrip("/") or "/", unquote(where.fragment)
    if path.startswith("/static/"):
        is_there = (ROOT / path[1:]).is_file()
        return "" if is_there else str(_("there is no file %(path)s.", path=path[1:]))
    if not where.path:
        path = file.path
    contents = queries.contents_at(path)
    if contents is None:
        if queries.redirect_from(path) is not None or _is_a_door(path):
            return ""
        return str(_("the link leads nowhere: there is no page %(path)s.", path=path))
    anchors = [heading[1] for heading in contents]
    if anchor and anchor not in anchors and not re.fullmatch(r"main|fn(ref)?[\d:]+", anchor):
        return str(_("the page %(path)s has no heading #%(anchor)s.", path=path, anchor=anchor))
    return ""


@cli.command("export")
@click.argument("folder", type=click.Path(file_okay=False, writable=True, path_type=Path))
def export(folder: Path) -> None:
    """Write all pages, drafts too, to FOLDER, ready to be changed and imported again.

    A file that says the same already is left as it is; of another, the comments, the order and
    the quotes of its front matter stay.

    Example: campaign pages export my-pages
    """
    found = list(db.session.scalars(queries.every()))
    for page in _shown(found):
        file = folder / files.name_of(page.path, is_index=page.is_index)
        file.parent.mkdir(parents=True, exist_ok=True)
        described = verbs.described(page)
        before = _written_before(file, described)
        if before is not None:
            file.write_text(files.write(described, before=before), encoding="utf-8", newline="\n")
    click.echo(f"{len(found)} pages written to {folder}.")


def _written_before(file: Path, described: files.PageFile) -> str | None:
    """Give the front matter of a file that stands in the folder; None if it says the same."""
    if not file.is_file():
        return ""
    content = file.read_bytes()
    try:
        name = files.name_of(described.path, is_index=described.is_index)
        if files.read(name, content) == described:
            return None
        return front_matter.part(content.decode("utf-8-sig").replace("\r\n", "\n")).head
    except (files.BadPageFile, front_matter.Trouble):
        # Nobody could import it, so nothing of it is worth more than the page.
        return ""


def _shown(steps: list[Step]) -> Iterator[Step]:
    """Give one page after the other, with a bar on a terminal and a line each elsewhere."""
    if sys.stderr.isatty():
        with click.progressbar(steps, label="Pages", file=sys.stderr) as bar:
            yield from bar
        return
    for step in steps:
        click.echo(step.path, err=True)
        yield step


def _is_a_door(path: str) -> bool:
    """Tell whether some part of the site answers at an address before the pages are asked."""
    try:
        endpoint, _values = current_app.url_map.bind("localhost").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return endpoint not in _PAGES_OWN
