"""The desk: the week beside the one before, what comes next, and what needs a look."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from campaign import clock
from campaign.db import db
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp
from campaign.newsletter.models import Issue, IssueText
from campaign.office import queries
from campaign.outbox.models import State
from campaign.outbox.verbs import queue
from campaign.people.models import Purpose, Subscription
from campaign.people.verbs import remember
from campaign.summits.models import Post
from tests.mails import a_mail
from tests.visitor import Visitor

# A Wednesday, late enough that the day is another one in Tokyo.
NOW = datetime(2027, 4, 14, 18, 0, tzinfo=UTC)


def event(**values: Any) -> Event:
    known = {
        "slug": "pause-geneva",
        "uid": "pause-geneva@campaign.example",
        "title": "Pause! Geneva",
        "city": "Geneva",
        "country": "CH",
        "zone": "Europe/Zurich",
        "starts_on": date(2027, 5, 13),
        "starts": time(17, 30),
        "ends": time(19, 0),
        "languages": [],
        "revised_at": NOW,
        "created_at": NOW,
    }
    row = Event(**{**known, **values})
    db.session.add(row)
    db.session.flush()
    return row


def sign_up(where: Event, name: str, moment: datetime, **values: Any) -> None:
    person = remember(f"{name}@example.org", now=moment)
    db.session.add(
        SignUp(
            event_id=where.id,
            person_id=person.id,
            token=f"token-{name}",
            signed_up_at=moment,
            confirmed_at=moment,
            stamped_at=moment,
            **values,
        )
    )


def test_a_week_stands_beside_the_week_before(app: Flask) -> None:
    with app.app_context():
        place = event()
        midnight = NOW.replace(hour=0)
        sign_up(place, "now", NOW)
        sign_up(place, "six-days-ago", midnight - timedelta(days=6))
        sign_up(place, "just-before", midnight - timedelta(days=6, seconds=1))
        sign_up(place, "thirteen-days-ago", midnight - timedelta(days=13))
        sign_up(place, "long-ago", midnight - timedelta(days=13, seconds=1))
        db.session.flush()

        figure = queries.figures(now=NOW)[0]

        assert (figure.this_week, figure.last_week) == (2, 2)
        assert figure.days[-1] == (date(2027, 4, 14), 1)
        assert figure.days[0] == (date(2027, 4, 1), 1)
        assert len(figure.days) == 14


def test_a_day_begins_at_midnight_of_the_campaigns_own_zone(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TIMEZONE", "Asia/Tokyo")
    with app.app_context():
        sign_up(event(), "now", NOW)
        db.session.flush()

        assert queries.figures(now=NOW)[0].days[-1] == (date(2027, 4, 15), 1)


def test_who_came_and_who_left_are_told_apart(app: Flask) -> None:
    with app.app_context():
        for name, left in (("ada", None), ("bo", NOW)):
            db.session.add(
                Subscription(
                    person_id=remember(f"{name}@example.org", now=NOW).id,
                    purpose=Purpose.NEWSLETTER,
                    asked_at=NOW,
                    confirmed_at=NOW - timedelta(days=1),
                    left_at=left,
                )
            )
        db.session.flush()

        numbers = {str(figure.label): figure.this_week for figure in queries.figures(now=NOW)}

        assert (numbers["New subscribers"], numbers["Subscribers who left"]) == (2, 1)


def test_the_desk_shows_numbers_events_and_issues(app: Flask, organiser: Visitor) -> None:
    now = clock.now()
    with app.app_context():
        day = (now + timedelta(days=30)).date()
        ahead = event(starts_on=day, capacity=50)
        event(slug="off", uid="off", title="Called off", starts_on=day, cancelled_at=now)
        event(slug="past", uid="past", title="Long past", starts_on=date(2024, 5, 13))
        sign_up(ahead, "ada", now, guests=3)
        sign_up(ahead, "bo", now, withdrawn_at=now)
        db.session.add(
            Issue(
                uid="1",
                slug="first",
                language="en",
                texts=[
                    IssueText(
                        language="en", title="The first issue", subject="s", source="x", html="x"
                    )
                ],
                created_at=now,
                changed_at=now,
            )
        )
        db.session.commit()

    page = organiser.open("/office/")

    assert page.status_code == 200
    [row] = [row for row in page.text.split("<tr>") if "Pause! Geneva" in row]
    assert re.findall(r'class="number">(\d+)<', row) == ["4", "50"]
    assert "The first issue" in page.text
    for absent in ("Called off", "Long past", "Needs a look"):
        assert absent not in page.text


def test_an_empty_campaign_has_a_desk(organiser: Visitor) -> None:
    page = organiser.open("/office/")

    assert page.status_code == 200
    assert "No event is planned." in page.text


def test_what_is_amiss_stands_first(app: Flask, organiser: Visitor) -> None:
    now = clock.now()
    with app.app_context():
        for state, address in ((State.FAILED, "ada"), (State.WAITING, "bo")):
            message = queue(
                a_mail(kind="x", to=f"{address}@example.org", subject="s", text="t"),
                now=now - timedelta(hours=2),
            )
            message.state = state
        posts: dict[str, dict[str, Any]] = {
            "Minister of the stale": {"seen_on": (now - timedelta(days=200)).date()},
            "Minister of the bounced": {"seen_on": now.date(), "bounced_at": now},
            "Minister of the fresh": {"seen_on": now.date()},
            "Minister of old": {
                "seen_on": (now - timedelta(days=200)).date(),
                "valid_until": date(2025, 1, 1),
            },
        }
        for title, values in posts.items():
            db.session.add(Post(country="CH", title=title, email="post@gov.example", **values))
        db.session.commit()

    page = organiser.open("/office/")

    for part in (
        "Needs a look",
        "One mail failed",
        "was due 2 hours ago",
        "The address of one post bounced",
        "The address of one post was last looked at half a year ago",
    ):
        assert part in page.text


def test_looking_changes_nothing(app: Flask, organiser: Visitor) -> None:
    before = rows(app)

    with time_machine.travel(clock.now() + timedelta(hours=5)):
        for address in ("/office/", "/office/outbox", "/office/outbox/suppressions"):
            organiser.open(address)

    assert rows(app) == before


def rows(app: Flask) -> list[Any]:
    with app.app_context():
        return [
            tuple(row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(table.select())
        ]
