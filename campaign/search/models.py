"""What is found of things, and the words by which somebody who misspells one finds them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model
from campaign.search import index


class Entry(Model):
    """One thing that is found, in one language, as it reads; its words stand in the index."""

    __tablename__ = "search_entry"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    # Which row of which table: by the name under which its room registered it.
    thing: Mapped[str] = mapped_column(String(20))
    thing_id: Mapped[int]
    language: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(20))
    path: Mapped[str] = mapped_column(String(300))
    country: Mapped[str] = mapped_column(String(2))
    day: Mapped[date | None]
    # The day as a number, so that both databases count how far away it is.
    day_number: Mapped[int | None]
    until: Mapped[datetime | None]
    # Of all that is found: what has the same was not changed.
    digest: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(Text)
    names: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    # The last, for it is long: what stands before is read without it.
    text: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("thing", "thing_id", "language"),)


event.listen(Entry.__table__, "after_create", index.make)
event.listen(Entry.__table__, "before_drop", index.drop)


class Word(Model):
    """A word that stands, or stood, in something that is found."""

    __tablename__ = "search_word"
    __public__ = True

    word: Mapped[str] = mapped_column(String(60), primary_key=True)


class Spelling(Model):
    """The beginning of a word, whole or with a letter left out (`misspellings.spellings`)."""

    __tablename__ = "search_spelling"
    __public__ = True

    spelling: Mapped[str] = mapped_column(String(7), primary_key=True)
    word: Mapped[str] = mapped_column(
        ForeignKey("search_word.word", ondelete="CASCADE"), primary_key=True, index=True
    )
