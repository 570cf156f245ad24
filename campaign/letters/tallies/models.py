"""The tally of what was sent on a day in which way."""

from datetime import date

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class Tally(Model):
    """How many letters went on a day, to a country, before a summit, in one way; names nobody."""

    __tablename__ = "letter_tally"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    counted_on: Mapped[date] = mapped_column(index=True)
    country: Mapped[str] = mapped_column(String(2))
    occasion: Mapped[str] = mapped_column(String(80), default="")
    way: Mapped[str] = mapped_column(String(10))
    number: Mapped[int] = mapped_column(default=0)

    __table_args__ = (UniqueConstraint("counted_on", "country", "occasion", "way"),)
