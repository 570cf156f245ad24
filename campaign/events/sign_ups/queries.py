"""Questions about sign-ups: whose they are, how many seats they take, which are to be erased."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from campaign.counts.queries import all_numbers, number, number_of, numbers
from campaign.db import db, lock
from campaign.events.models import Action, Event
from campaign.events.policy import RESERVATION, SIGN_UP_RETENTION
from campaign.events.queries import WIDEST_ZONE_GAP
from campaign.events.sign_ups.models import SEATS, SIGN_UPS, SignUp, SignUpAsk, Status
from campaign.people.models import Person
from campaign.people.queries import ids_beginning_with
from campaign.tables import contains_word, found, pointing_to


def sign_up_of(person: Person, event: Event) -> SignUp | None:
    """Find a person's sign-up for an event, withdrawn or not."""
    return db.session.scalar(
        select(SignUp).where(SignUp.person_id == person.id, SignUp.event_id == event.id)
    )


def sign_up_by_token(token: str) -> SignUp | None:
    """Find a sign-up, with its event and its person, by its token."""
    return db.session.scalar(
        select(SignUp)
        .where(SignUp.token == token)
        .options(joinedload(SignUp.event).joinedload(Event.action), joinedload(SignUp.person))
    )


def seats_taken(event_ids: Iterable[int]) -> dict[int, int]:
    """Count the seats taken at events, guests included; every event asked for is in the answer.

    They are of those who have said themselves that they come, so a stranger's form changes none.
    Of sign-ups that are erased their number is left, so an event long over counts as it did.
    """
    return numbers(SEATS, event_ids)


def all_seats_taken() -> Counter[int]:
    """Count the seats taken at every event; where it is none, it need not be in the answer."""
    return Counter({int(event_id): seats for event_id, seats in all_numbers(SEATS).items()})


def seats_taken_by_action() -> dict[int | None, int]:
    """Count the seats taken on each day of action that has events."""
    taken = all_seats_taken()
    found: Counter[int | None] = Counter()
    for event_id, action_id in db.session.execute(select(Event.id, Event.action_id)):
        found[action_id] += taken[event_id]
    return dict(found)


def seats_taken_on(action: Action) -> int:
    """Count the seats taken at the events of a day of action that are not called off."""
    seats = select(func.sum(number_of(SEATS, Event.id)))
    found = seats.where(Event.action_id == action.id, Event.cancelled_at.is_(None))
    return int(db.session.scalar(found) or 0)


def seats_reserved(event_ids: Iterable[int], *, now: datetime) -> dict[int, int]:
    """Count the seats reserved for what forms have just asked for; every event is in the answer.

    They are reserved alike for who is known and who is not, or the number would tell them apart.
    """
    ids = list(event_ids)
    rows = db.session.execute(
        select(SignUpAsk.event_id, func.sum(SignUpAsk.seats))
        .where(SignUpAsk.event_id.in_(ids), _is_reserved(now))
        .group_by(SignUpAsk.event_id)
    )
    return {**dict.fromkeys(ids, 0), **{event_id: int(seats) for event_id, seats in rows}}


def seats_reserved_for_others(event: Event, sign_up: SignUp, *, now: datetime) -> int:
    """Count the seats at an event that are reserved for others than one person."""
    theirs = or_(SignUpAsk.sign_up_id.is_(None), SignUpAsk.sign_up_id != sign_up.id)
    reserved = select(func.sum(SignUpAsk.seats)).where(
        SignUpAsk.event_id == event.id, _is_reserved(now), theirs
    )
    return int(db.session.scalar(reserved) or 0)


def seats_reserved_by_client(event: Event, client_hash: str, *, now: datetime) -> dict[str, int]:
    """Count the seats at an event that are reserved for one connection, by mailbox."""
    rows = db.session.execute(
        select(SignUpAsk.mailbox_hash, func.sum(SignUpAsk.seats))
        .where(
            SignUpAsk.event_id == event.id,
            SignUpAsk.client_hash == client_hash,
            _is_reserved(now),
        )
        .group_by(SignUpAsk.mailbox_hash)
    )
    return {mailbox: int(seats) for mailbox, seats in rows}


def _is_reserved(now: datetime) -> ColumnElement[bool]:
    # As the index has them: most reserve none.
    return and_(SignUpAsk.asked_at > now - RESERVATION, SignUpAsk.seats > literal_column("0"))


def free_seats(event: Event, *, now: datetime) -> int | None:
    """Count the seats neither taken nor reserved; None where there is no limit."""
    if event.capacity is None:
        return None
    taken, reserved = seats_taken([event.id]), seats_reserved([event.id], now=now)
    return event.free_seats(taken[event.id] + reserved[event.id])


def count_active(event: Event) -> int:
    """Count the people in whose calendar an event stands: each would get a mail."""
    keys = [f"{event.id}:{status}" for status in (Status.ASKED, Status.COMING)]
    return sum(numbers(SIGN_UPS, keys).values())


def count_unconfirmed(event: Event) -> int:
    """Count the people for whom a form asked and who have not confirmed it."""
    return number(SIGN_UPS, f"{event.id}:{Status.ASKED}")


def search_sign_ups(
    event: Event, words: str = "", *, status: str = "", everywhere: bool = False
) -> Select[SignUp]:
    """Find who signed up for an event, newest first, by name or address, and by `Status`.

    With what was asked for in their name: who has not confirmed it has told us nothing yet. Of
    many the newest are looked through, or all `everywhere`; by the beginning of an address all are
    found.
    """
    where: list[ColumnElement[bool]] = []
    match status:
        case Status.COMING:
            where = [SignUp.withdrawn_at.is_(None), SignUp.confirmed_at.is_not(None)]
        case Status.ASKED:
            where = [SignUp.withdrawn_at.is_(None), SignUp.confirmed_at.is_(None)]
        case Status.WITHDRAWN:
            where = [SignUp.withdrawn_at.is_not(None)]
    rows = (
        select(SignUp)
        .join(SignUp.person)
        .options(contains_eager(SignUp.person), selectinload(SignUp.asks))
        .order_by(SignUp.signed_up_at.desc(), SignUp.id.desc())
    )
    newest = rows.where(SignUp.event_id == event.id, *where)
    if not words:
        return newest
    asked_as = SignUp.asks.any(contains_word(words, SignUpAsk.name))
    said = or_(contains_word(words, Person.email, Person.name), asked_as)
    theirs = pointing_to(ids_beginning_with(words), SignUp.person_id)
    theirs = theirs.where(SignUp.event_id == event.id)
    return found(rows, said, where=where, by=[theirs], newest=newest, everywhere=everywhere)


def long_over(*, now: datetime) -> list[Event]:
    """List the events that are so long over that those who signed up are to be forgotten."""
    long_ago = now - SIGN_UP_RETENTION
    anybody = select(SignUp.id).where(SignUp.event_id == Event.id).exists()
    query = select(Event).where(
        or_(
            Event.starts_on <= (long_ago + WIDEST_ZONE_GAP).date(),
            Event.took_place_at <= long_ago,
            Event.cancelled_at <= long_ago,
        ),
        anybody,
    )
    return [event for event in db.session.scalars(query) if event.is_long_over(now)]


def some_of(event: Event, *, most: int) -> list[SignUp]:
    """Take some sign-ups of an event, each with their person; both are locked."""
    query = (
        select(SignUp)
        .join(SignUp.person)
        .options(contains_eager(SignUp.person))
        .where(SignUp.event_id == event.id)
        .order_by(SignUp.person_id)
        .limit(most)
    )
    return list(db.session.scalars(lock(query).execution_options(populate_existing=True)))
