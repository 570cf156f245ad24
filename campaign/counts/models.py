"""A number that is kept, and a change of one that is not folded in yet."""

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model

LONGEST_NAME, LONGEST_KEY = 60, 80
# Of so many changes a whole number of four bytes would not be enough. SQLite's have eight.
_MANY = BigInteger().with_variant(Integer, "sqlite")


class Count(Model):
    """How many rows of one kind have one key."""

    __tablename__ = "count_kept"
    __public__ = False

    name: Mapped[str] = mapped_column(String(LONGEST_NAME), primary_key=True)
    # Such as the id of an event; empty where a kind has one number only.
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class CountChange(Model):
    """What a deed changed in a count, until a duty folds it in.

    Written only where many write at once: each adds a row of its own and waits for nobody, while a
    row that all of them changed would let them through one by one. SQLite, which lets one write at
    a time anyway, has none.
    """

    __tablename__ = "count_change"
    __public__ = False

    id: Mapped[int] = mapped_column(_MANY, primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    change: Mapped[int]

    __table_args__ = (Index("ix_count_change_name", "name", "key"),)
