"""The `campaign` command: the operators' table of contents."""

import sys

import click
from flask.cli import FlaskGroup

from campaign.app import create_app
from campaign.config import WrongSetting
from campaign.refusals import Refusal


@click.group(cls=FlaskGroup, create_app=create_app, add_default_commands=False)
def campaign() -> None:
    """Run a public campaign."""


def main() -> None:
    """Run the command; a refusal or a wrong setting is one sentence on stderr and status 1."""
    try:
        campaign(prog_name="campaign")
    except (Refusal, WrongSetting) as trouble:
        print(trouble, file=sys.stderr)
        sys.exit(1)
