"""A day of action and its events."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.days_and_hours import clock_of
from campaign.db import Model
from campaign.events.policy import SIGN_UP_RETENTION


class Action(Model):
    """A day of action: one demand, many events."""

    __tablename__ = "action"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(1000), default="")
    day: Mapped[date]
    is_archived: Mapped[bool] = mapped_column(default=False)
    # The path of the page that tells more about it, if there is one.
    page: Mapped[str] = mapped_column(String(200), default="")


class Event(Model):
    """One meeting of people: a venue in a city, and a day and hours on that city's own clocks.

    Wall time and zone are kept and the moment is computed, so that a change of a zone's rules
    moves the moment and not what the posters say. Without hours an event is of the whole day.
    """

    __tablename__ = "event"
    __public__ = True
    __table_args__ = (
        # What is ahead, in the order of the lists; the last two say what has ended today.
        Index("ix_event_by_day", "starts_on", "country", "city", "zone", "ends"),
        Index("ix_event_by_country", "country", "starts_on", "city"),
        Index("ix_event_of_action", "action_id", "country", "city"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    # How calendars know it, for ever and everywhere (RFC 5545 section 3.8.4.7).
    uid: Mapped[str] = mapped_column(String(300), unique=True)
    # An event outlives the day of action it was part of: people hold invitations to it.
    action_id: Mapped[int | None] = mapped_column(ForeignKey("action.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(String(120))
    city: Mapped[str] = mapped_column(String(80))
    country: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    starts_on: Mapped[date]
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    venue: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    # Organisers' Markdown: what it is, what to bring, how to get in and about, who hosts it.
    description: Mapped[str] = mapped_column(Text, default="")
    bring: Mapped[str] = mapped_column(Text, default="")
    access: Mapped[str] = mapped_column(Text, default="")
    host: Mapped[str] = mapped_column(Text, default="")
    languages: Mapped[list[str]] = mapped_column(default=list)
    capacity: Mapped[int | None]
    is_example: Mapped[bool] = mapped_column(default=False)
    # The revision calendars go by; rises with time, location and status only (RFC 5546, 2.1.4).
    sequence: Mapped[int] = mapped_column(default=0)
    cancelled_at: Mapped[datetime | None]
    # When it was last put on another day or other hours, if ever.
    moved_at: Mapped[datetime | None]
    # When it truly ended, if its day is set right afterwards.
    took_place_at: Mapped[datetime | None]
    # The seats of those who meant to come and whose sign-ups are erased: a bare number.
    erased_seats: Mapped[int] = mapped_column(default=0)
    revised_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime]

    action: Mapped[Action | None] = relationship(lazy="raise_on_sql")

    @property
    def is_all_day(self) -> bool:
        """Tell whether it has a day and no hours."""
        return self.starts is None

    @property
    def is_called_off(self) -> bool:
        """Tell whether it will not take place."""
        return self.cancelled_at is not None

    @property
    def clock(self) -> ZoneInfo:
        """Give the clocks of its city."""
        return clock_of(self.zone)

    @property
    def starts_at(self) -> datetime:
        """Give the moment it begins, in the zone of its city."""
        return self._moment(self.starts_on, self.starts)

    @property
    def ends_at(self) -> datetime:
        """Give the moment it ends, in the zone of its city."""
        if self.ends is None:
            return self._moment(self.starts_on + timedelta(days=1), None)
        return self._moment(self.starts_on, self.ends)

    @property
    def location(self) -> str:
        """Say where it is in one line: venue, address, city (LOCATION of RFC 5545)."""
        return ", ".join(part for part in (self.venue, self.address, self.city) if part)

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has ended."""
        return self.ends_at <= now

    def is_long_over(self, now: datetime) -> bool:
        """Tell whether it ended or was called off so long ago that sign-ups are of no use.

        What is erased cannot be had back, so this goes by what has truly been, never by a day that
        somebody has only typed.
        """
        over = [at for at in (self.ended_at, self.cancelled_at) if at is not None]
        return bool(over) and min(over) + SIGN_UP_RETENTION <= now

    @property
    def ended_at(self) -> datetime | None:
        """Give the moment it ends, or ended, while it stands announced for it; else None.

        A day that had passed when it was typed, by mistake or to set the record right, never came.
        """
        if self.took_place_at is not None:
            return self.took_place_at
        return self.ends_at if (self.moved_at or self.created_at) <= self.ends_at else None

    def free_seats(self, taken: int) -> int | None:
        """Count the seats left beside those taken; None where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - taken)

    def is_full(self, taken: int) -> bool:
        """Tell whether not one seat is left."""
        return self.free_seats(taken) == 0

    def _moment(self, day: date, wall: time | None) -> datetime:
        return datetime.combine(day, wall or time(), self.clock)
