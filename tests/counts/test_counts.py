"""Numbers that are kept are those of the rows, whoever changes these and however."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update

from campaign import clock
from campaign.counts import duties, triggers, verbs
from campaign.counts.models import Count, CountChange
from campaign.counts.queries import all_numbers, between, number, number_differing, numbers
from campaign.counts.registry import counted, quarter_of
from campaign.db import bulk_insert, db, upsert
from campaign.events.models import Event
from campaign.events.sign_ups.models import CONFIRMED_BY_TIME, SEATS, SIGN_UPS, SignUp
from campaign.people.models import TAGGED, Person, Tag
from campaign.people.verbs import remember
from campaign.sqlite_locks import only_reads
from tests.side_by_side import at_once
from tests.visitor import Visitor

NOW = clock.now()


def people(number: int) -> list[Person]:
    found = [remember(f"reader-{at}@example.org", now=NOW) for at in range(number)]
    db.session.flush()
    return found


def event(**more: Any) -> Event:
    new = Event(
        slug="london", uid="u", title="Event", city="London", country="GB", zone="Europe/London",
        starts_on=NOW.date() + timedelta(days=9), languages=[], revised_at=NOW, created_at=NOW,
        **more,
    )  # fmt: skip
    db.session.add(new)
    db.session.flush()
    return new


def coming(person: Person, event: Event, **more: Any) -> dict[str, Any]:
    return {
        "person_id": person.id, "event_id": event.id, "token": f"t{person.id}",
        "signed_up_at": NOW, "confirmed_at": NOW, "stamped_at": NOW, **more,
    }  # fmt: skip


def test_each_way_to_change_rows_changes_their_count(app: Flask) -> None:
    with app.app_context():
        there = event(erased_seats=3)
        first, second, third = people(3)
        db.session.execute(
            insert(SignUp),
            [coming(first, there, guests=2), coming(second, there, confirmed_at=None)],
        )
        assert numbers(SEATS, [there.id, 0]) == {there.id: 6, 0: 0}

        db.session.add(SignUp(**coming(third, there)))
        db.session.flush()
        assert number(SEATS, there.id) == 7

        db.session.execute(update(SignUp).values(guests=SignUp.guests + 1))
        assert number(SEATS, there.id) == 9
        assert all_numbers(SIGN_UPS) == {f"{there.id}:coming": 2, f"{there.id}:asked": 1}

        # What hangs on a row goes with it.
        db.session.execute(delete(Person).where(Person.id == first.id))
        assert number(SEATS, there.id) == 5
        db.session.execute(delete(Event))
        assert all_numbers(SEATS) == {}
        db.session.commit()


def test_what_is_written_in_bulk_is_counted(app: Flask) -> None:
    with app.app_context():
        readers = people(30)
        bulk_insert(Tag.__table__, [("berlin", person.id) for person in readers])
        db.session.execute(delete(Tag).where(Tag.person_id < readers[10].id))
        db.session.commit()

        assert all_numbers(TAGGED) == {"berlin": 20}


def test_what_stands_already_or_is_undone_counts_once_or_not_at_all(app: Flask) -> None:
    with app.app_context():
        (person,) = people(1)
        db.session.commit()
        for _ in range(2):
            row = upsert(Tag).values(person_id=person.id, tag="x").on_conflict_do_nothing()
            db.session.execute(row)
            db.session.commit()
        db.session.add(Tag(person_id=person.id, tag="undone"))
        db.session.flush()
        db.session.rollback()

        assert all_numbers(TAGGED) == {"x": 1}


def test_folding_changes_no_number_and_leaves_no_change(app: Flask) -> None:
    with app.app_context():
        readers = people(3)
        for person in readers:
            db.session.add(Tag(person_id=person.id, tag="berlin"))
            db.session.commit()
        before = all_numbers(TAGGED)

        duties.fold()

        assert all_numbers(TAGGED) == before == {"berlin": 3}
        assert db.session.scalars(select(CountChange)).all() == []
        kept = select(Count.number).where(Count.name == TAGGED.name)
        assert db.session.scalars(kept).all() == [3]


def test_a_count_that_somebody_has_locked_stops_no_deed(app: Flask) -> None:
    with app.app_context():
        first, second = people(2)
        db.session.add(Tag(person_id=first.id, tag="berlin"))
        db.session.commit()
        duties.fold()
        with db.engine.connect() as other:
            before = only_reads.set(db.engine.dialect.name == "sqlite")
            other.execute(select(Count).with_for_update())
            only_reads.reset(before)

            if db.engine.dialect.name == "postgresql":
                db.session.execute(text("SET LOCAL lock_timeout = '1s'"))
            db.session.add(Tag(person_id=second.id, tag="berlin"))
            db.session.commit()

        assert number(TAGGED, "berlin") == 2


def test_two_that_fold_at_once_fold_each_change_once(app: Flask) -> None:
    with app.app_context():
        for person in people(40):
            db.session.add(Tag(person_id=person.id, tag="berlin"))
            db.session.commit()

    def fold() -> None:
        with app.app_context():
            for _ in range(40):
                verbs.fold(most=1)
                db.session.commit()

    folding = [threading.Thread(target=fold) for _ in range(2)]
    for thread in folding:
        thread.start()
    for thread in folding:
        thread.join()

    with app.app_context():
        assert number(TAGGED, "berlin") == 40


def test_what_is_counted_by_time_is_known_between_any_two_quarters_of_an_hour(app: Flask) -> None:
    begin = NOW.replace(minute=0, second=0, microsecond=0)
    moments = [begin, begin + timedelta(minutes=15), begin + timedelta(hours=1)]
    with app.app_context():
        there = event()
        for person, minutes in zip(people(4), (0, 14, 15, 60), strict=True):
            confirmed_at = begin + timedelta(minutes=minutes)
            db.session.add(SignUp(**coming(person, there, confirmed_at=confirmed_at)))
        db.session.commit()

        assert between([CONFIRMED_BY_TIME], moments) == {CONFIRMED_BY_TIME.name: [2, 1]}


def test_a_count_that_is_wrong_is_told_and_can_be_mended(
    app: Flask, organiser: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    command = app.test_cli_runner().invoke
    with app.app_context():
        for person in people(3):
            db.session.add(Tag(person_id=person.id, tag="berlin"))
        db.session.commit()
        duties.check()
        assert number_differing() == 0
        db.session.add(Count(name=TAGGED.name, key="nowhere", number=7))
        db.session.commit()

        duties.check()

        assert number_differing() == 1
    assert "counts.differ" in capsys.readouterr().err
    assert "campaign counts mend" in organiser.open("/office/").text
    told = command(args=["counts", "check"])
    assert told.exit_code == 1
    assert f"{TAGGED.name} nowhere: -7" in told.output

    assert command(args=["counts", "mend"]).output == "1 mended\n"

    assert command(args=["counts", "check"]).exit_code == 0
    assert "campaign counts mend" not in organiser.open("/office/").text
    with app.app_context():
        assert all_numbers(TAGGED) == {"berlin": 3}


def test_two_that_mend_at_once_mend_once(app: Flask) -> None:
    with app.app_context():
        db.session.add(Count(name=TAGGED.name, key="nowhere", number=7))
        db.session.commit()
        mine = db.session.connection()
        verbs.count_anew(mine, [TAGGED], now=NOW)
        others = threading.Thread(
            target=at_once,
            args=(app, lambda: verbs.count_anew(db.session.connection(), [TAGGED], now=NOW)),
        )
        others.start()
        others.join(0.5)
        db.session.commit()
        others.join()

        assert all_numbers(TAGGED) == {}


def test_what_keeps_the_counts_is_missed_and_can_be_put_back(app: Flask) -> None:
    with app.app_context():
        triggers.remove(db.session.connection())
        (person,) = people(1)
        db.session.add(Tag(person_id=person.id, tag="berlin"))
        db.session.commit()

        duties.check()
        assert number_differing() > 1

    app.test_cli_runner().invoke(args=["counts", "mend"])

    with app.app_context():
        assert triggers.are_in_place(db.session.connection())
        assert (number(TAGGED, "berlin"), number_differing()) == (1, 0)


def test_what_nobody_looks_back_at_is_let_go(app: Flask) -> None:
    with app.app_context():
        old, lately = (quarter_of(NOW - timedelta(days=days)) for days in (40, 20))
        for key in (old, lately):
            db.session.add(Count(name=CONFIRMED_BY_TIME.name, key=key, number=1))
        db.session.add(Count(name=TAGGED.name, key="berlin", number=0))
        db.session.commit()

        verbs.let_go(now=NOW)

        kept = select(Count.key).where(Count.name.in_([CONFIRMED_BY_TIME.name, TAGGED.name]))
        assert db.session.scalars(kept).all() == [lately]
        db.session.rollback()
        db.session.execute(delete(Count))
        db.session.commit()


def test_two_counts_have_two_names() -> None:
    with pytest.raises(ValueError, match="two counts"):
        counted(TAGGED.name)
