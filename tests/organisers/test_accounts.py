"""Who has an account: given and taken away by operators on the command line."""

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.organisers import verbs
from campaign.organisers.cli import NoSuchOrganiser, cli
from campaign.organisers.models import Organiser, Role
from tests.visitor import Visitor


def test_a_new_organiser_comes_in_with_the_link_that_is_printed(
    app: Flask, visitor: Visitor
) -> None:
    result = app.test_cli_runner().invoke(cli, ["add", "Ada@example.org", "--role", "reader"])

    assert result.exit_code == 0, result.output
    link = result.output.strip()
    assert link.startswith("https://campaign.example/office/sign-in/")
    assert visitor.send(link).status_code == 303


def test_an_organiser_is_not_added_twice(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    run(cli, ["add", "ada@example.org"])

    result = run(cli, ["add", "ADA@example.org"])

    assert result.exit_code == 1
    assert isinstance(result.exception, verbs.AlreadyAnOrganiser)


@pytest.mark.parametrize(
    "typed", ["ada", "a@example.org, b@example.org", "a@example.org\nx: y", ""]
)
def test_what_is_not_one_address_gets_no_account(app: Flask, typed: str) -> None:
    result = app.test_cli_runner().invoke(cli, ["add", typed])

    assert result.exit_code == 1
    assert isinstance(result.exception, verbs.NotAnAddress)


def test_a_role_that_does_not_exist_is_a_wrong_use(app: Flask) -> None:
    result = app.test_cli_runner().invoke(cli, ["add", "ada@example.org", "--role", "owner"])

    assert result.exit_code == 2


def test_organisers_are_listed_linked_and_removed(app: Flask, visitor: Visitor) -> None:
    run = app.test_cli_runner().invoke
    run(cli, ["add", "boss@example.org", "--role", "administrator"])
    run(cli, ["add", "ada@example.org"])

    link = run(cli, ["link", "ada@example.org"]).output.strip()
    listed = run(cli, ["list"]).output
    assert visitor.send(link).status_code == 303
    removed = run(cli, ["remove", "ada@example.org"])

    assert listed == "ada@example.org\teditor\nboss@example.org\tadministrator\n"
    assert removed.exit_code == 0
    assert visitor.open("/office/").status_code == 303


def test_somebody_unknown_is_neither_linked_nor_removed(app: Flask) -> None:
    run = app.test_cli_runner().invoke

    for command in ("link", "remove"):
        result = run(cli, [command, "nobody@example.org"])
        assert result.exit_code == 1
        assert isinstance(result.exception, NoSuchOrganiser)


def test_the_last_administrator_stays(app: Flask) -> None:
    with app.app_context():
        boss = verbs.add("boss@example.org", role=Role.ADMINISTRATOR, now=clock.now())

        with pytest.raises(verbs.LastAdministrator):
            verbs.remove(boss)
        with pytest.raises(verbs.LastAdministrator):
            verbs.change_role(boss, role=Role.READER)
        second = verbs.add("second@example.org", role=Role.ADMINISTRATOR, now=clock.now())
        verbs.remove(boss)

        assert db.session.scalars(select(Organiser)).all() == [second]
