"""A bounce: somebody was said to be gone; and the cause that all of its kind share."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import Model
from campaign.outbox.models import Batch


class Decision(StrEnum):
    """What a person found of the bounces that one cause made."""

    UNDECIDED = ""
    GONE = "gone"
    RELAY = "relay"


class Cause(Model):
    """What bounces have in common: the issue they came of, or the domain they came from.

    Its bounces suppress at once, unless there was a burst of them: then `withheld_at` is set, and
    none counts until a person has decided. Once decided it takes no more bounces.
    """

    __tablename__ = "outbox_bounce_cause"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_batch.id", ondelete="SET NULL"), index=True
    )
    # Empty: it is about an issue, whatever the domain.
    domain: Mapped[str] = mapped_column(String(200), default="")
    began_at: Mapped[datetime]
    withheld_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(String(10), default=Decision.UNDECIDED)
    decided_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )

    batch: Mapped[Batch | None] = relationship(lazy="raise_on_sql")

    @property
    def is_withheld(self) -> bool:
        """Tell whether it waits for a person."""
        return self.withheld_at is not None and self.decided_at is None


class Bounce(Model):
    """One message of which was said that its recipient is gone, or may be."""

    __tablename__ = "outbox_bounce"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    cause_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_bounce_cause.id", ondelete="CASCADE"), index=True
    )
    # The first report of a message counts.
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="SET NULL"), unique=True
    )
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_batch.id", ondelete="SET NULL"), index=True
    )
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    domain: Mapped[str] = mapped_column(String(200), index=True)
    # What was said, in the words of who said it.
    words: Mapped[str] = mapped_column(String(500), default="")
    # Not so: it counts only with others over some time.
    is_certain: Mapped[bool] = mapped_column(default=True)
    reported_at: Mapped[datetime]
