"""The craft of an audience: who an issue goes to, in which text, and when, as one statement."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    literal,
    or_,
    select,
)

from campaign.db import Moment
from campaign.newsletter.models import Issue
from campaign.outbox.models import OPEN, Message, State
from campaign.people.models import Person, RefusedTopic, Rhythm, Subscription
from campaign.people.queries import language_among

# A tenth hears first when two subjects are tried: a twentieth each.
_SHARES = 20
# A multiplicative generator (Lehmer, modulo a prime): spreads ids, the same on both databases.
_FACTOR, _PRIME = 1_103_515_245, 2_147_483_647
# What the two halves of a trial are called.
HALVES = ("a", "b")


def fit_for(people: Select[Person], issue: Issue) -> Select[Person]:
    """Leave out who refused the issue's topic, or wants no more than an issue a month."""
    if issue.topic:
        refused = select(RefusedTopic.person_id).where(RefusedTopic.topic == issue.topic)
        people = people.where(Person.id.not_in(refused))
    if not issue.is_monthly:
        people = people.where(Subscription.rhythm != Rhythm.MONTHLY)
    return people


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


def subscribed_by(people: Select[Person], moment: datetime) -> Select[Person]:
    """Leave out who joined after a moment."""
    return people.where(Subscription.confirmed_at <= moment)


def text_for(issue: Issue) -> ColumnElement[str]:
    """Give the key of the text a reader gets: in their language, else in the issue's own.

    Who reads Austrian German gets the German text where there is no Austrian one.
    """
    if len(issue.languages) == 1:
        return literal(issue.language)
    return language_among(issue.languages, otherwise=issue.language)


def in_trial(issue: Issue) -> ColumnElement[bool]:
    """Tell whether a reader is in a trial of two subjects: a tenth of those of its language."""
    return and_(text_for(issue) == issue.language, _share(issue) < len(HALVES))


def half_of(issue: Issue) -> ColumnElement[str]:
    """Give the key of the text for a reader in the trial: one half or the other."""
    first, second = (literal(f"{issue.language}/{half}") for half in HALVES)
    return case((_share(issue) == 0, first), else_=second)


def _share(issue: Issue) -> ColumnElement[int]:
    # In 64 bits: a person's id times the factor fits no less. By the issue too, so that it is not
    # always the same people who hear first.
    spread = (cast(Person.id, BigInteger) + issue.id * 7919) * _FACTOR
    return (spread % _PRIME) % _SHARES


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
