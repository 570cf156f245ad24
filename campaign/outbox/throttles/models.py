"""A throttle: a token bucket and a circuit breaker, known by its name."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class Throttle(Model):
    """How fast mail goes to the relay, of one batch or to one domain: a token bucket, a breaker."""

    __tablename__ = "outbox_throttle"
    __public__ = False

    # "relay", "batch:7", "domain:example.org"
    name: Mapped[str] = mapped_column(String(220), primary_key=True)
    tokens: Mapped[float] = mapped_column(default=0.0)
    filled_at: Mapped[datetime]
    paused_until: Mapped[datetime | None] = mapped_column(index=True)
    # Up to then the slots of what waits here are reserved.
    reserved_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_trouble: Mapped[str] = mapped_column(String(500), default="")
