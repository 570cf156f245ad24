"""A timing: what the senders did in one minute, all of them together."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class Timing(Model):
    """The seconds that senders spent in one minute, by what they spent them on."""

    __tablename__ = "outbox_timing"
    __public__ = False

    minute: Mapped[datetime] = mapped_column(primary_key=True)
    # Waiting for the mail server, for the moment at which a rate lets the next one leave, and for
    # the database; what is left is work of the processor, or waiting for it.
    relay: Mapped[float] = mapped_column(default=0.0)
    rate: Mapped[float] = mapped_column(default=0.0)
    database: Mapped[float] = mapped_column(default=0.0)
    processor: Mapped[float] = mapped_column(default=0.0)
    # How many messages came to an end.
    settled: Mapped[int] = mapped_column(default=0)
