"""Moving an event: a day typed by mistake asks first, and erases nobody."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import count_of, db
from campaign.events.changes import verbs
from campaign.events.models import Event
from campaign.events.sign_ups import duties, queries
from campaign.events.sign_ups.models import SignUp
from campaign.outbox.models import Message
from tests.events.conftest import PARTICULARS
from tests.events.deeds import changes_are_notified, reread, with_people
from tests.visitor import Visitor, forms_in

MakeEvent = Callable[..., Event]
Queued = Callable[..., list[Message]]
DAY = PARTICULARS["starts_on"]


def edit(organiser: Visitor, event: Event, **typed: str) -> Any:
    return organiser.send(f"/office/events/{event.slug}/edit", action="/edit", **typed)


def has_been(app: Flask, event: Event, **more: Any) -> date:
    """Let an event be of three days ago, announced long before. Gives today."""
    now = clock.now()
    with app.app_context():
        found = db.session.get_one(Event, event.id)
        found.starts_on = now.date() - timedelta(days=3)
        found.created_at = found.revised_at = now - timedelta(days=60)
        for name, value in more.items():
            setattr(found, name, value)
        db.session.commit()
    return now.date()


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2020-05-13", "13 May 2020 has passed already."),
        ("2026-05-13", "13 May 2026 has passed already."),
        ("2098-05-13", "13 May 2098 is far from the day people signed up for."),
        ("2099-08-13", "13 August 2099 is far from the day people signed up for."),
        ("2099-03-13", "13 March 2099 is far from the day people signed up for."),
        ("2029-05-13", "13 May 2029 is far from the day people signed up for."),
    ],
)
def test_a_day_that_is_hardly_meant_asks_first_and_names_how_many(
    app: Flask, organiser: Visitor, queued: Queued, make_event: MakeEvent, day: str, said: str
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace", guests=2)

    answer = edit(organiser, event, starts_on=day, title="Another title", host="Typed just now")
    changes_are_notified(app)

    assert answer.status_code == 409
    assert answer.text.count(f"{said} 2 people signed up.") == 2
    is_past = "has passed already" in said
    assert ("Nobody would get a mail about it." in answer.text) is is_past
    assert ("A mail would tell each of them the new time." in answer.text) is not is_past
    form = next(form for form in forms_in(answer.text) if form["action"].endswith("/edit"))
    assert form["fields"]["title"] == "Another title"
    assert form["fields"]["host"] == "Typed just now"
    assert form["fields"]["starts_on"] == day
    assert reread(app, event).starts_on == DAY
    assert reread(app, event).title == "Protest in London"
    assert queued("event-changed") == []


@pytest.mark.parametrize(("day", "mails"), [("2029-05-13", 1), ("2020-05-13", 0)])
def test_who_says_that_the_day_is_right_is_believed(
    app: Flask, organiser: Visitor, queued: Queued, make_event: MakeEvent, day: str, mails: int
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    asked = edit(organiser, event, starts_on=day)

    answer = organiser.fill(asked, "", action="/edit", sure_of=day)
    changes_are_notified(app)

    assert f'name="sure_of" value="{day}"' in " ".join(asked.text.split())
    assert answer.status_code == 303
    assert reread(app, event).starts_on == date.fromisoformat(day)
    assert len(queued("event-changed")) == mails


@pytest.mark.parametrize("sure_of", ["", "2028-05-13", "yes", "9999-99-99", "٢٠٢٠"])
def test_being_sure_of_one_day_is_not_being_sure_of_another(
    app: Flask, organiser: Visitor, make_event: MakeEvent, sure_of: str
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    asked = edit(organiser, event, starts_on="2028-05-13")

    answer = organiser.fill(asked, "", action="/edit", starts_on="2020-05-13", sure_of=sure_of)

    assert answer.status_code == 409
    assert reread(app, event).starts_on == DAY


@pytest.mark.parametrize(
    "day", ["2099-05-12", "2099-05-14", "2099-07-12", "2099-03-14", "2099-05-13"]
)
def test_a_few_weeks_ask_nothing(
    app: Flask, organiser: Visitor, make_event: MakeEvent, day: str
) -> None:
    event = make_event()
    with_people(app, event, "ada")

    assert edit(organiser, event, starts_on=day).status_code == 303


@pytest.mark.parametrize("days", [1, 50, 400])
def test_an_event_that_is_over_is_not_held_again_unasked(
    app: Flask, organiser: Visitor, queued: Queued, make_event: MakeEvent, days: int
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    today = has_been(app, event)
    day = (today + timedelta(days=days)).isoformat()

    asked = edit(organiser, event, starts_on=day)
    changes_are_notified(app)

    assert asked.status_code == 409
    assert "The event was over, and would be held again on" in asked.text
    assert "1 person signed up. A mail would tell them the new time." in asked.text
    assert queued("event-changed") == []
    assert organiser.fill(asked, "", action="/edit", sure_of=day).status_code == 303
    assert reread(app, event).starts_on == date.fromisoformat(day)


def test_how_many_came_is_not_forgotten_unasked(
    app: Flask, organiser: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()
    day = (has_been(app, event, erased_seats=40) + timedelta(days=300)).isoformat()

    asked = edit(organiser, event, starts_on=day)

    assert asked.status_code == 409
    assert "That 40 places were taken then would be forgotten." in asked.text
    assert "signed up." not in asked.text.partition("<main")[2].partition("<form")[0]
    assert reread(app, event).erased_seats == 40


def test_the_button_that_saves_asks_again_and_the_other_names_the_day(
    app: Flask, organiser: Visitor, make_event: MakeEvent
) -> None:
    """By keyboard, Enter presses the first button: that one is sure of nothing."""
    event = make_event()
    with_people(app, event, "ada")

    asked = edit(organiser, event, starts_on="2020-05-13").text
    shown = asked.partition("<main")[2]
    buttons = re.findall(r'<button type="submit" class="button[^>]*>[^<]*', shown)

    assert "sure_of" not in buttons[0]
    assert "name=" not in buttons[0]
    assert "13 May 2020 is right: save the event" in buttons[1]


def test_where_nobody_signed_up_nothing_is_asked(organiser: Visitor, make_event: MakeEvent) -> None:
    assert edit(organiser, make_event(), starts_on="2020-05-13").status_code == 303


def test_a_mistyped_year_erases_nobody_however_long_it_stands(
    app: Flask, organiser: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    asked = edit(organiser, event, starts_on="2020-05-13")
    organiser.fill(asked, "", action="/edit", sure_of="2020-05-13")

    with app.app_context():
        duties.erase()
        later = queries.long_over(now=clock.now() + timedelta(days=4000))
        kept = count_of(select(SignUp))

    assert later == []
    assert kept == 1
    page = organiser.open(f"/office/events/{event.slug}").text
    assert "This day had passed when it was entered" in page
    assert "Call it off" in page


# What is done to an event on a day, in days from the one it was announced for at first; and then
# the first day on which its sign-ups are erased, or None.
LIVES: dict[str, tuple[list[tuple[int, int | str]], int | None]] = {
    "it took place": ([], 30),
    "put off": ([(-5, 20)], 50),
    "brought forward": ([(-20, -10)], 20),
    "put off twice": ([(-5, 20), (10, 40)], 70),
    "set right afterwards": ([(3, -1)], 30),
    "set right twice": ([(3, -1), (5, -2)], 30),
    "its hours set right": ([(3, "hours")], 30),
    "a typing error corrected afterwards": ([(3, "title")], 30),
    "moved into the past": ([(-5, -400)], None),
    "moved into the past and back": ([(-5, -400), (-4, 0)], 30),
    "moved into the past and back too late": ([(-5, -400), (5, 0)], None),
    "held again": ([(3, 40)], 70),
    "held again, by mistake": ([(3, 400), (4, 0)], None),
    "moved into the past, then called off": ([(-5, -400), (-4, "off")], 26),
    "called off": ([(-10, "off")], 20),
    "called off and moved into the past": ([(-10, "off"), (-5, -400)], 20),
}


@pytest.mark.parametrize("life", LIVES)
def test_sign_ups_go_thirty_days_after_what_has_truly_been(
    app: Flask, make_event: MakeEvent, life: str
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    deeds, erased_on = LIVES[life]

    with app.app_context():
        found = db.session.get_one(Event, event.id)
        for at, deed in deeds:
            now = event.ends_at + timedelta(days=at, hours=1)
            if deed == "off":
                verbs.call_off(found, now=now)
                continue
            said = {**PARTICULARS, "starts_on": found.starts_on}
            if isinstance(deed, int):
                said["starts_on"] = DAY + timedelta(days=deed)
            said |= {"hours": {"ends": time(19, 30)}, "title": {"title": "x"}}.get(str(deed), {})
            verbs.revise(found, sure_of=said["starts_on"], now=now, **said)
            db.session.commit()
        first = erased_on if erased_on is not None else 4000
        before, then = (event.ends_at + timedelta(days=first + at, hours=2) for at in (-1, 0))
        found_before, found_then = queries.long_over(now=before), queries.long_over(now=then)

    assert found_before == []
    assert len(found_then) == (erased_on is not None)
