"""A day of action of many cities, in a browser: nothing in anyone's way, and found by keyboard."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from campaign import create_app
from campaign.db import db
from campaign.events.models import Action, Event
from tests.closing import close
from tests.conftest import SECRET
from tests.events.many import plan_many
from tests.journeys.conftest import DESK, PHONE, Site, Windows
from tests.journeys.test_accessibility import found_on
from tests.journeys.test_keyboard import enter, tab_to
from tests.journeys.test_reflow import NARROW, lost_on

PAGES = [
    "/actions/many", "/actions/many?q=ville", "/actions/many?country=FR", "/actions/many?q=nowhere",
    "/events?page=2", "/events?from=2098-05-13", "/events?from=tomorrow", "/events?when=past",
]  # fmt: skip
DAY = date(2098, 5, 13)


@pytest.fixture
def many(site: Site, tmp_path: Path) -> Iterator[None]:
    """Let the running campaign have a day of action of ninety cities in six countries."""
    database = f"sqlite:///{site.campaign.instance}/campaign.sqlite"
    app = create_app({"SECRET_KEY": SECRET, "INSTANCE": str(tmp_path), "DATABASE_URL": database})
    with app.app_context():
        action = Action(slug="many", title="Everywhere at once", day=DAY)
        db.session.add(action)
        db.session.commit()
        id = action.id
    plan_many(app, 90, action_id=id, starts_on=DAY)
    yield
    with app.app_context():
        db.session.execute(delete(Event).where(Event.action_id == id))
        db.session.execute(delete(Action).where(Action.id == id))
        db.session.commit()
    close(app)


@pytest.mark.parametrize("size", [PHONE, DESK, NARROW], ids=["390px", "1280px", "320px"])
def test_lists_of_many_are_for_everybody(windows: Windows, many: None, size: Any) -> None:
    reader = windows(viewport=size, java_script_enabled=True)
    found = []

    for path in PAGES:
        reader.open(path)
        for summary in reader.page.locator(".countries summary").all():
            summary.click()
        found += found_on(reader)
        found += lost_on(reader) if size is NARROW else []

    assert found == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390px", "1280px"])
def test_ones_city_is_reached_by_keyboard_through_its_country(
    windows: Windows, many: None, size: Any
) -> None:
    reader = windows(viewport=size, java_script_enabled=False)
    reader.open("/actions/many")

    tab_to(reader, "France")
    reader.page.keyboard.press("Enter")
    tab_to(reader, "Ville 0013")
    enter(reader)

    assert reader.path == "/events/event-13"
