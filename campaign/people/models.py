"""A person, what they subscribe to, and the record of what they agreed to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import Model

# Why an address is suppressed whose owner said that a form was not theirs.
NOT_ME = "said: not me"


class Purpose(StrEnum):
    """What a person may be written to about; each is agreed to and left by itself."""

    NEWSLETTER = "newsletter"


class Person(Model):
    """Somebody who signed up, subscribed or wrote. Deleting the row forgets them."""

    __tablename__ = "person"
    # SQLite would give a forgotten person's id to the next one, and old links with it.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(75), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    language: Mapped[str] = mapped_column(String(12), default="")
    # Set when they pressed a button in a mail of ours: the address is theirs.
    confirmed_at: Mapped[datetime | None]
    remembered_at: Mapped[datetime]


class Subscription(Model):
    """A person's standing towards one purpose: asked for, confirmed, left."""

    __tablename__ = "person_subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")

    __table_args__ = (UniqueConstraint("person_id", "purpose"),)

    @property
    def is_active(self) -> bool:
        """Tell whether they agreed and have not left since."""
        return self.confirmed_at is not None and self.left_at is None

    @property
    def is_pending(self) -> bool:
        """Tell whether they asked and have not pressed the button yet."""
        return self.confirmed_at is None and self.left_at is None


class Consent(Model):
    """One agreement, word for word: to what, when, through which form; and its withdrawal."""

    __tablename__ = "person_consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    wording: Mapped[str] = mapped_column(Text)
    # First hex digits of the wording's SHA-256: the same words have the same version.
    wording_version: Mapped[str] = mapped_column(String(12))
    form: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime]
    given_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_through: Mapped[str] = mapped_column(String(40), default="")
