"""A multitude: rows that the program itself wrote, a million times over, in a minute or two.

One person signs up, subscribes and is written to as in life, and a worker sends it; every column of
what that left in the tables is then copied, but for those in which people differ. So a new column
comes along by itself, and one in which people must differ stops the making.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import func, select

from campaign import clock, tokens
from campaign.counts import duties as counts_duties
from campaign.counts.queries import differences
from campaign.counts.registry import known
from campaign.db import bulk_insert, db
from campaign.events.models import Action, Event
from campaign.events.sign_ups import duties as sign_ups_duties
from campaign.events.sign_ups.asks.queries import ask_by_id
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.events.sign_ups.verbs import confirm, sign_up
from campaign.outbox.models import Message, State
from campaign.people.models import Consent, Person, Subscription
from campaign.places import cities
from campaign.search import duties as search_duties
from tests.drills.private import Private
from tests.relaying import relay_for, send

ACTION = "may-13"
WORDING = "Send me the newsletter."
# So many rows are saved at a time; they came in over so many days.
PIECE, DAYS = 20_000, 60
_FIRST = ("Ada", "Zoë", "Łukasz", "Grace", "Alan", "Katherine", "Barbara", "José", "Björn")
_LAST = ("Love", "Turing", "Hopper", "Nyström", "Koch", "Okafor", "Silva", "Marchetti", "Nowak")
_HOSTS = ("mail.example", "example.org", "post.test", "uni.example")


@dataclass(frozen=True)
class Size:
    """How large a multitude is: people, cities of the day of action, and events beside it."""

    people: int
    cities: int
    events: int


def address_of(number: int) -> str:
    """Give the address of one of the multitude: in the order of numbers it is no order at all."""
    return f"{number * 2_654_435_761 % 2**32:08x}.reader{number}@{_HOSTS[number % len(_HOSTS)]}"


def name_of(number: int) -> str:
    """Give the name of one of the multitude."""
    return f"{_FIRST[number % len(_FIRST)]} {_LAST[number // 9 % len(_LAST)]} {number % 4999}"


def fill(campaign: Private, size: Size, *, one_in: int = 50) -> str:
    """Fill a campaign that has nothing yet, say how long it took, and name the fullest event.

    Everybody subscribes and signed up for one event, one in so many for the action's first.
    """
    began = time.monotonic()
    campaign.load_starter()
    with campaign.app.app_context():
        now = clock.now()
        crowded, others = plan_events(size, now=now)
        first = first_of_all(campaign, crowded, now=now)
        multiply_people(
            first,
            size.people - 1,
            event_of=lambda n: others[n % len(others)] if n % one_in else crowded,
            now=now,
        )
        keep_up()
        slug = db.session.get_one(Event, crowded).slug
    print(
        f"  {size.people} people, sign-ups and invitations, {size.cities} cities of the action and "
        f"{size.events} events more: made in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return slug


def plan_events(size: Size, *, now: datetime) -> tuple[int, list[int]]:
    """Plan events in the largest cities, as the action's first; give its id, and the others'."""
    action = db.session.scalars(select(Action).where(Action.slug == ACTION)).one()
    of_action = select(Event).where(Event.action_id == action.id).order_by(Event.id)
    like, *more = db.session.scalars(of_action)
    like.capacity = None
    db.session.commit()
    missing = size.cities - 1 - len(more)
    found = _largest_cities()

    def city(number: int) -> _City:
        return found[number % len(found)]

    multiply(
        Event,
        like.id,
        missing + size.events,
        slug=lambda n: f"{ACTION if n <= missing else 'meeting'}-city-{n}",
        uid=lambda n: f"{n:032x}@campaign.example",
        action_id=lambda n: action.id if n <= missing else None,
        title=lambda n: f"Pause! {city(n).name}",
        city=lambda n: city(n).name,
        country=lambda n: city(n).country,
        zone=lambda n: city(n).zone,
        latitude=lambda n: city(n).latitude,
        longitude=lambda n: city(n).longitude,
        starts_on=lambda n: (
            action.day if n <= missing else (now + timedelta(days=2 + n % 300)).date()
        ),
        capacity=lambda n: None if n % 3 else 1_000_000,
    )
    planned = select(Event.id).where(Event.slug.contains("-city-"))
    return like.id, [one.id for one in more] + list(db.session.scalars(planned))


class _City(NamedTuple):
    name: str
    country: str
    latitude: float
    longitude: float
    zone: str


def _largest_cities() -> list[_City]:
    with closing(sqlite3.connect(f"{cities.FILE.as_uri()}?mode=ro", uri=True)) as gazetteer:
        rows = gazetteer.execute(
            "SELECT name, country, latitude, longitude, timezone FROM city "
            "ORDER BY population DESC LIMIT 1000"
        )
        return [_City(*row) for row in rows]


class First(NamedTuple):
    """What the first person left in the tables: the rows of which all others are copies."""

    person: int
    sign_up: int
    ask: int
    message: int
    subscription: int
    consent: int


def first_of_all(campaign: Private, event_id: int, *, now: datetime) -> First:
    """Let one person sign up by the form, get the invitation and press the button in it."""
    event = db.session.get_one(Event, event_id)
    asked = sign_up(
        event, name=name_of(0), email=address_of(0), guests=1, news=WORDING, language="en", now=now
    )
    db.session.commit()
    sign_ups_duties.answer()
    with relay_for(campaign.app) as relay:
        send(campaign.app)
        if len(relay.received) != 1:
            raise ValueError("the invitation to the first of all did not leave")
    ask = ask_by_id(asked)
    assert ask is not None
    assert ask.sign_up is not None
    confirm(ask.sign_up, ask, name=ask.name, guests=ask.guests, wants_news=True, now=now)
    db.session.commit()
    person_id = ask.sign_up.person_id

    def theirs(model: Any) -> int:
        # The first of them: a welcome to the newsletter is queued behind the invitation.
        first = select(func.min(model.id)).where(model.person_id == person_id)
        return int(db.session.execute(first).scalar_one())

    return First(
        person=person_id,
        sign_up=ask.sign_up.id,
        ask=ask.id,
        message=theirs(Message),
        subscription=theirs(Subscription),
        consent=theirs(Consent),
    )


def multiply_people(
    first: First, number: int, *, event_of: Callable[[int], int], now: datetime
) -> None:
    """Let so many more do as the first did, over the last weeks, each for an event.

    One in ten has not pressed the button yet, one in forty has not confirmed the newsletter, one
    in fifty has left it, and one invitation in a thousand failed.
    """
    apart = timedelta(days=DAYS) / (number + 1)
    hash_of = tokens.hasher("address")

    def came(n: int) -> datetime:
        return now - (number - n) * apart

    def pressed(n: int) -> datetime | None:
        return came(n) if n % 10 else None

    people = multiply(
        Person,
        first.person,
        number,
        email=address_of,
        name=name_of,
        address_hash=lambda n: hash_of(address_of(n)),
        confirmed_at=pressed,
        remembered_at=came,
    )
    sign_ups = multiply(
        SignUp,
        first.sign_up,
        number,
        event_id=event_of,
        person_id=lambda n: people + n,
        guests=lambda n: n % 2,
        token=lambda n: f"{n:032x}",
        signed_up_at=came,
        confirmed_at=pressed,
        stamped_at=came,
    )
    multiply(
        SignUpAsk,
        first.ask,
        number,
        event_id=event_of,
        sign_up_id=lambda n: sign_ups + n,
        asked_at=came,
        answered_at=came,
    )
    thread = db.session.get_one(Message, first.message).thread or ""
    multiply(
        Message,
        first.message,
        number,
        person_id=lambda n: people + n,
        thread=lambda n: thread.replace(str(first.sign_up), str(sign_ups + n)),
        to_address=address_of,
        address_hash=lambda n: hash_of(address_of(n)),
        mailbox_hash=lambda n: hash_of(address_of(n)),
        state=lambda n: State.SENT if n % 1000 else State.FAILED,
        queued_at=came,
        due_at=came,
        settled_at=came,
    )
    multiply(
        Subscription,
        first.subscription,
        number,
        person_id=lambda n: people + n,
        asked_at=came,
        confirmed_at=lambda n: came(n) if n % 40 else None,
        left_at=lambda n: None if n % 50 or n % 40 == 0 else came(n),
    )
    multiply(
        Consent,
        first.consent,
        number,
        person_id=lambda n: people + n,
        asked_at=came,
        given_at=lambda n: came(n) if n % 40 else None,
    )


def multiply(model: type[Any], like: int, number: int, **varied: Callable[[int], Any]) -> int:
    """Copy a row so many times with an id and some columns of its own; give what an id adds to n.

    `varied` makes the value of a column for each n from 1 on.
    """
    table = model.__table__
    before = db.session.scalar(select(func.max(table.c.id))) or 0
    row = db.session.execute(select(table).where(table.c.id == like)).one()
    places = {column.name: at for at, column in enumerate(table.columns)}
    made = [(places[name], make) for name, make in varied.items()]

    def copies() -> Iterator[tuple[Any, ...]]:
        cells = list(row)
        for n in range(1, number + 1):
            cells[places["id"]] = before + n
            for at, make in made:
                cells[at] = make(n)
            yield tuple(cells)

    rows = copies()
    for _ in range(0, number, PIECE):
        bulk_insert(table, islice(rows, PIECE))
        db.session.commit()
    if db.engine.dialect.name == "postgresql":
        # It has not seen these ids: who comes next would get one of them.
        db.session.connection().exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) "
            f"FROM {table.name}"
        )
        db.session.commit()
    return before


def keep_up() -> None:
    """Do at once what is done in time when a million come one by one."""
    if db.engine.dialect.name == "postgresql":
        # In life its own housekeeper does so within a minute.
        db.session.connection().exec_driver_sql("ANALYZE")
        db.session.commit()
    # What events copied in one statement have not told the index.
    search_duties.check()
    counts_duties.fold()
    if wrong := differences(known(), now=clock.now()):
        raise ValueError(f"{len(wrong)} counts differ from the rows")


def weight() -> int:
    """Give the bytes the database takes on the disk."""
    query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    if db.engine.dialect.name == "postgresql":
        query = "SELECT pg_database_size(current_database())"
    found = db.session.connection().exec_driver_sql(query).scalar_one()
    db.session.rollback()
    return int(found)


def weights() -> dict[str, int]:
    """Give the bytes each table takes, its indexes counted."""
    query = (
        "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) "
        "WHERE aggregate = 1 GROUP BY tbl_name"
    )
    if db.engine.dialect.name == "postgresql":
        query = "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"
    found = db.session.connection().exec_driver_sql(query).all()
    db.session.rollback()
    return {table: int(weighs) for table, weighs in found}
