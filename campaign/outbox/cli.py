"""Operators' commands for the outbox."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.outbox import queries, verbs
from campaign.outbox.models import Batch
from campaign.outbox.throttles import queries as throttles_queries

cli = AppGroup(
    "outbox",
    help="See what waits to be mailed, and try again what failed.\n\n"
    "Example: campaign outbox status",
)


@cli.command()
def status() -> None:
    """Count messages by state, and say how long the oldest has waited.

    Example: campaign outbox status
    """
    for state, number in queries.counts().items():
        click.echo(f"{state:10} {number}")
    waited = queries.oldest_waiting(now=clock.now())
    click.echo(f"oldest due waits {int(waited.total_seconds())} s")
    relay = throttles_queries.troubled_relay()
    if relay is not None:
        click.echo(f"the relay is in trouble: {relay.last_trouble}")


@cli.command()
def retry() -> None:
    """Let every failed message try again, and every paused issue go on.

    Example: campaign outbox retry
    """
    again = verbs.retry_all(now=clock.now())
    paused = db.session.scalars(select(Batch).where(Batch.paused_at.is_not(None))).all()
    for batch in paused:
        verbs.resume(batch)
    db.session.commit()
    click.echo(f"{again} to be tried again")
    if paused:
        click.echo(f"{len(paused)} paused issues go on")
