"""What every test may ask for: the application on both databases, a visitor, an organiser."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Table, select

from campaign import clock, create_app, jobs
from campaign.counts.models import Count, CountChange
from campaign.counts.queries import differences
from campaign.counts.registry import known
from campaign.db import db, reading
from campaign.events.sign_ups import duties as sign_ups_duties
from campaign.letters import duties as letters_duties
from campaign.organisers.models import Role
from campaign.organisers.verbs import SEND_LINKS, add, make_link
from campaign.outbox.models import Message
from campaign.people import duties as people_duties
from tests.closing import close
from tests.relaying import relay_for
from tests.services import Sink
from tests.visitor import Visitor

pytest_plugins = ["tests.plugin_groups", "tests.plugin_services"]

SECRET = "a secret of the tests, long enough"

# A hundred tests start programs: where no bytecode is kept, each would compile the house again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(
    scope="session",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the URL of an empty database; what asks for it runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/campaign.sqlite"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture(scope="session")
def _application(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": SECRET,
            "BASE_URL": "https://campaign.example",
            "NAME": "Pause Frontier AI",
            "INSTANCE": str(tmp_path_factory.mktemp("instance")),
            "DATABASE_URL": database_url,
            # Tests look at once at what they did; the cache has tests of its own.
            "PAGE_CACHE": 0,
        }
    )
    with app.app_context():
        db.create_all()
        jobs.prepare()
    yield app
    close(app)


@pytest.fixture
def app(_application: Flask) -> Iterator[Flask]:
    """Give the application with empty tables and an empty mailbox."""
    yield _application
    with _application.app_context():
        differing = _counts_that_differ_from_the_rows()
        _empty_the_tables()
        jobs.queue().flush()
    for mail in Path(_application.config["INSTANCE"]).glob("mailbox/*"):
        mail.unlink()
    assert differing == {}, "what is kept is not what there is"


def _counts_that_differ_from_the_rows() -> dict[tuple[str, str], int]:
    """Add up after a story all that is counted, whatever has changed it."""
    with reading():
        return differences(known(), now=clock.now())


def _empty_the_tables() -> None:
    """Delete every row, in one go: a statement at a time would cost more than most tests."""
    deletes = ";".join(f'DELETE FROM "{table.name}"' for table in _tables())
    raw = db.engine.raw_connection()
    try:
        if db.engine.dialect.name == "sqlite":
            # A request that only read left it so.
            raw.executescript(f"PRAGMA query_only=off; BEGIN IMMEDIATE; {deletes}; COMMIT")
        else:
            raw.cursor().execute(deletes)
            raw.commit()
    finally:
        raw.close()


@cache
def _tables() -> list[Table]:
    # Last those that change with the others.
    kept = [Count.__table__, CountChange.__table__]
    rows = [table for table in reversed(db.metadata.sorted_tables) if table not in kept]
    return [*rows, *kept]


@pytest.fixture
def sink(app: Flask) -> Iterator[Sink]:
    """Give a relay that keeps what it is given; the application sends to it."""
    with relay_for(app) as server:
        yield server


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Give a browser that knows nothing yet."""
    return Visitor(app)


@pytest.fixture
def organiser(app: Flask) -> Visitor:
    """Give a browser in which an editor is signed in to the office."""
    return signed_in(app, Role.EDITOR)


def signed_in(app: Flask, role: Role, email: str = "organiser@example.org") -> Visitor:
    """Give a browser in which an organiser of a role is signed in."""
    browser = Visitor(app)
    with app.app_context():
        account = add(email, role=role, now=clock.now())
        link = make_link(account, now=clock.now())
        db.session.commit()
    answer = browser.send(link)
    assert answer.status_code == 303, answer.text
    return browser


def forms_are_answered(app: Flask) -> None:
    """Let the duties come by that answer what forms have asked for."""
    with app.app_context():
        sign_ups_duties.answer()
        people_duties.answer()
        letters_duties.answer()


@pytest.fixture
def link_mailed(app: Flask) -> Callable[[], None]:
    """Give what a worker does about links that were asked for, to be called."""

    def mail() -> None:
        with app.app_context():
            jobs.run(SEND_LINKS)

    return mail


@pytest.fixture
def queued(app: Flask) -> Callable[..., list[Message]]:
    """Give a question to the outbox: the messages queued so far, oldest first.

    What forms asked for is answered before: a worker would have done so within a second.
    """

    def ask(kind: str | None = None, **where: Any) -> list[Message]:
        query = select(Message).order_by(Message.id).filter_by(**where)
        if kind is not None:
            query = query.filter_by(kind=kind)
        forms_are_answered(app)
        with app.app_context():
            return list(db.session.scalars(query))

    return ask
