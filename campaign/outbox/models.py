"""What waits in the outbox: messages, the texts they name, and the batches that share them."""

import hmac
import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, and_, or_
from sqlalchemy import Text as LongString
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from campaign import tokens
from campaign.counts.registry import Source, counted
from campaign.db import Model, partial_index


class State(StrEnum):
    """Where a message is: the same words in the office, in the ledger and in the code."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    WITHHELD = "withheld"
    BOUNCED = "bounced"


# A message in one of these states may still leave.
OPEN = (State.WAITING, State.SENDING, State.RETRY)
# Of these a sender may take. Written out, as the partial indexes are: a planner uses them only for
# a question in the same words.
TO_TAKE = "state IN ('waiting', 'retry')"
# Of these the office asks: they are settled, and never were sent or came back.
NOT_SENT = "state IN ('failed', 'withheld', 'bounced')"

URGENT, BULK = 0, 9
_SIGNATURE = 20


def address_hash(address: str) -> str:
    """Give the keyed hash by which an address is known where it may not itself be kept."""
    return tokens.keyed_hash("address", address.lower())


def message_token(message_id: int) -> str:
    """Give the unguessable, stable token of a message: its Message-ID, its envelope sender (VERP).

    It is all lower case: some mail servers write a local part small.
    """
    return message_tokens()(message_id)


def message_tokens() -> Callable[[int], str]:
    """Give `message_token` for whoever needs many."""
    hashed = tokens.hasher("message")
    return lambda number: f"{number}m{hashed(str(number))[:_SIGNATURE]}"


def read_message_token(token: str) -> int:
    """Give the number of the message with a token. Raises `ForgedToken`."""
    found = re.fullmatch(rf"([0-9]{{1,18}})m[0-9a-f]{{{_SIGNATURE}}}", token)
    if not found or not hmac.compare_digest(message_token(int(found[1])), token):
        raise tokens.ForgedToken
    return int(found[1])


class Batch(Model):
    """One mail to many: its texts say what, its messages to whom."""

    __tablename__ = "outbox_batch"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    # That of its first variant, by which organisers know it.
    subject: Mapped[str] = mapped_column(String(255), default="")
    # Messages a second over all workers; 0 is no limit.
    rate: Mapped[float] = mapped_column(default=0.0)
    queued_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    paused_because: Mapped[str] = mapped_column(String(500), default="")
    # Somebody stopped it: what had not left is withheld for good.
    stopped_at: Mapped[datetime | None]
    # Nothing of it may leave any more.
    finished_at: Mapped[datetime | None]

    # SQLite would give a deleted batch's id to the next, and senders would know the old text.
    __table_args__ = {"sqlite_autoincrement": True}

    @property
    def is_running(self) -> bool:
        """Tell whether senders take from it."""
        return self.finished_at is None and self.paused_at is None and self.stopped_at is None


class Text(Model):
    """What mails say, with a field wherever their readers differ (`outbox.fields`).

    One of a batch is known by its `key`, and goes with it. One of single mails is known by what it
    says: all that say the same name the same row, and nothing changes it afterwards, so what a mail
    said stays so. It holds nothing of a person: that is in the fields of each message.
    """

    __tablename__ = "outbox_text"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_batch.id", ondelete="CASCADE"))
    # Such as a language, or a language and one of two subjects.
    key: Mapped[str] = mapped_column(String(20), default="")
    # The fingerprint of what a text of single mails says.
    fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(12), default="")
    # What links in the values of its fields carry (`attribution.links`).
    code: Mapped[str] = mapped_column(String(90), default="")
    # What its fields may have to know of the thing it is about (`outbox.fields.Recipient`).
    about_id: Mapped[int | None]
    # No shorter than what is said: two braces that somebody typed are kept as a field.
    sender_name: Mapped[str] = mapped_column(LongString, default="")
    reply_to: Mapped[str] = mapped_column(LongString, default="")
    subject: Mapped[str] = mapped_column(LongString)
    text: Mapped[str] = mapped_column(LongString)
    html: Mapped[str] = mapped_column(LongString)
    calendar: Mapped[str] = mapped_column(LongString, default="")
    calendar_method: Mapped[str] = mapped_column(String(10), default="")
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # When a mail came to name it, to a day.
    used_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("batch_id", "key"),
        # SQLite would give a deleted one's id to the next, and senders would know the old text.
        {"sqlite_autoincrement": True},
    )


class Message(Model):
    """One mail to one recipient, and everything that is known of its way."""

    __tablename__ = "outbox_message"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    # Messages of one thread leave in the order they were queued: a CANCEL after its REQUEST.
    thread: Mapped[str | None] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_batch.id", ondelete="CASCADE"))
    # Its text: one of single mails by its id, one of its batch by its key.
    text_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_text.id", ondelete="RESTRICT"))
    variant: Mapped[str] = mapped_column(String(20), default="")
    # What the fields of its text go by (`outbox.fields.Recipient`).
    fields: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    country: Mapped[str] = mapped_column(String(2), default="")
    city_id: Mapped[int | None]
    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(String(75), default="")
    address_hash: Mapped[str] = mapped_column(String(64))
    # What caps count by (`mailbox_hash`); empty in a batch, which goes to readers only.
    mailbox_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    # The reply to a person's own act goes out even to a suppressed address.
    is_own_act: Mapped[bool] = mapped_column(default=False)

    state: Mapped[str] = mapped_column(String(10), default=State.WAITING)
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str] = mapped_column(String(120), default="")
    leased_until: Mapped[datetime | None]
    # Set once a claim ended without a word: the relay may have had the message already.
    is_uncertain: Mapped[bool] = mapped_column(default=False)
    last_reply: Mapped[str] = mapped_column(String(500), default="")
    settled_at: Mapped[datetime | None]

    batch: Mapped[Batch | None] = relationship(lazy="raise_on_sql")
    text: Mapped[Text | None] = relationship(
        primaryjoin=lambda: or_(
            Text.id == foreign(Message.text_id),
            and_(Text.batch_id == foreign(Message.batch_id), Text.key == foreign(Message.variant)),
        ),
        lazy="raise_on_sql",
        viewonly=True,
    )

    # Few and partial: of a mail's price in an issue to a million, each index is a part.
    __table_args__ = (
        UniqueConstraint("person_id", "batch_id"),
        Index("ix_outbox_message_batch", "batch_id", "state"),
        partial_index(
            "ix_outbox_message_due_urgent",
            "due_at",
            "id",
            where=f"batch_id IS NULL AND {TO_TAKE}",
        ),
        partial_index(
            "ix_outbox_message_due_bulk",
            "batch_id",
            "due_at",
            "id",
            where=f"batch_id IS NOT NULL AND {TO_TAKE}",
        ),
        partial_index(
            "ix_outbox_message_claimed",
            "claimed_by",
            where="state = 'sending'",
        ),
        partial_index(
            "ix_outbox_message_not_sent",
            "state",
            "id",
            where=NOT_SENT,
        ),
        partial_index(
            "ix_outbox_message_thread",
            "thread",
            "state",
            where="thread IS NOT NULL",
        ),
        partial_index(
            "ix_outbox_message_text",
            "text_id",
            where="text_id IS NOT NULL",
        ),
        partial_index(
            "ix_outbox_message_mailbox",
            "mailbox_hash",
            where="batch_id IS NULL",
        ),
        partial_index(
            "ix_outbox_message_address",
            "address_hash",
            where="batch_id IS NULL",
        ),
        # A number is never given twice: tokens are made of it.
        {"sqlite_autoincrement": True},
    )

    @property
    def token(self) -> str:
        """Give the local part of its Message-ID."""
        return message_token(self.id)

    @property
    def is_open(self) -> bool:
        """Tell whether it may still leave."""
        return self.state in OPEN


# What a message is counted as: its state. Being sent for a moment, it waits still; so a claim
# changes no count.
_STATUS = "CASE WHEN state = 'sending' THEN 'waiting' ELSE state END"
# Single messages by kind and status, `invitation:sent`, and those of a batch: `12:sent`. Each in
# one of the two: of a mail's price in an issue to a million, each count is a part.
SINGLE = counted(
    "outbox.single",
    Source("outbox_message", by=f"kind || ':' || {_STATUS}", where="batch_id IS NULL"),
)
OF_BATCH = counted("outbox.batch", Source("outbox_message", by=f"batch_id || ':' || {_STATUS}"))
SENT_BY_TIME = counted(
    "outbox.sent", Source("outbox_message", at="settled_at", where="state = 'sent'")
)
FAILED_BY_TIME = counted(
    "outbox.failed",
    Source("outbox_message", at="settled_at", where="state IN ('failed', 'bounced')"),
)
