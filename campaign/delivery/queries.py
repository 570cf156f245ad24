"""Questions of delivery: what runs, who has claimed what, and the texts to send."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy import and_, exists, select
from sqlalchemy import text as sql

from campaign.db import db
from campaign.outbox.mail import Content
from campaign.outbox.models import OPEN, TO_TAKE, Batch, Message, State, Text


def running() -> list[tuple[int, float]]:
    """Give the batches that senders take from, the oldest first, each with its rate."""
    found = db.session.execute(
        select(Batch.id, Batch.rate)
        .where(Batch.finished_at.is_(None), Batch.paused_at.is_(None), Batch.stopped_at.is_(None))
        .order_by(Batch.queued_at, Batch.id)
    )
    return [(row.id, row.rate) for row in found]


def is_open(batch_id: int) -> bool:
    """Tell whether anything of a batch may still leave."""
    return any(
        db.session.scalar(
            select(exists().where(Message.batch_id == batch_id, Message.state == state))
        )
        for state in OPEN
    )


def is_refused(batch_id: int) -> bool:
    """Tell whether a batch stands still because the relay refused it."""
    return bool(
        db.session.scalar(
            select(Batch.id).where(
                Batch.id == batch_id, Batch.paused_at.is_not(None), Batch.paused_because != ""
            )
        )
    )


def last_refusal(batch_id: int) -> str:
    """Give what was said of the message of a batch that failed last."""
    query = select(Message.last_reply).where(
        Message.batch_id == batch_id, Message.state == State.FAILED
    )
    return db.session.scalar(query.order_by(Message.settled_at.desc()).limit(1)) or ""


def is_anything_due(*, now: datetime) -> bool:
    """Tell whether a message could leave now, were the rate no matter."""
    urgent = select(Message.id).where(Message.batch_id.is_(None), sql(TO_TAKE))
    if db.session.scalar(urgent.where(Message.due_at <= now).limit(1)) is not None:
        return True
    return any(
        db.session.scalar(
            select(Message.id)
            .where(Message.batch_id == batch_id, Message.batch_id.is_not(None), sql(TO_TAKE))
            .where(Message.due_at <= now)
            .limit(1)
        )
        is not None
        for batch_id, _ in running()
    )


def claimants() -> list[str]:
    """Name the senders that have claimed messages now."""
    return list(db.session.scalars(select(Message.claimed_by).where(_CLAIMED).distinct()))


# In the words of the partial index, so that the planner uses it.
_CLAIMED = sql("state = 'sending'")


def has_claims(sender: str) -> bool:
    """Tell whether a sender has claimed messages now."""
    found = select(Message.id).where(_CLAIMED, Message.claimed_by == sender).limit(1)
    return db.session.scalar(found) is not None


def overdue(*, now: datetime) -> list[str]:
    """Name the senders whose lease has ended."""
    return list(
        db.session.scalars(
            select(Message.claimed_by).where(_CLAIMED, Message.leased_until < now).distinct()
        )
    )


def content(text_id: int | None, batch_id: int | None, variant: str) -> Content:
    """Give what a text says, its fields left open. Raises `KeyError`."""
    which = (
        Text.id == text_id
        if text_id is not None
        else and_(Text.batch_id == batch_id, Text.key == variant)
    )
    found = db.session.scalar(select(Text).where(which))
    if found is None:
        raise KeyError(f"text {text_id or variant}")
    return Content(**{field.name: getattr(found, field.name) for field in fields(Content)})
