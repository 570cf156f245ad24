"""Operators' commands for the index of the search."""

import click
from flask.cli import AppGroup

from campaign.db import db
from campaign.search import verbs

cli = AppGroup(
    "search",
    help="The index by which pages, news, events and issues are found.\n\n"
    "Example: campaign search mend",
)


@cli.command()
def mend() -> None:
    """Compare the index with all that can be found, and keep anew what differs.

    It keeps itself; needed only after rows were changed by hand.

    Example: campaign search mend
    """
    mended = verbs.mend()
    db.session.commit()
    click.echo(f"{mended} entries differed and were kept anew" if mended else "nothing differed")
