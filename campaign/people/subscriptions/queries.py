"""Questions about subscriptions: who agreed to what, who may be asked, who has not answered."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    or_,
    select,
)
from sqlalchemy.orm import contains_eager

from campaign.counts.queries import number
from campaign.db import db
from campaign.outbox.kinds import caused_by_strangers
from campaign.outbox.queries import queued_lately
from campaign.outbox.suppressions.models import BOUNCE
from campaign.outbox.suppressions.queries import is_suppressed, suppression_of
from campaign.people.models import (
    SUBSCRIPTIONS,
    Consent,
    Person,
    Purpose,
    RefusedTopic,
    Status,
    Subscription,
)
from campaign.people.policy import CONFIRMATIONS_A_DAY, CONFIRMATIONS_IN_30_DAYS
from campaign.people.queries import ids_beginning_with
from campaign.tables import contains_word, found, pointing_to


def subscription_of(person_id: int, purpose: Purpose) -> Subscription | None:
    """Find a person's status towards a purpose."""
    return db.session.scalar(
        select(Subscription).where(
            Subscription.person_id == person_id, Subscription.purpose == purpose
        )
    )


def subscriptions_of(person_id: int) -> list[Subscription]:
    """List a person's status towards every purpose."""
    return list(db.session.scalars(select(Subscription).where(Subscription.person_id == person_id)))


def consents_of(person_id: int) -> list[Consent]:
    """List what a person agreed to, word for word, the latest first."""
    return list(
        db.session.scalars(
            select(Consent).where(Consent.person_id == person_id).order_by(Consent.id.desc())
        )
    )


def refused_topics_of(person_id: int) -> list[str]:
    """List the topics of which a person wants no issues."""
    return list(
        db.session.scalars(
            select(RefusedTopic.topic)
            .where(RefusedTopic.person_id == person_id)
            .order_by(RefusedTopic.topic)
        )
    )


def search_subscriptions(
    purpose: Purpose, words: str = "", *, status: str = "", everywhere: bool = False
) -> Select[Subscription]:
    """Find subscriptions to a purpose with their person; of one `Status`, or of any.

    The newest first: of those who have not answered who asked last, of those who left who left
    last. By words as people are (`people.queries.search`).
    """
    where = [Subscription.purpose == purpose]
    newest: Any = Subscription.id
    match status:
        case Status.ACTIVE:
            where += [Subscription.confirmed_at.is_not(None), Subscription.left_at.is_(None)]
        case Status.PENDING:
            where.append(_is_pending())
            newest = Subscription.asked_at
        case Status.LEFT:
            where.append(Subscription.left_at.is_not(None))
            newest = Subscription.left_at
    rows = (
        select(Subscription)
        .join(Subscription.person)
        .options(contains_eager(Subscription.person))
        .order_by(newest.desc(), Subscription.id.desc())
    )
    if not words:
        return rows.where(*where)
    said = contains_word(words, Person.email, Person.name)
    theirs = pointing_to(ids_beginning_with(words), Subscription.person_id)
    return found(rows, said, where=where, by=[theirs], everywhere=everywhere)


def number_of_subscribers(purpose: Purpose) -> int:
    """Count those who agreed to a purpose and have not left."""
    return number(SUBSCRIPTIONS, f"{purpose}:{Status.ACTIVE}")


def may_be_asked(address: str, *, now: datetime) -> bool:
    """Tell whether one more mail that a stranger may have caused can go to an address.

    Not to one whose owner wants none, nor beyond the caps, which count over all forms. To one from
    which mail came back it may: the form is their own act, and the button in the mail lifts that.
    """
    if refuses_questions(address):
        return False
    for most, time in (
        (CONFIRMATIONS_A_DAY, timedelta(days=1)),
        (CONFIRMATIONS_IN_30_DAYS, timedelta(days=30)),
    ):
        if queued_lately(address, kinds=caused_by_strangers(), since=now - time) >= most:
            return False
    return True


def refuses_questions(address: str) -> bool:
    """Tell whether an address must not even be asked: suppressed, and not for a bounce alone."""
    found = suppression_of(address)
    return found is not None and found.reason != BOUNCE


def may_be_reminded(address: str, *, now: datetime) -> bool:
    """Tell whether an address that was asked can be asked once more, which is nobody's own act."""
    return not is_suppressed(address) and may_be_asked(address, now=now)


def waiting_for_a_reminder(
    purpose: Purpose, *, asked_after: datetime, asked_before: datetime
) -> Select[Subscription]:
    """Find those who asked in a time, have not answered, and have not been reminded."""
    return _pending(purpose).where(
        Subscription.asked_at > asked_after,
        Subscription.asked_at <= asked_before,
        Subscription.reminded_at.is_(None),
    )


def never_confirmed(purpose: Purpose, *, asked_before: datetime) -> Select[Subscription]:
    """Find those who asked before a moment and never answered."""
    return _pending(purpose).where(Subscription.asked_at <= asked_before)


def _pending(purpose: Purpose) -> Select[Subscription]:
    return (
        select(Subscription)
        .where(
            Subscription.purpose == purpose,
            _is_pending(),
        )
        .order_by(Subscription.id)
    )


def _is_pending() -> ColumnElement[bool]:
    """Say in SQL what `Subscription.is_pending` says of a row, as its index does."""
    return or_(
        and_(Subscription.confirmed_at.is_(None), Subscription.left_at.is_(None)),
        Subscription.asked_at > Subscription.left_at,
    )
