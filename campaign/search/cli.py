"""Operators' commands for the index of the search."""

import click
from flask.cli import AppGroup

from campaign.db import db
from campaign.search import queries, verbs

cli = AppGroup(
    "search",
    help="The index by which pages, news, events and issues are found.\n\n"
    "Example: campaign search rebuild",
)


@cli.command()
def rebuild() -> None:
    """Make the index anew, a piece at a time; meanwhile all is found as before.

    It keeps itself and is looked through every day; needed only when it is damaged, or after rows
    were changed by hand.

    Example: campaign search rebuild
    """
    verbs.forget_words()
    db.session.commit()
    entries = 0
    for findable, ids in queries.pieces():
        entries += verbs.keep_anew(findable, ids)
        db.session.commit()
    click.echo(f"{entries} entries")
