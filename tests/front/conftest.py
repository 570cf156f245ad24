"""What the tests of the front desk may ask for besides the rest."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events.verbs import load_starter as load_events
from campaign.letters.verbs import load_starter as load_letters
from campaign.newsletter.verbs import load_starter as load_newsletter
from campaign.pages.verbs import load_starter as load_pages
from campaign.summits.verbs import load_starter as load_summits
from tests.closing import close
from tests.front.others import other_app


@pytest.fixture
def app(app: Flask) -> Iterator[Flask]:
    """Give the application without the menu that was gathered for another test."""
    app.extensions.pop("front.menu", None)
    yield app
    app.extensions.pop("front.menu", None)


@pytest.fixture
def starter(app: Flask) -> Flask:
    """Give the application with the starter campaign in it."""
    with app.app_context():
        for load in (load_pages, load_summits, load_events, load_letters, load_newsletter):
            load(files("campaign.starter"), now=clock.now())
        db.session.commit()
    return app


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Flask]:
    """Give an application whose database cannot be opened."""
    folder = tmp_path / "gone"
    app = other_app(folder)
    (folder / "campaign.sqlite").unlink(missing_ok=True)
    folder.rmdir()
    yield app
    close(app)
