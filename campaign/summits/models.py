"""A summit, what came of it and who goes; a post, and who holds it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import FIRST_DAY, LAST_DAY, Model
from campaign.languages import _, country_name
from campaign.summits.policy import STALE_AFTER, UNUSED_AFTER


class Summit(Model):
    """A meeting of governments: its names, its days and its location as far as they are known."""

    __tablename__ = "summit"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    # [{"name": …, "until": 2024}, {"name": …}]: the last one is its name now.
    names: Mapped[list[Any]]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    year: Mapped[int]
    city: Mapped[str] = mapped_column(String(100), default="")
    host: Mapped[str] = mapped_column(String(2), default="")
    co_host: Mapped[str] = mapped_column(String(2), default="")
    size: Mapped[str] = mapped_column(String(100), default="")
    tracks: Mapped[list[str]]
    summary: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[list[str]]
    # As exact as the source was: "2024", "2024-04" or "2026-02-19".
    moved_from: Mapped[str] = mapped_column(String(10), default="")
    announced_on: Mapped[str] = mapped_column(String(10), default="")
    sources: Mapped[list[str]]

    outcomes: Mapped[list["Outcome"]] = relationship(
        lazy="raise_on_sql", order_by="Outcome.id", cascade="all, delete-orphan"
    )
    stances: Mapped[list["Stance"]] = relationship(
        lazy="raise_on_sql", order_by="Stance.country", cascade="all, delete-orphan"
    )

    @property
    def name(self) -> str:
        """Give its name as it is now."""
        if self.names:
            return str(self.names[-1]["name"])
        return str(_("%(year)s AI summit", year=self.year))

    @property
    def former_names(self) -> list[Any]:
        """List the names it no longer has, each with the year until which it had it."""
        return list(self.names[:-1])

    @property
    def location(self) -> str:
        """Name the city or else the country, as exactly as it is known."""
        return self.city or country_name(self.host)

    @property
    def last_possible_day(self) -> date:
        """Give the day after which it is over, whatever its days will turn out to be."""
        if day := self.last_day or self.first_day:
            return day
        return date(min(max(self.year, FIRST_DAY.year), LAST_DAY.year), 12, 31)

    def is_ahead(self, today: date) -> bool:
        """Tell whether it has not begun: the last hour to write is before the first day."""
        if self.first_day is None:
            return today <= self.last_possible_day
        return today < self.first_day


class Outcome(Model):
    """A text that a summit brought, and who signed it as far as a source says."""

    __tablename__ = "summit_outcome"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    summit_id: Mapped[int] = mapped_column(ForeignKey("summit.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    is_binding: Mapped[bool] = mapped_column(default=False)
    signed_by: Mapped[str] = mapped_column(String(255), default="")
    signatories: Mapped[list[str]]
    not_signed: Mapped[list[str]]
    companies: Mapped[list[str]]
    # False where the list of signatories is known to lack some.
    is_complete: Mapped[bool] = mapped_column(default=True)
    promise: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    sources: Mapped[list[str]]


class Going(StrEnum):
    """What a country says of its part in a summit."""

    GOING = "going"
    NOT_GOING = "not going"
    UNKNOWN = "unknown"


class Stance(Model):
    """Whether a country goes to a summit, with the source that said so."""

    __tablename__ = "summit_stance"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    summit_id: Mapped[int] = mapped_column(ForeignKey("summit.id", ondelete="CASCADE"))
    country: Mapped[str] = mapped_column(String(2))
    stance: Mapped[str] = mapped_column(String(10), default=Going.UNKNOWN)
    source: Mapped[str] = mapped_column(String(500), default="")
    seen_on: Mapped[date | None]

    __table_args__ = (UniqueConstraint("summit_id", "country"),)

    @property
    def is_going(self) -> bool:
        """Tell whether the country has said that it goes."""
        return self.stance == Going.GOING

    @property
    def is_not_going(self) -> bool:
        """Tell whether the country has said that it does not go."""
        return self.stance == Going.NOT_GOING


class PostStatus(StrEnum):
    """Whether letters may go to a post, and if not, why."""

    WRITABLE = "writable"
    CLOSED = "closed"
    STOPPED = "stopped"
    BOUNCED = "bounced"


class Post(Model):
    """An office of state: how it is reached, and where and when that was seen."""

    __tablename__ = "post"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(12), default="en")
    email: Mapped[str] = mapped_column(String(254), default="")
    contact_form: Mapped[str] = mapped_column(String(500), default="")
    source: Mapped[str] = mapped_column(String(500), default="")
    seen_on: Mapped[date | None]
    # The span of its holders' terms; nothing where it has no known beginning or end.
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    is_example: Mapped[bool] = mapped_column(default=False)
    # Those written to may ask to be left out.
    stopped_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]

    holders: Mapped[list["Holder"]] = relationship(
        lazy="raise_on_sql", order_by="Holder.id", cascade="all, delete-orphan"
    )

    __table_args__ = (UniqueConstraint("country", "title"),)

    def exists_on(self, today: date) -> bool:
        """Tell whether the post exists on a day."""
        return _within(today, self.valid_from, self.valid_until)

    def is_open(self, today: date) -> bool:
        """Tell whether its contact may be used: it exists, was seen lately and is not stopped."""
        return (
            self.exists_on(today)
            and self.seen_on is not None
            and today - self.seen_on <= UNUSED_AFTER
            and self.stopped_at is None
        )

    def status_on(self, today: date) -> PostStatus:
        """Tell whether letters may go to it on a day, and if not, why."""
        if self.stopped_at is not None:
            return PostStatus.STOPPED
        if self.bounced_at is not None:
            return PostStatus.BOUNCED
        return PostStatus.WRITABLE if self.is_writable(today) else PostStatus.CLOSED

    def is_writable(self, today: date) -> bool:
        """Tell whether a mail may go to it."""
        return bool(self.email) and self.bounced_at is None and self.is_open(today)

    def has_open_form(self, today: date) -> bool:
        """Tell whether it can be reached through its own contact form."""
        return bool(self.contact_form) and self.is_open(today)

    def is_stale(self, today: date) -> bool:
        """Tell whether its contact should be looked at again."""
        return self.seen_on is not None and today - self.seen_on > STALE_AFTER

    def holder_on(self, today: date) -> "Holder | None":
        """Find who holds it on a day."""
        return next((h for h in self.holders if _within(today, h.valid_from, h.valid_until)), None)


class Holder(Model):
    """A person in a post, and how to address them; without a name yet if unknown."""

    __tablename__ = "post_holder"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    salutation: Mapped[str] = mapped_column(String(200), default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)
