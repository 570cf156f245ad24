"""Questions about mails to those who come: which there are, and whom they may go to."""

from datetime import datetime

from sqlalchemy import Select, select

from campaign.db import db
from campaign.events.event_mails.models import EventMail
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp
from campaign.outbox.suppressions.models import Suppression
from campaign.people.models import Person


def event_mail(id: int) -> EventMail | None:
    """Find a mail to those who come to an event."""
    return db.session.get(EventMail, id)


def of_event(event: Event) -> list[EventMail]:
    """List the mails to those who come to an event, the newest first."""
    query = select(EventMail).where(EventMail.event_id == event.id).order_by(EventMail.id.desc())
    return list(db.session.scalars(query))


def those_who_come(event_id: int, *, since: datetime | None = None) -> Select[Person]:
    """Find who comes to an event and may be written to: confirmed, not withdrawn, not suppressed.

    With `since`, those only who had confirmed by then.
    """
    query = (
        select(Person)
        .join(SignUp, SignUp.person_id == Person.id)
        .outerjoin(Suppression, Suppression.address_hash == Person.address_hash)
        .where(
            SignUp.event_id == event_id,
            SignUp.confirmed_at.is_not(None),
            SignUp.withdrawn_at.is_(None),
            Suppression.address_hash.is_(None),
        )
    )
    return query if since is None else query.where(SignUp.confirmed_at <= since)


def sign_up_of(person_id: int | None, event_id: int | None) -> SignUp | None:
    """Find the sign-up of a person for an event, by their ids."""
    theirs = (SignUp.person_id == person_id, SignUp.event_id == event_id)
    return db.session.scalar(select(SignUp).where(*theirs))
