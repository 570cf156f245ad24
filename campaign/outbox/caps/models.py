"""What a cap counts: how often something was done, under a hash that names nobody."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class ClientCount(Model):
    """How many mails one connection caused within an hour, under a hash that is new each hour."""

    __tablename__ = "outbox_client_count"
    __public__ = False

    client_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[datetime] = mapped_column(index=True)
    number: Mapped[int] = mapped_column(default=0)
