"""Operators' commands for the directory of posts."""

from typing import BinaryIO

import click
from flask.cli import AppGroup

from campaign import clock
from campaign.db import db
from campaign.summits import posts_csv, queries, verbs

cli = AppGroup(
    "posts",
    help="The directory: offices of state and those who hold them.\n\n"
    "Example: campaign posts import posts.csv",
)


@cli.command("import")
@click.argument("file", type=click.File("rb"))
def import_(file: BinaryIO) -> None:
    """Take over the posts of FILE (CSV). With one mistake in it, nothing is changed.

    Example: campaign posts import posts.csv
    """
    imported = verbs.import_posts(file.read(), now=clock.now())
    db.session.commit()
    click.echo(f"{imported} posts are as in {file.name}.")


@cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True))
def export(file: str) -> None:
    """Write all posts to FILE (CSV), ready to be changed and imported again.

    Example: campaign posts export posts.csv
    """
    rows = queries.posts_rows()
    with click.open_file(file, "w", encoding="utf-8", atomic=file != "-") as stream:
        stream.write(posts_csv.write(rows))
    click.echo(f"{len(rows)} rows written.", err=True)
