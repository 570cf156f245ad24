"""The craft of an audience: who gets a mail, in which text, and when, as one statement."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    literal,
    or_,
    select,
)

from campaign.db import Moment
from campaign.outbox.models import OPEN, Message, State
from campaign.people.models import Person
from campaign.people.queries import language_among


def not_yet_reached(people: Select[Person], batches: Sequence[int]) -> Select[Person]:
    """Leave out to whom earlier batches went or still may go.

    What was withheld or has failed for good reached nobody; what is uncertain may have.
    """
    if not batches:
        return people
    reached = or_(
        Message.state.in_([State.SENT, State.BOUNCED, *OPEN]), Message.is_uncertain.is_(True)
    )
    theirs = (Message.person_id == Person.id, Message.batch_id.in_(batches), reached)
    return people.where(~select(Message.id).where(*theirs).exists())


def text_for(languages: Sequence[str]) -> ColumnElement[str]:
    """Give the key of the text a reader gets: in their language, else in the first of them.

    Who reads Austrian German gets the German text where there is no Austrian one.
    """
    own, *others = languages
    return language_among(languages, otherwise=own) if others else literal(own)


def recipients(
    people: Select[Person],
    *,
    variant: ColumnElement[str],
    due_at: ColumnElement[datetime] | None = None,
) -> Select[Any]:
    """Say of each of the people what `outbox.verbs.queue_batch` asks of a recipient."""
    columns: list[Any] = [
        Person.id.label("person_id"),
        Person.email.label("to_address"),
        Person.name.label("to_name"),
        Person.address_hash.label("address_hash"),
        Person.country.label("country"),
        Person.city_id.label("city_id"),
        variant.label("variant"),
    ]
    if due_at is not None:
        columns.append(due_at.label("due_at"))
    return people.with_only_columns(*columns)


def local_moment(day: date, hour: int, zone: str, *, otherwise: str) -> datetime:
    """Give the moment at which clocks of a zone show an hour of a day; a zone may be unknown."""
    return datetime.combine(day, time(hour), _clocks(zone, otherwise)).astimezone(UTC)


def _clocks(zone: str, otherwise: str) -> ZoneInfo:
    # The one zone is looked up, which is remembered. To list all there are reads the whole folder
    # of them, some ten milliseconds a time.
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(otherwise)


def at_local_hour(
    day: date, hour: int, *, zones: Iterable[str], otherwise: str, now: datetime
) -> ColumnElement[datetime]:
    """Give the moment a reader's message is due: an hour of a day where they are.

    `zones` are those of the readers, `otherwise` the one of readers without. Where the hour is
    past, it is now.
    """
    by_moment: dict[datetime, list[str]] = {}
    for zone in zones:
        moment = max(local_moment(day, hour, zone, otherwise=otherwise), now)
        by_moment.setdefault(moment, []).append(zone)
    usual = max(local_moment(day, hour, otherwise, otherwise=otherwise), now)
    choices = [
        (Person.timezone.in_(names), literal(moment, Moment()))
        for moment, names in by_moment.items()
        if moment != usual
    ]
    rest = literal(usual, Moment())
    return case(*choices, else_=rest) if choices else rest
