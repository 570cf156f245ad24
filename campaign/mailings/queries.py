"""Questions about mailings: what is planned and running, and to whom a content would go now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, or_, select

from campaign.db import count_of, db
from campaign.languages import own_zone
from campaign.mailings import audience
from campaign.mailings.content import Content
from campaign.mailings.models import Mailing, MailingState, ProgressSample
from campaign.outbox.models import Batch
from campaign.people.models import Person
from campaign.segments import rules
from campaign.segments.models import Segment
from campaign.segments.queries import segments_by_name


def mailing(id: int) -> Mailing | None:
    """Find a mailing."""
    return db.session.get(Mailing, id)


def _of(kind: str, id: int) -> Select[Mailing]:
    return select(Mailing).where(Mailing.content_kind == kind, Mailing.content_id == id)


def of_content(kind: str, id: int) -> list[Mailing]:
    """List the mailings of a content, the newest first."""
    return list(db.session.scalars(_of(kind, id).order_by(Mailing.id.desc())))


def newest_of(kind: str, id: int) -> Mailing | None:
    """Find the mailing of a content that was asked for last."""
    return db.session.scalar(_of(kind, id).order_by(Mailing.id.desc()).limit(1))


def waits_for_a_colleague(found: Mailing, content: Content) -> bool:
    """Tell whether the settings ask for an approval that the second subject does not have."""
    asks = content.asks_for_approval and found.second_subject
    return bool(asks) and found.approved_at is None and found.queued_at is None


def due(*, now: datetime) -> list[int]:
    """List the ids of the mailings that are to begin."""
    query = select(Mailing.id).where(
        Mailing.queued_at.is_(None), Mailing.called_off_at.is_(None), Mailing.starts_at <= now
    )
    return list(db.session.scalars(query.order_by(Mailing.starts_at, Mailing.id)))


def undecided() -> list[Mailing]:
    """List the mailings whose two subjects are being compared."""
    query = select(Mailing).where(
        Mailing.ab_test_batch_id.is_not(None),
        Mailing.ab_test_decided_at.is_(None),
        Mailing.called_off_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(Mailing.id)))


def running() -> list[Mailing]:
    """List the mailings of which something may still be sent."""
    unfinished = select(Batch.id).where(Batch.finished_at.is_(None))
    query = select(Mailing).where(
        or_(Mailing.batch_id.in_(unfinished), Mailing.ab_test_batch_id.in_(unfinished)),
        Mailing.called_off_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(Mailing.id)))


def batches_of(kind: str, id: int) -> list[int]:
    """List the ids of the batches in which a content has gone out so far."""
    rows = db.session.execute(
        _of(kind, id)
        .with_only_columns(Mailing.ab_test_batch_id, Mailing.batch_id)
        .order_by(Mailing.id)
    )
    return [batch_id for row in rows for batch_id in row if batch_id is not None]


def of_batch(batch_id: int) -> Mailing | None:
    """Find the mailing that a batch belongs to."""
    return db.session.scalar(
        select(Mailing).where(
            or_(Mailing.batch_id == batch_id, Mailing.ab_test_batch_id == batch_id)
        )
    )


def batches(found: Mailing) -> list[Batch]:
    """Find the batches of one mailing: that of its A/B test, and that of the rest."""
    ids = [id for id in (found.ab_test_batch_id, found.batch_id) if id is not None]
    return list(db.session.scalars(select(Batch).where(Batch.id.in_(ids)).order_by(Batch.id)))


def state_of(found: Mailing, batches: Sequence[Batch]) -> MailingState:
    """Tell how a mailing stands, by its row and its batches."""
    if found.queued_at is None:
        return MailingState.CALLED_OFF if found.called_off_at else MailingState.PLANNED
    if found.called_off_at is not None:
        return MailingState.STOPPED
    unfinished = [batch for batch in batches if batch.finished_at is None]
    if any(batch.paused_at for batch in unfinished):
        return MailingState.PAUSED
    if unfinished:
        return MailingState.RUNNING
    return MailingState.AB_TEST if found.is_undecided else MailingState.FINISHED


def readers(
    content: Content, *, rule: Mapping[str, Any], since: datetime | None = None, now: datetime
) -> Select[Person]:
    """Find to whom a content would go now: those it is for, less those who have it.

    With `since`, those only who were among them by then. Raises `rules.WrongRule`.
    """
    people = content.people(rule=rule, since=since, now=now)
    return audience.not_yet_reached(people, batches_of(content.kind, content.id))


def number_of_readers(content: Content, *, rule: Mapping[str, Any], now: datetime) -> int:
    """Count to how many a content would go now."""
    return count_of(readers(content, rule=rule, now=now).with_only_columns(Person.id))


def has_readers(people: Select[Person]) -> bool:
    """Tell whether there is anybody among the people."""
    return db.session.scalar(people.with_only_columns(Person.id).limit(1)) is not None


def zones_of(people: Select[Person]) -> list[str]:
    """Name the time zones in which the people live, so far as they are known."""
    found = people.with_only_columns(Person.timezone).distinct()
    return [zone for zone in db.session.scalars(found) if zone]


def first_local_moment(people: Select[Person], day: date, hour: int) -> datetime:
    """Give the moment at which the first of the people come to an hour of a day."""
    otherwise = own_zone()
    zones = [*zones_of(people), otherwise]
    return min(audience.local_moment(day, hour, zone, otherwise=otherwise) for zone in zones)


@dataclass(frozen=True)
class Choice:
    """Whom a content may go to: everyone it is for, or a segment; and that in words."""

    segment: Segment | None
    words: str

    @property
    def key(self) -> str:
        """Give what stands for it in a form and in an address."""
        return str(self.segment.id) if self.segment else ""

    @property
    def name(self) -> str:
        """Give the name of the segment, or what everyone is called."""
        return self.segment.name if self.segment else self.words

    @property
    def rule(self) -> dict[str, Any]:
        """Give its rule."""
        return self.segment.rule if self.segment else {}


def choices(content: Content) -> list[Choice]:
    """List whom a content may go to: everyone first, then the segments by their names."""
    everyone = Choice(None, in_words(content, {}))
    if not content.has_segments:
        return [everyone]
    saved = db.session.scalars(segments_by_name())
    return [everyone, *(Choice(one, in_words(content, one.rule)) for one in saved)]


def in_words(content: Content, rule: Mapping[str, Any]) -> str:
    """Say who is meant by a rule; a rule that nobody understands any more says that."""
    if not rule and content.everyone is not None:
        return str(content.everyone)
    try:
        return rules.in_words(rule)
    except rules.WrongRule as refusal:
        return str(refusal.sentence)


def samples(found: Mailing) -> Sequence[ProgressSample]:
    """List how far a mailing had come, in the order of time."""
    query = select(ProgressSample).where(ProgressSample.mailing_id == found.id)
    return list(db.session.scalars(query.order_by(ProgressSample.sampled_at)))
