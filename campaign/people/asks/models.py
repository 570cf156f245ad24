"""What a form asked for in the name of an address."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class PersonAsk(Model):
    """What a stranger's form asked for in the name of an address, until a duty answers it.

    The door writes it and looks nobody up, so it costs the same whoever is known.
    """

    __tablename__ = "person_ask"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(75), default="")
    language: Mapped[str] = mapped_column(String(12), default="")
    purpose: Mapped[str] = mapped_column(String(20))
    wording: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime]
