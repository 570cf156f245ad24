"""A letter, what a form asked for before it is one, and the template it began as."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.counts.registry import Source, counted
from campaign.db import Model
from campaign.letters.policy import CONFIRM_WITHIN
from campaign.people.models import Person
from campaign.summits.models import Post, Summit


class State(StrEnum):
    """Where a letter that we send for somebody is."""

    PENDING = "pending"
    READY = "ready"
    SENT = "sent"
    BOUNCED = "bounced"
    ANSWERED = "answered"
    DROPPED = "dropped"


class Way(StrEnum):
    """How a letter goes: by us, or by the supporter, who tells us that it went."""

    SEND = "send"
    MAILTO = "mailto"
    COPY = "copy"
    FORM = "form"


class Letter(Model):
    """What one supporter writes to one post before one summit."""

    __tablename__ = "letter"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    # Changes with the text, so that a link confirms what was read under it and nothing else.
    token: Mapped[str] = mapped_column(String(32), unique=True)
    # Never changes: by it the person disowns the letter, whatever its text has become.
    key: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    summit_id: Mapped[int | None] = mapped_column(ForeignKey("summit.id", ondelete="SET NULL"))
    # The summit's slug, or nothing where none lay ahead: NULL would make no two letters equal.
    occasion: Mapped[str] = mapped_column(String(80), default="")
    name: Mapped[str] = mapped_column(String(75))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    own_words: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10), default=State.PENDING)
    written_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="SET NULL")
    )

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    post: Mapped[Post] = relationship(lazy="raise_on_sql")
    summit: Mapped[Summit | None] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("person_id", "post_id", "occasion"),
        Index("ix_letter_state", "state", "written_at"),
    )

    def has_expired(self, now: datetime) -> bool:
        """Tell whether it can no longer be confirmed."""
        return self.is_dropped or (self.is_pending and now - self.written_at > CONFIRM_WITHIN)

    @property
    def is_pending(self) -> bool:
        """Tell whether it waits for its button."""
        return self.state == State.PENDING

    @property
    def is_dropped(self) -> bool:
        """Tell whether it will not go: disowned, or not confirmed in time."""
        return self.state == State.DROPPED

    @property
    def thread(self) -> str:
        """Name the thread of the mails to the supporter about it."""
        return f"letter:{self.id}"


LETTERS_CONFIRMED_BY_TIME = counted("letters.confirmed", Source("letter", at="confirmed_at"))
LETTERS_SENT_BY_TIME = counted("letters.sent", Source("letter", at="sent_at"))


class LetterAsk(Model):
    """A letter that a form asks us to send in the name of an address, until a duty takes it up.

    The door writes it and looks nobody up, so it costs the same for whoever is known.
    """

    __tablename__ = "letter_ask"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    summit_id: Mapped[int | None] = mapped_column(ForeignKey("summit.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(75))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    own_words: Mapped[str] = mapped_column(Text)
    letter_language: Mapped[str] = mapped_column(String(12))
    # The person's own.
    language: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(90), default="")
    asked_at: Mapped[datetime]


class Template(Model):
    """The letter as the campaign would write it, in one language, with its placeholders."""

    __tablename__ = "letter_template"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(12), unique=True)
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
