"""One bad row: a day no calendar can count with takes no page down, however it got there."""

from datetime import UTC, date, datetime, time
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import insert

from campaign import clock
from campaign.db import db
from campaign.events.cards import events_this_month, next_event
from campaign.events.changes import duties as changes_duties
from campaign.events.models import Action, Event
from campaign.events.sign_ups import duties as sign_ups_duties
from campaign.organisers.models import Role
from campaign.outbox.fields import Recipient
from campaign.pages.models import Page
from campaign.people.models import Person
from campaign.summits.models import Holder, Post, Summit
from tests.conftest import signed_in
from tests.events.conftest import NOW, PARTICULARS
from tests.visitor import Visitor

DAYS = [date.min, date(27, 5, 13), date(1582, 10, 10), date(2207, 1, 1), date.max]
HOURS = [(None, None), (time(0, 0), time(23, 59)), (time(23, 59), time(0, 0)), (time(1, 30), None)]
ZONES = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Monrovia", "Mars/Olympus", "", "../x"]
# As a row may come back from a database: the moments of what was planned too.
MOMENTS = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)]


@pytest.fixture
def hostile(app: Flask) -> Flask:
    """Give a campaign in which every day that can be kept is one that cannot be."""
    with app.app_context():
        action_ids = [_an_action(at, day) for at, day in enumerate(DAYS)]
        kinds = product(zip(action_ids, DAYS, strict=True), HOURS)
        for at, ((action_id, day), (starts, ends)) in enumerate(kinds, 1):
            _an_event(at, action_id, day, starts, ends, ZONES[at % len(ZONES)])
        for at, day in enumerate(DAYS):
            _a_world(at, day)
        db.session.commit()
    return app


def _an_action(at: int, day: date) -> int:
    values = {"slug": f"day-{at}", "title": "Day", "summary": "x", "day": day, "is_archived": False}
    return int(db.session.scalars(insert(Action).values(values).returning(Action.id)).one())


def _an_event(
    at: int, action_id: int, day: date, starts: time | None, ends: time | None, zone: str
) -> None:
    # As by hand: nothing of ours has looked at it.
    own = {
        "slug": f"event-{at}", "uid": f"{at}@x", "action_id": action_id, "starts_on": day,
        "starts": starts, "ends": ends, "zone": zone, "created_at": NOW, "revised_at": NOW,
        "sequence": 1,
    }  # fmt: skip
    db.session.execute(insert(Event).values({**PARTICULARS, **own}))


def _a_world(at: int, day: date) -> None:
    db.session.execute(
        insert(Summit).values(
            slug=f"s{at}", names=[], first_day=day, last_day=day, year=day.year, tracks=[],
            notes=[], sources=[],
        )
    )  # fmt: skip
    db.session.execute(
        insert(Summit).values(
            slug=f"y{at}", names=[], year=(at - 1) * 10**5, tracks=[], notes=[], sources=[]
        )
    )
    number = db.session.scalars(
        insert(Post)
        .values(
            country="GB", title=f"Post {at}", email="m@gb.example", source="x", seen_on=day,
            valid_from=day, valid_until=day,
        )
        .returning(Post.id)
    ).one()  # fmt: skip
    db.session.execute(insert(Holder).values(post_id=number, valid_from=day, valid_until=day))
    db.session.execute(
        insert(Page).values(
            uid=f"n{at}", path=f"/news/n{at}", title="News", source="x", html="x", contents=[],
            extra={}, is_news=True, published_on=day, changed_at=NOW,
        )
    )  # fmt: skip
    moment = MOMENTS[at % 2]
    db.session.execute(
        insert(Person).values(email=f"p{at}@example.org", name="P", remembered_at=moment)
    )


ADDRESSES = [
    "/", "/events", "/events?q=london", "/events.ics", "/events.ics?country=GB", "/search?q=london",
    "/search?q=day", "/news", "/news/feed.xml", "/summits", "/summits/s0", "/summits/s4",
    "/summits/y0", "/summits/y4", "/write/gb", "/sitemap.xml", "/actions/day-0", "/actions/day-1",
    "/actions/day-4", "/actions/day-4.ics", "/actions/day-0.ics", "/news/n0", "/news/n4",
]  # fmt: skip
OFFICE = [
    "/office/", "/office/events", "/office/events?format=csv", "/office/events/actions",
    "/office/events/actions?format=csv", "/office/events/event-1", "/office/events/event-1/edit",
    "/office/events/event-20/edit", "/office/events/event-20/call-off", "/office/summits",
    "/office/summits?format=csv", "/office/summits/posts", "/office/summits/posts?format=csv",
    "/office/people", "/office/people?format=csv", "/office/letters",
    "/office/events/actions/day-4/edit", "/office/newsletter",
]  # fmt: skip


def test_every_page_answers(hostile: Flask, visitor: Visitor) -> None:
    events = [f"/events/event-{at}{end}" for at in (1, 6, 11, 16, 20) for end in ("", ".ics")]
    organiser = signed_in(hostile, Role.ADMINISTRATOR)
    answers = {path: visitor.open(path).status_code for path in [*ADDRESSES, *events]}
    answers |= {path: organiser.open(path).status_code for path in OFFICE}

    wrong = {path: status for path, status in answers.items() if status != 200}

    assert wrong == {}


def test_duties_and_mails_go_on(hostile: Flask) -> None:
    reader = Recipient(None, "Ada", "en", "GB", None)

    with hostile.test_request_context():
        changes_duties.notify()
        sign_ups_duties.erase()
        said = [write(reader, clock.now()).text for write in (next_event, events_this_month)]

    assert all(said)


def test_an_organiser_can_set_the_bad_row_right(hostile: Flask) -> None:
    organiser = signed_in(hostile, Role.EDITOR)

    answer = organiser.send(
        "/office/events/event-17/edit", action="/edit", starts_on="2099-05-13", starts="17:30",
        ends="19:00", zone="Europe/London", action_id="",
    )  # fmt: skip

    assert answer.status_code == 303
