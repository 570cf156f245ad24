"""Questions about what forms asked for."""

from datetime import datetime

from sqlalchemy import func, select

from campaign.db import db
from campaign.events.models import SEATS_HELD, Event, SignUpAsk


def held_from(event: Event, client_hash: str, *, now: datetime) -> dict[str, int]:
    """Count the seats at an event that are held for one connection, by mailbox."""
    rows = db.session.execute(
        select(SignUpAsk.mailbox_hash, func.sum(SignUpAsk.seats))
        .where(
            SignUpAsk.event_id == event.id,
            SignUpAsk.asked_at > now - SEATS_HELD,
            SignUpAsk.client_hash == client_hash,
        )
        .group_by(SignUpAsk.mailbox_hash)
    )
    return {mailbox: int(seats) for mailbox, seats in rows}
