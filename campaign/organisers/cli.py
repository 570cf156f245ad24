"""Operators' commands for organisers' accounts."""

import click
from flask.cli import AppGroup

from campaign import clock
from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.organisers import queries, verbs
from campaign.organisers.models import Organiser, Role
from campaign.refusals import Refusal

cli = AppGroup(
    "organiser",
    help="Give accounts for the office, and take them away.\n\n"
    "Example: campaign organiser add ada@example.org --role editor",
)


@cli.command()
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.EDITOR.value,
    show_default=True,
    help="What they may do.",
)
def add(email: str, role: str) -> None:
    """Give somebody an account, and print the link that signs them in once.

    Example: campaign organiser add ada@example.org --role administrator
    """
    now = clock.now()
    link = verbs.make_link(verbs.add(email, role=role, now=now), now=now)
    db.session.commit()
    click.echo(link)


@cli.command()
@click.argument("email")
def link(email: str) -> None:
    """Print a new link that signs an organiser in once, within 24 hours.

    Example: campaign organiser link ada@example.org
    """
    made = verbs.make_link(_organiser(email), now=clock.now())
    db.session.commit()
    click.echo(made)


@cli.command("list")
def list_them() -> None:
    """Print who has an account, with which role.

    Example: campaign organiser list
    """
    for organiser in db.session.scalars(queries.search()):
        click.echo(f"{organiser.email}\t{organiser.role}")


@cli.command()
@click.argument("email")
def remove(email: str) -> None:
    """Take an account away, and sign it out everywhere.

    Example: campaign organiser remove ada@example.org
    """
    verbs.remove(_organiser(email))
    db.session.commit()


class NoSuchOrganiser(Refusal):
    sentence = _l("There is no organiser with this address.")


def _organiser(email: str) -> Organiser:
    found = queries.by_email(email.strip().lower())
    if found is None:
        raise NoSuchOrganiser
    return found
