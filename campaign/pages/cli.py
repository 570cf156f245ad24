"""Operators' commands for the pages: a folder of Markdown files in, and out."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import click
from flask import current_app
from flask.cli import AppGroup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from campaign import clock
from campaign.db import db
from campaign.languages import _
from campaign.pages import files, queries, verbs
from campaign.pages.models import Page

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

    Pages that have no file in FOLDER stay as they are.

    Example: campaign pages import my-pages
    """
    found = files.read_folder(folder)
    for file in found:
        if _is_a_door(file.path):
            sentence = _("%(path)s is an address of the site's own.", path=file.path)
            raise files.BadPageFile(files.name_of(file.path), 1, sentence)
    for file in _shown(found):
        verbs.save(file, now=clock.now())
    db.session.commit()
    click.echo(f"{len(found)} pages are as in {folder}.")


@cli.command("export")
@click.argument("folder", type=click.Path(file_okay=False, writable=True, path_type=Path))
def export(folder: Path) -> None:
    """Write all pages, drafts too, to FOLDER, ready to be changed and imported again.

    Example: campaign pages export my-pages
    """
    found = list(db.session.scalars(queries.every()))
    for page in _shown(found):
        file = folder / files.name_of(page.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(files.write(verbs.described(page)), encoding="utf-8", newline="\n")
    click.echo(f"{len(found)} pages written to {folder}.")


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
