"""Operators' commands for counts."""

import click
from flask.cli import AppGroup

from campaign import clock
from campaign.counts import queries, verbs
from campaign.counts.registry import known
from campaign.db import db, reading

cli = AppGroup(
    "counts",
    help="Compare the numbers that are kept with the rows they are of.\n\n"
    "Example: campaign counts check",
)


@cli.command()
def check() -> None:
    """Count the rows, and name each number that is not what they say. Exits with 1 if one is not.

    Example: campaign counts check
    """
    with reading():
        found = queries.differences(known(), now=clock.now())
    for (name, key), lacks in sorted(found.items()):
        click.echo(f"{name} {key}: {lacks:+}")
    if found:
        raise click.ClickException("Run `campaign counts mend` to make them what the rows say.")
    click.echo("every count is what the rows say")


@cli.command()
def mend() -> None:
    """Make every number what the rows say; people may go on signing up meanwhile.

    Example: campaign counts mend
    """
    verbs.keep(db.session.connection())
    db.session.commit()
    mended = 0
    for counted in known():
        mended += verbs.count_anew(db.session.connection(), [counted], now=clock.now())
        db.session.commit()
    click.echo(f"{mended} mended")
