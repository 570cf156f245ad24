"""A person, what they subscribe to, and the record of what they agreed to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.counts.registry import Source, counted
from campaign.db import Model, partial_index
from campaign.outbox.models import address_hash

# Why an address is suppressed whose owner said that a form was not theirs.
NOT_ME = "said: not me"


class Purpose(StrEnum):
    """What a person may be written to about; each is agreed to and left by itself."""

    NEWSLETTER = "newsletter"


class Rhythm(StrEnum):
    """How often somebody wants to hear from us."""

    ALL = "all"
    MONTHLY = "monthly"


class Status(StrEnum):
    """How somebody stands to what they were asked: the office lists and filters by it."""

    ACTIVE = "active"
    PENDING = "pending"
    LEFT = "left"


def _hash_of_email(context: Any) -> str:
    return address_hash(context.get_current_parameters()["email"])


class Person(Model):
    """Somebody who signed up, subscribed or wrote. Deleting the row forgets them."""

    __tablename__ = "person"
    __public__ = False
    __table_args__ = (
        # None on country, language or city: whoever counts a segment goes through all who
        # subscribe, in the order of both tables, three times as fast as by such an index.
        # SQLite would give a forgotten person's id to the next one, and old links with it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(75), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    language: Mapped[str] = mapped_column(String(12), default="")
    # As they wrote it; `city_id` is the city of `places.cities` it was found to be.
    city: Mapped[str] = mapped_column(String(80), default="")
    city_id: Mapped[int | None]
    # IANA name, from their city or country; empty where neither is known.
    timezone: Mapped[str] = mapped_column(String(40), default="")
    # By this the suppressed are left out of a mail to many in one statement.
    address_hash: Mapped[str] = mapped_column(String(64), index=True, default=_hash_of_email)
    # Set when they pressed a button in a mail of ours: the address is theirs.
    confirmed_at: Mapped[datetime | None]
    remembered_at: Mapped[datetime]


class Subscription(Model):
    """A person's status towards one purpose: asked for, confirmed, left."""

    __tablename__ = "person_subscription"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    # It stays while somebody has asked again in their name: only their own button ends it.
    left_at: Mapped[datetime | None]
    # What the form said they are called, until the button makes it so.
    asked_name: Mapped[str] = mapped_column(String(75), default="", server_default="")
    # How often: every issue, or only those that sum up a month.
    rhythm: Mapped[str] = mapped_column(String(10), default=Rhythm.ALL)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("person_id", "purpose"),
        # Few leave: who did so lately is found without looking at all who stay.
        partial_index(
            "ix_person_subscription_left",
            "left_at",
            where="left_at IS NOT NULL",
        ),
    )

    @property
    def is_active(self) -> bool:
        """Tell whether they agreed and have not left since."""
        return self.confirmed_at is not None and self.left_at is None

    @property
    def is_pending(self) -> bool:
        """Tell whether they asked, perhaps after they had left, and have not pressed the button."""
        if self.left_at is not None:
            return self.asked_at > self.left_at
        return self.confirmed_at is None

    @property
    def status(self) -> Status:
        """Give the status by which lists show it."""
        if self.is_active:
            return Status.ACTIVE
        return Status.PENDING if self.is_pending else Status.LEFT


# Subscriptions to a purpose by how they stand: `newsletter:active`. Who left and has asked again
# stands by themselves, since they are among those who left and among those who are pending.
SUBSCRIPTIONS = counted(
    "subscriptions",
    Source(
        "person_subscription",
        by=(
            "purpose || CASE WHEN asked_at > left_at THEN ':asked again' "
            "WHEN left_at IS NOT NULL THEN ':left' "
            "WHEN confirmed_at IS NOT NULL THEN ':active' ELSE ':pending' END"
        ),
    ),
)
_NEWS = "purpose = 'newsletter'"
SUBSCRIBED_BY_TIME = counted(
    "subscribers.new", Source("person_subscription", at="confirmed_at", where=_NEWS)
)
LEFT_BY_TIME = counted("subscribers.left", Source("person_subscription", at="left_at", where=_NEWS))


class Consent(Model):
    """One agreement, word for word: to what, when, through which form; and its withdrawal."""

    __tablename__ = "person_consent"
    __public__ = False

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


def language_tag() -> ColumnElement[str]:
    """Give a person's language in one spelling, for comparing: `de_AT`, `de-at` as `de-at`."""
    return func.lower(func.replace(Person.language, "_", "-"))


LONGEST_TAG = 40


def as_tag(words: str) -> str:
    """Write a tag in the one way it is kept: Berlin, BERLIN and "berlin " are one."""
    return " ".join(words.casefold().split())[:LONGEST_TAG].rstrip()


class Tag(Model):
    """A word by which organisers find people again."""

    __tablename__ = "person_tag"
    __public__ = False

    # As `as_tag` writes it.
    tag: Mapped[str] = mapped_column(String(LONGEST_TAG), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )


# The people who have a tag.
TAGGED = counted("people.tagged", Source("person_tag", by="tag"))


class RefusedTopic(Model):
    """A topic of which somebody wants no issues."""

    __tablename__ = "person_refused_topic"
    __public__ = False

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
