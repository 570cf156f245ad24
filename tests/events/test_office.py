"""The office's side of events: who is coming, planning, changing, calling off."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from campaign.db import db
from campaign.events import queries
from campaign.events.models import Action, Event
from campaign.organisers.models import Role
from campaign.outbox.models import Message
from tests.conftest import signed_in
from tests.events.deeds import changes_are_notified, reread, with_people, withdraws, written
from tests.visitor import Visitor

MakeEvent = Callable[..., Event]
Queued = Callable[..., list[Message]]


def test_events_are_listed_with_the_places_taken(
    app: Flask, organiser: Visitor, make_event: MakeEvent
) -> None:
    event = make_event(capacity=20)
    with_people(app, event, "ada", "grace", guests=2)

    page = organiser.open("/office/events").text

    assert f'href="/office/events/{event.slug}"' in page
    assert 'class="number" data-label="Places taken">6</td>' in page
    assert 'class="number" data-label="Places">20</td>' in page


def test_events_can_be_searched_and_downloaded(organiser: Visitor, make_event: MakeEvent) -> None:
    make_event(city="York", title="=1+1")
    make_event(city="Bath", title="Bath's own")

    page = organiser.open("/office/events?q=york").text
    table = organiser.open("/office/events?q=york&format=csv").text

    assert "York" in page
    assert "Bath" not in page
    assert table.splitlines()[0] == "title,city,country,day,starts,zone,taken,capacity,state"
    assert table.splitlines()[1] == "'=1+1,York,GB,2099-05-13,17:30,Europe/London,0,,"


def test_events_are_found_by_the_name_of_their_country(
    organiser: Visitor, make_event: MakeEvent
) -> None:
    make_event(city="York", country="GB")
    make_event(city="Lyon", country="FR")

    by_name = organiser.open("/office/events?q=france").text
    by_code = organiser.open("/office/events?q=fr").text

    assert "Lyon" in by_name
    assert "Lyon" in by_code
    assert "York" not in by_name + by_code
    assert ">France</td>" in by_name


def test_days_of_action_are_listed_with_their_events_and_places(
    app: Flask, organiser: Visitor, make_event: MakeEvent, action: Action
) -> None:
    one, _ = (make_event(city=city, action_id=action.id) for city in ("York", "Bath"))
    with_people(app, one, "ada", guests=3)

    table = organiser.open("/office/events/actions?format=csv").text
    page = organiser.open("/office/events/actions?q=worldwide")

    assert table.splitlines()[1] == "Worldwide protest,2099-05-13,2,4,/actions/may-2099"
    assert page.status_code == 200
    assert "York" in organiser.open("/office/events?action=may-2099").text


def test_an_event_shows_who_is_coming_and_gives_it_as_a_table(
    app: Flask, organiser: Visitor, make_event: MakeEvent
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace", guests=2)
    withdraws(app, event, "grace")

    page = organiser.open(f"/office/events/{event.slug}?q=ada").text
    table = organiser.open(f"/office/events/{event.slug}?format=csv").text.splitlines()

    assert "ada@example.org" in page
    assert "grace@example.org" not in page
    assert table[0] == "name,email,guests,state,signed_up_at,confirmed_at,withdrawn_at"
    assert table[1].startswith("Grace,grace@example.org,2,withdrawn,")
    assert table[2].startswith("Ada,ada@example.org,2,coming,")


FORM = {
    "title": "Protest in Oslo",
    "city": "Oslo",
    "country": "NO",
    "zone": "Europe/Oslo",
    "starts_on": "2099-05-13",
    "starts": "17:30",
    "ends": "19:00",
    "venue": "Eidsvolls plass",
    "latitude": "59.9139",
    "longitude": "10.7522",
    "languages": "no, en",
    "capacity": "50",
}


def test_an_organiser_plans_an_event_and_its_page_is_there(
    app: Flask, organiser: Visitor, action: Action
) -> None:
    answer = organiser.send("/office/events/new", action="/new", action_id=str(action.id), **FORM)

    assert answer.status_code == 303
    assert answer.location == "/office/events/may-2099-oslo"
    page = organiser.open("/events/may-2099-oslo").text
    assert "Eidsvolls plass, Oslo, Norway" in page
    assert "Norwegian, English" in page
    assert 'datetime="2099-05-13T17:30:00+02:00"' in page


def test_two_events_of_a_city_have_two_addresses_and_two_uids(
    app: Flask, make_event: MakeEvent, action: Action
) -> None:
    events = [make_event(action_id=action.id, city="São Paulo") for _ in range(3)]

    assert [event.slug for event in events] == [
        "may-2099-sao-paulo", "may-2099-sao-paulo-2", "may-2099-sao-paulo-3",
    ]  # fmt: skip
    assert len({event.uid for event in events}) == 3
    assert all(event.uid.endswith("@campaign.example") for event in events)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "Enter a title."),
        ({"city": "Os\x07lo"}, "Use letters, digits and punctuation"),
        ({"starts_on": ""}, "Enter"),
        ({"starts_on": "13 May"}, "Enter"),
        ({"starts": "half past"}, "Enter a time, like 17:30."),
        ({"ends": "16:00"}, "The end must be later than the beginning."),
        ({"ends": ""}, "Enter both times, or none."),
        ({"latitude": "91"}, "Enter decimal degrees between -90 and 90."),
        ({"longitude": "nan"}, "Enter decimal degrees between -180 and 180."),
        ({"latitude": ""}, "Enter both latitude and longitude, or none."),
        ({"capacity": "0"}, "Enter a whole number, 1 or more"),
        ({"capacity": "many"}, "Enter a whole number, 1 or more"),
        ({"languages": "Norwegian!"}, "Enter codes such as en, fr."),
        ({"zone": "Mars/Olympus"}, "Not a valid choice"),
        ({"country": "XX"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_is_named_beside_its_field(
    app: Flask, organiser: Visitor, wrong: dict[str, str], sentence: str
) -> None:
    answer = organiser.send("/office/events/new", action="/new", **{**FORM, **wrong})

    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2
    assert 'value="Eidsvolls plass"' in answer.text
    with app.app_context():
        assert queries.countries() == []


def test_the_form_shows_what_is_known_and_saving_it_changes_nothing(
    app: Flask, organiser: Visitor, make_event: MakeEvent, action: Action, queued: Queued
) -> None:
    event = make_event(action_id=action.id)
    with_people(app, event, "ada")
    before = reread(app, event)

    answer = organiser.send(f"/office/events/{event.slug}/edit", action="/edit")
    changes_are_notified(app)

    assert answer.status_code == 303
    after = reread(app, event)
    assert (after.sequence, after.revised_at) == (before.sequence, before.revised_at)
    assert after.action_id == action.id
    assert queued("event-changed") == []


@pytest.mark.parametrize(
    "change",
    [
        {"starts": "18:00"},
        {"ends": "20:00"},
        {"starts_on": "2099-05-14"},
        {"zone": "Europe/Paris"},
        {"venue": "Trafalgar Square"},
        {"latitude": "51.6"},
    ],
)
def test_another_time_or_place_raises_the_sequence_and_is_mailed_to_all(
    app: Flask,
    organiser: Visitor,
    make_event: MakeEvent,
    queued: Queued,
    change: dict[str, str],
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace")

    organiser.send(f"/office/events/{event.slug}/edit", action="/edit", **change)
    changes_are_notified(app)

    assert reread(app, event).sequence == 1
    mails = queued("event-changed")
    assert [mail.to_address for mail in mails] == ["ada@example.org", "grace@example.org"]
    for first, mail in zip(queued("invitation"), mails, strict=True):
        before, after = written(first), written(mail)
        assert mail.calendar_method == "REQUEST"
        assert not mail.is_own_act
        assert (mail.thread, mail.to_address) == (first.thread, first.to_address)
        assert (after["uid"], after["attendee"]) == (before["uid"], before["attendee"])
        assert (before["sequence"], after["sequence"]) == (0, 1)
        assert after["dtstamp"].dt > before["dtstamp"].dt


def test_a_corrected_typo_raises_nothing_and_mails_nobody(
    app: Flask, organiser: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    before = reread(app, event)

    organiser.send(f"/office/events/{event.slug}/edit", action="/edit", title="Protest, in London")
    changes_are_notified(app)

    after = reread(app, event)
    assert after.title == "Protest, in London"
    assert after.sequence == 0
    assert after.revised_at > before.revised_at
    assert queued("event-changed") == []


def test_who_has_given_up_their_place_hears_of_no_change(
    app: Flask, organiser: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace")
    withdraws(app, event, "ada")

    organiser.send(f"/office/events/{event.slug}/edit", action="/edit", venue="Elsewhere")
    changes_are_notified(app)

    assert [mail.to_address for mail in queued("event-changed")] == ["grace@example.org"]


def test_who_signs_up_after_changes_and_a_withdrawal_is_believed_by_their_calendar(
    app: Flask, organiser: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    withdraws(app, event, "ada")
    organiser.send(f"/office/events/{event.slug}/edit", action="/edit", venue="Elsewhere")

    with_people(app, event, "ada")

    sequences = [written(mail)["sequence"] for mail in queued(to_address="ada@example.org")]
    assert sequences == sorted(set(sequences))
    assert len(sequences) == 3


def test_fewer_places_than_are_taken_are_refused_beside_the_field(
    app: Flask, organiser: Visitor, make_event: MakeEvent
) -> None:
    event = make_event(capacity=10)
    with_people(app, event, "ada", guests=4)

    few = organiser.send(f"/office/events/{event.slug}/edit", action="/edit", capacity="4")
    enough = organiser.send(f"/office/events/{event.slug}/edit", action="/edit", capacity="5")

    assert few.status_code == 422
    assert few.text.count("More places than that are taken already.") == 2
    assert enough.status_code == 303
    assert reread(app, event).capacity == 5


def test_calling_off_says_first_how_many_will_be_mailed(
    app: Flask, organiser: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace", "joan")

    page = organiser.open(f"/office/events/{event.slug}/call-off")

    assert "3 people who signed up get a mail" in page.text
    assert not reread(app, event).is_called_off


def test_calling_off_cancels_the_entry_of_everyone_who_is_coming(
    app: Flask, organiser: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada", "grace")
    page = organiser.open(f"/office/events/{event.slug}/call-off")

    answers = [organiser.fill(page, "", action="/call-off").status_code for _ in range(2)]
    changes_are_notified(app)

    assert answers == [303, 303]
    assert reread(app, event).is_called_off
    mails = queued("event-called-off")
    assert [mail.to_address for mail in mails] == ["ada@example.org", "grace@example.org"]
    for first, mail in zip(queued("invitation"), mails, strict=True):
        before, after = written(first), written(mail)
        assert mail.calendar_method == "CANCEL"
        assert after["status"] == "CANCELLED"
        assert (after["uid"], after["attendee"]) == (before["uid"], before["attendee"])
        assert after["sequence"] > before["sequence"]
        assert mail.thread == first.thread


def test_an_event_that_is_over_mails_nobody_when_it_is_corrected_or_called_off(
    app: Flask, organiser: Visitor, make_event: MakeEvent, queued: Queued
) -> None:
    event = make_event()
    with_people(app, event, "ada")
    with app.app_context():
        db.session.get_one(Event, event.id).starts_on = date(2020, 1, 1)
        db.session.commit()

    organiser.send(f"/office/events/{event.slug}/edit", action="/edit", venue="Elsewhere")
    organiser.send(f"/office/events/{event.slug}/call-off", action="/call-off")
    changes_are_notified(app)

    assert [mail.kind for mail in queued()] == ["invitation"]


def test_readers_look_and_change_nothing(app: Flask, make_event: MakeEvent) -> None:
    event = make_event()
    reader = signed_in(app, Role.READER, "reader@example.org")

    answer = reader.send(f"/office/events/{event.slug}/call-off", action="/call-off")

    assert answer.status_code == 403
    assert not reread(app, event).is_called_off


def test_strangers_see_no_names(visitor: Visitor, make_event: MakeEvent) -> None:
    event = make_event()

    for path in ("", f"/{event.slug}", f"/{event.slug}?format=csv", "/actions"):
        assert visitor.open(f"/office/events{path}").status_code == 303


def test_what_is_not_there_is_not_found(organiser: Visitor) -> None:
    missing = ("none", "none/edit", "none/call-off")

    assert [organiser.open(f"/office/events/{path}").status_code for path in missing] == [404] * 3
