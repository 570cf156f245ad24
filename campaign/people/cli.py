"""Operators' commands for people: take them over from a file, write them to one."""

import sys
from collections.abc import Iterator

import click
from flask.cli import AppGroup, with_appcontext

from campaign.db import db
from campaign.people import exports
from campaign.people.policy import TOLD_EVERY
from campaign.people.queries import everybody
from campaign.people.verbs import forget_address
from campaign.validators import normal_address

cli = AppGroup(
    "people",
    help="People: everybody whom the campaign knows.\n\nExample: campaign people import list.csv",
)


@cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True))
def export(file: str) -> None:
    """Write everybody to FILE (CSV), ready to be imported again.

    Example: campaign people export people.csv
    """
    number = 0

    def counted() -> Iterator[exports.Line]:
        nonlocal number
        for person in everybody():
            number += 1
            if number % TOLD_EVERY == 0 and not sys.stderr.isatty():
                click.echo(f"{number} written", err=True)
            yield person

    with click.open_file(file, "w", encoding="utf-8", atomic=file != "-") as stream:
        for piece in exports.lines(counted()):
            stream.write(piece)
    click.echo(f"{number} people written.", err=True)


@click.command("forget")
@click.argument("email")
@with_appcontext
def forget(email: str) -> None:
    """Erase everything that is known of the owner of an address, for good.

    Their name, what they agreed to, their places and letters, what was sent to them and the mails
    they wrote to us. If they must not be written to, that stays, without the address.

    Example: campaign forget ada@example.org
    """
    try:
        address = normal_address(email)
    except ValueError:
        raise click.BadParameter(f"{email!r} is not an e-mail address.") from None
    was_known = forget_address(address)
    db.session.commit()
    click.echo("They are forgotten." if was_known else "Nobody was known by this address.")
