"""Administrators decide in the office who is an organiser."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign.db import db
from campaign.organisers.models import Organiser, Role
from tests.conftest import signed_in
from tests.visitor import Visitor

LIST = "/office/organisers"


@pytest.fixture
def admin(app: Flask) -> Visitor:
    """Give a browser in which an administrator is signed in."""
    return signed_in(app, Role.ADMINISTRATOR, email="boss@example.org")


def number_of(app: Flask, email: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Organiser.id).filter_by(email=email)).one()


def test_a_new_organiser_gets_a_mail_and_comes_in(
    app: Flask, admin: Visitor, queued: Callable[..., Any]
) -> None:
    answer = admin.send(LIST, action=LIST, email="ada@example.org", role="reader")

    [mail] = queued("organiser-welcome")
    link = next(line for line in mail.text.splitlines() if "/office/sign-in/" in line)
    assert answer.status_code == 303
    assert Visitor(app).send(link).status_code == 303
    assert "ada@example.org" in admin.open(LIST).text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"email": ""}, 422),
        ({"email": "ada"}, 422),
        ({"email": "a" * 300 + "@example.org"}, 422),
        ({"email": "a@example.org,b@example.org"}, 422),
        ({"email": "ada@example.org", "role": "owner"}, 422),
        ({"email": "boss@example.org"}, 409),
    ],
)
def test_a_wrong_entry_is_shown_again(
    admin: Visitor, fields: dict[str, str], status: int, queued: Callable[..., Any]
) -> None:
    answer = admin.send(LIST, action=LIST, **fields)

    assert answer.status_code == status
    assert "There is a problem" in answer.text
    assert fields["email"] in answer.text
    assert queued() == []


def test_a_role_is_changed(app: Flask, admin: Visitor) -> None:
    other = signed_in(app, Role.READER, email="ada@example.org")
    page = f"{LIST}/{number_of(app, 'ada@example.org')}"

    answer = admin.send(page, action="/role", role="administrator")

    assert (answer.status_code, answer.location) == (303, page)
    assert other.open(LIST).status_code == 200


def test_who_is_removed_is_out_at_once(app: Flask, admin: Visitor) -> None:
    other = signed_in(app, Role.EDITOR, email="ada@example.org")
    page = f"{LIST}/{number_of(app, 'ada@example.org')}"

    answer = admin.send(f"{page}/remove", action="/remove")

    assert (answer.status_code, answer.location) == (303, LIST)
    assert "has no account any more" in admin.open(LIST).text
    assert other.open("/office/").status_code == 303


def test_before_a_removal_a_page_names_who_loses_access(app: Flask, admin: Visitor) -> None:
    signed_in(app, Role.EDITOR, email="ada@example.org")
    ada = f"{LIST}/{number_of(app, 'ada@example.org')}"
    boss = f"{LIST}/{number_of(app, 'boss@example.org')}"

    shown, asked, oneself = (
        admin.open(ada),
        admin.open(f"{ada}/remove"),
        admin.open(f"{boss}/remove"),
    )

    assert f'href="{ada}/remove"' in shown.text
    assert f'action="{ada}/remove"' not in shown.text
    assert "ada@example.org (editor) loses access" in asked.text
    assert "This is you." not in asked.text
    assert "This is you." in oneself.text


def test_the_last_administrator_can_neither_step_down_nor_go(app: Flask, admin: Visitor) -> None:
    page = f"{LIST}/{number_of(app, 'boss@example.org')}"

    down = admin.send(page, action="/role", role="editor")
    gone = admin.send(f"{page}/remove", action="/remove")

    assert (down.status_code, gone.status_code) == (409, 409)
    assert "make another one administrator first" in down.text
    assert "make another one administrator first" in gone.text
    assert admin.open(LIST).status_code == 200


def test_the_list_is_searched_and_downloaded(app: Flask, admin: Visitor) -> None:
    signed_in(app, Role.READER, email="ada@example.org")

    searched = admin.open(f"{LIST}?q=ADA@")
    csv = admin.open(f"{LIST}?q=ada&format=csv")

    assert "ada@example.org" in searched.text
    assert "boss@example.org" not in searched.text
    assert csv.mimetype == "text/csv"
    assert csv.text.splitlines()[0] == "email,role,added_at,last_seen_at"
    assert csv.text.splitlines()[1].startswith("ada@example.org,reader,")
