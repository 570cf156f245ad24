"""Questions about changes of plans: which events have some, and who is not yet notified."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from campaign.db import db
from campaign.events.models import Event
from campaign.events.queries import WIDEST_ZONE_GAP
from campaign.events.sign_ups.models import SignUp
from campaign.people.models import Person


def with_unsent_changes(*, now: datetime) -> list[Event]:
    """List the events, not over yet, with a change that somebody who comes is not notified of."""
    behind = (
        select(SignUp.id)
        .where(
            SignUp.event_id == Event.id,
            SignUp.withdrawn_at.is_(None),
            SignUp.notified_sequence < Event.sequence,
        )
        .exists()
    )
    first = (now - WIDEST_ZONE_GAP).date()
    query = select(Event).where(Event.starts_on >= first, Event.sequence > 0, behind)
    return [event for event in db.session.scalars(query) if not event.is_over(now)]


def not_yet_notified(event: Event, *, most: int) -> list[SignUp]:
    """Take some who mean to come and have not heard of a change, each with their person.

    They are locked until this is saved. Whom another verb has locked is passed over: another duty
    is notifying them, or they are about to be invited again or to withdraw.
    """
    query = (
        select(SignUp)
        .join(SignUp.person)
        .options(contains_eager(SignUp.person))
        .where(
            SignUp.event_id == event.id,
            SignUp.withdrawn_at.is_(None),
            SignUp.notified_sequence < event.sequence,
        )
        .order_by(SignUp.id)
        .limit(most)
        # The person too, as every verb about a sign-up does; `key_share`, because a mail that is
        # queued to somebody elsewhere need not stand in the way.
        .with_for_update(of=[SignUp, Person], skip_locked=True, key_share=True)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))
