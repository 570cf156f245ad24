"""Questions about sendings: what is planned and running, and to whom an issue would go now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import Select, func, or_, select

from campaign.db import count_of, db
from campaign.newsletter.models import Issue, Sending
from campaign.newsletter.sendings import audience
from campaign.newsletter.sendings.models import Reading
from campaign.outbox.models import Batch
from campaign.people.models import Person, Purpose
from campaign.segments import rules as segments
from campaign.segments.models import Segment
from campaign.segments.queries import audience as audience_of


def sending(id: int) -> Sending | None:
    """Find a sending."""
    return db.session.get(Sending, id)


def of_issue(issue_id: int) -> list[Sending]:
    """List the sendings of an issue, the newest first."""
    query = select(Sending).where(Sending.issue_id == issue_id).order_by(Sending.id.desc())
    return list(db.session.scalars(query))


def waits_for_a_colleague(found: Sending) -> bool:
    """Tell whether the settings ask for an approval that the second subject does not have."""
    asks = current_app.config["NEWSLETTER_APPROVAL"] and found.trial_subject
    return bool(asks) and found.approved_at is None and found.queued_at is None


def newest_of(issue_id: int) -> Sending | None:
    """Find the sending of an issue that was asked for last."""
    query = select(Sending).where(Sending.issue_id == issue_id).order_by(Sending.id.desc()).limit(1)
    return db.session.scalar(query)


def due(*, now: datetime) -> list[int]:
    """Number the sendings that are to begin."""
    query = select(Sending.id).where(
        Sending.queued_at.is_(None), Sending.called_off_at.is_(None), Sending.starts_at <= now
    )
    return list(db.session.scalars(query.order_by(Sending.starts_at, Sending.id)))


def in_trial() -> list[Sending]:
    """List the sendings whose two subjects are being tried."""
    query = select(Sending).where(
        Sending.trial_batch_id.is_not(None),
        Sending.trial_decided_at.is_(None),
        Sending.called_off_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(Sending.id)))


def running() -> list[Sending]:
    """List the sendings of which something may still leave."""
    unfinished = select(Batch.id).where(Batch.finished_at.is_(None))
    query = select(Sending).where(
        or_(Sending.batch_id.in_(unfinished), Sending.trial_batch_id.in_(unfinished)),
        Sending.called_off_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(Sending.id)))


def batches_of(issue_id: int) -> list[int]:
    """Number the batches in which an issue has gone out so far."""
    rows = db.session.execute(
        select(Sending.trial_batch_id, Sending.batch_id)
        .where(Sending.issue_id == issue_id)
        .order_by(Sending.id)
    )
    return [number for row in rows for number in row if number is not None]


def of_batch(batch_id: int) -> Sending | None:
    """Find the sending that a batch belongs to."""
    return db.session.scalar(
        select(Sending).where(or_(Sending.batch_id == batch_id, Sending.trial_batch_id == batch_id))
    )


def batches(found: Sending) -> list[Batch]:
    """Find the batches of one sending: that of its trial, and that of the rest."""
    numbers = [number for number in (found.trial_batch_id, found.batch_id) if number is not None]
    return list(db.session.scalars(select(Batch).where(Batch.id.in_(numbers)).order_by(Batch.id)))


def readers(
    issue: Issue, *, rule: Mapping[str, Any], since: datetime | None = None, now: datetime
) -> Select[Person]:
    """Find to whom an issue would go now: the audience, less those it is not for or who have it.

    With `since`, those only who had joined by then. Raises `segments.WrongRule`.
    """
    people = audience_of(Purpose.NEWSLETTER, rule=rule, now=now)
    people = audience.fit_for(people, issue)
    people = audience.not_yet_reached(people, batches_of(issue.id))
    return people if since is None else audience.subscribed_by(people, since)


def number_of_readers(issue: Issue, *, rule: Mapping[str, Any], now: datetime) -> int:
    """Count to how many an issue would go now."""
    return count_of(readers(issue, rule=rule, now=now).with_only_columns(Person.id))


def has_readers(people: Select[Person]) -> bool:
    """Tell whether there is anybody among the people."""
    return db.session.scalar(people.with_only_columns(Person.id).limit(1)) is not None


def zones_of(people: Select[Person]) -> list[str]:
    """Name the time zones in which the people live, so far as they are known."""
    found = people.with_only_columns(Person.timezone).distinct()
    return [zone for zone in db.session.scalars(found) if zone]


def first_local_moment(people: Select[Person], day: date, hour: int) -> datetime:
    """Give the moment at which the first of the people come to an hour of a day."""
    otherwise = current_app.config["TIMEZONE"]
    zones = [*zones_of(people), otherwise]
    return min(audience.local_moment(day, hour, zone, otherwise=otherwise) for zone in zones)


@dataclass(frozen=True)
class Choice:
    """Whom an issue may go to: everyone, or a segment that was saved; and that in words."""

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


def choices() -> list[Choice]:
    """List whom an issue may go to: everyone first, then the segments by their names."""
    saved = db.session.scalars(select(Segment).order_by(func.lower(Segment.name)))
    return [Choice(None, in_words({})), *(Choice(one, in_words(one.rule)) for one in saved)]


def in_words(rule: Mapping[str, Any]) -> str:
    """Say who is meant by a rule; a rule that nobody understands any more says that."""
    try:
        return segments.in_words(rule)
    except segments.WrongRule as refusal:
        return str(refusal.sentence)


def readings(found: Sending) -> Sequence[Reading]:
    """List how far a sending had come, in the order of time."""
    query = select(Reading).where(Reading.sending_id == found.id).order_by(Reading.read_at)
    return list(db.session.scalars(query))
