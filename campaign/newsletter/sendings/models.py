"""A reading: how far a sending had come at a moment, so that nobody need count it afterwards."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class Reading(Model):
    """How many messages of a sending had left, and how many still might, at a moment."""

    __tablename__ = "newsletter_reading"

    sending_id: Mapped[int] = mapped_column(
        ForeignKey("newsletter_sending.id", ondelete="CASCADE"), primary_key=True
    )
    read_at: Mapped[datetime] = mapped_column(primary_key=True)
    left: Mapped[int]
    still_open: Mapped[int]
