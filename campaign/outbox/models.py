"""What waits in the outbox: messages, the batches that share a text, suppressions, the lane."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign import tokens
from campaign.db import Model


class State(StrEnum):
    """Where a message is: the same words in the office, in the ledger and in the code."""

    WAITING = "waiting"
    LEAVING = "leaving"
    LEFT = "left"
    RETRY = "retry"
    FAILED = "failed"
    WITHHELD = "withheld"
    BOUNCED = "bounced"


# A message in one of these states may still leave.
OPEN = (State.WAITING, State.LEAVING, State.RETRY)

URGENT, BULK = 0, 9


def address_hash(address: str) -> str:
    """Give the keyed hash by which an address is known where it may not itself be kept."""
    return tokens.keyed_hash("address", address.lower())


class Batch(Model):
    """One text for many: each message of the batch fills in its own values."""

    __tablename__ = "outbox_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    queued_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    paused_because: Mapped[str] = mapped_column(String(500), default="")


class Message(Model):
    """One mail to one recipient, and everything that is known of its way."""

    __tablename__ = "outbox_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Unguessable and stable: the local part of Message-ID and of the envelope sender (VERP).
    token: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    priority: Mapped[int] = mapped_column(default=URGENT)
    # Messages of one thread leave in the order they were posted: a CANCEL after its REQUEST.
    thread: Mapped[str | None] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_batch.id", ondelete="CASCADE"))
    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(String(75), default="")
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    # The reply to a person's own act goes out even to a suppressed address.
    is_own_act: Mapped[bool] = mapped_column(default=False)
    sender_name: Mapped[str] = mapped_column(String(75), default="")
    reply_to: Mapped[str] = mapped_column(String(254), default="")
    subject: Mapped[str] = mapped_column(String(255), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    calendar: Mapped[str] = mapped_column(Text, default="")
    calendar_method: Mapped[str] = mapped_column(String(10), default="")
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # What a batch leaves open: placeholder -> this recipient's value.
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)

    state: Mapped[str] = mapped_column(String(10), default=State.WAITING)
    posted_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    leased_until: Mapped[datetime | None]
    # Set once a claim ended without a word: the relay may have had the message already.
    is_uncertain: Mapped[bool] = mapped_column(default=False)
    last_reply: Mapped[str] = mapped_column(String(500), default="")
    settled_at: Mapped[datetime | None]

    batch: Mapped[Batch | None] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("batch_id", "person_id"),
        Index("ix_outbox_message_due", "state", "priority", "due_at"),
        Index("ix_outbox_message_thread", "thread", "state"),
    )

    @property
    def is_open(self) -> bool:
        """Tell whether it may still leave."""
        return self.state in OPEN


class Suppression(Model):
    """An address that must not be written to, known by its hash, with the reason and evidence."""

    __tablename__ = "outbox_suppression"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    evidence: Mapped[str] = mapped_column(String(500), default="")
    since: Mapped[datetime]


class ClientCount(Model):
    """How many mails one connection caused within an hour, under a hash that is new each hour."""

    __tablename__ = "outbox_client_count"

    client_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[datetime] = mapped_column(index=True)
    number: Mapped[int] = mapped_column(default=0)


class Lane(Model):
    """The way to the relay, shared by all workers: its token bucket and its pauses."""

    __tablename__ = "outbox_lane"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    tokens: Mapped[float] = mapped_column(default=0.0)
    filled_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_trouble: Mapped[str] = mapped_column(String(500), default="")
