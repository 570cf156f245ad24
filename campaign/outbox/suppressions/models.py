"""A suppression: an address that must not be written to, and why."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model

# Why an address is suppressed from which mail came back: its owner may lift that themselves.
BOUNCE = "bounce"


class Suppression(Model):
    """An address that must not be written to, known by its hash, with the reason and evidence."""

    __tablename__ = "outbox_suppression"
    __public__ = False

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    evidence: Mapped[str] = mapped_column(String(500), default="")
    since: Mapped[datetime]
    # What else it suppressed can be lifted with it (`outbox.bounces`).
    cause_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_bounce_cause.id", ondelete="SET NULL"), index=True
    )
