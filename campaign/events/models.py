"""A day of action, its events, and the places people take at them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.days import clock_of
from campaign.db import Model, partial_index
from campaign.people.models import Person

# A place may be taken for friends too; more than these should sign up themselves.
MOST_GUESTS = 9
# What a form asked for keeps seats for so long, until the button in the invitation is pressed.
SEATS_HELD = timedelta(hours=6)
# How long after the end of an event, or after it was called off, it is known who signed up.
SIGN_UPS_KEPT = timedelta(days=30)


class Action(Model):
    """A day of action: one demand, many events."""

    __tablename__ = "action"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(1000), default="")
    day: Mapped[date]
    is_archived: Mapped[bool] = mapped_column(default=False)
    # The path of the page that tells more about it, if there is one.
    page: Mapped[str] = mapped_column(String(200), default="")


class Event(Model):
    """One meeting of people: a place, and a day and hours on that place's own clocks.

    Wall time and zone are kept and the moment is computed, so that a change of a zone's rules
    moves the moment and not what the posters say. Without hours an event is of the whole day.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    # How calendars know it, for ever and everywhere (RFC 5545 section 3.8.4.7).
    uid: Mapped[str] = mapped_column(String(300), unique=True)
    # An event outlives the day of action it was part of: people hold invitations to it.
    action_id: Mapped[int | None] = mapped_column(
        ForeignKey("action.id", ondelete="SET NULL"), index=True
    )
    title: Mapped[str] = mapped_column(String(120))
    city: Mapped[str] = mapped_column(String(80))
    country: Mapped[str] = mapped_column(String(2), index=True)
    zone: Mapped[str] = mapped_column(String(64))
    starts_on: Mapped[date] = mapped_column(index=True)
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
    # The revision calendars go by; rises with time, place and status only (RFC 5546, 2.1.4).
    sequence: Mapped[int] = mapped_column(default=0)
    cancelled_at: Mapped[datetime | None]
    # When it was last put on another day or other hours, if ever.
    moved_at: Mapped[datetime | None]
    # When it truly ended, if its day is set right afterwards.
    took_place_at: Mapped[datetime | None]
    # The places of those who meant to come and whose sign-ups are erased: a bare number.
    erased_sign_ups: Mapped[int] = mapped_column(default=0)
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
        """Give the clocks of its place."""
        return clock_of(self.zone)

    @property
    def starts_at(self) -> datetime:
        """Give the moment it begins, in the zone of its place."""
        return self._moment(self.starts_on, self.starts)

    @property
    def ends_at(self) -> datetime:
        """Give the moment it ends, in the zone of its place."""
        if self.ends is None:
            return self._moment(self.starts_on + timedelta(days=1), None)
        return self._moment(self.starts_on, self.ends)

    @property
    def place(self) -> str:
        """Name its place in one line: venue, address, city."""
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
        return bool(over) and min(over) + SIGN_UPS_KEPT <= now

    @property
    def ended_at(self) -> datetime | None:
        """Give the moment it ends, or ended, while it stands announced for it; else None.

        A day that had passed when it was typed, by mistake or to set the record right, never came.
        """
        if self.took_place_at is not None:
            return self.took_place_at
        return self.ends_at if (self.moved_at or self.created_at) <= self.ends_at else None

    def free_places(self, taken: int) -> int | None:
        """Count the places left beside those taken; None where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - taken)

    def is_full(self, taken: int) -> bool:
        """Tell whether not one place is left."""
        return self.free_places(taken) == 0

    def _moment(self, day: date, wall: time | None) -> datetime:
        return datetime.combine(day, wall or time(), self.clock)


class SignUp(Model):
    """One person's place at one event, with the guests they bring."""

    __tablename__ = "sign_up"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    guests: Mapped[int] = mapped_column(default=0)
    # The unguessable part of the address to which this person's calendar answers. People share
    # calendars, so by itself it gives no power over the place: links that do are signed.
    token: Mapped[str] = mapped_column(String(32), unique=True)
    signed_up_at: Mapped[datetime] = mapped_column(index=True)
    # When the button in the invitation was pressed, or a calendar said yes. Until then only a form
    # has asked, and whoever filled it in need not be the owner of the address.
    confirmed_at: Mapped[datetime | None] = mapped_column(index=True)
    withdrawn_at: Mapped[datetime | None]
    # How far this person's copy has been revised beyond the event's own sequence.
    revisions: Mapped[int] = mapped_column(default=0)
    # The event's sequence when we last wrote to them; who is behind it has not heard the news.
    notified_sequence: Mapped[int] = mapped_column(default=0)
    # The DTSTAMP of the calendar last mailed to them.
    stamped_at: Mapped[datetime]

    event: Mapped[Event] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    # What forms asked for in their name, the latest last.
    asks: Mapped[list["SignUpAsk"]] = relationship(
        lazy="raise_on_sql", order_by="SignUpAsk.id", viewonly=True
    )

    __table_args__ = (
        UniqueConstraint("event_id", "person_id"),
        Index("ix_sign_up_event_status", "event_id", "withdrawn_at", "notified_sequence"),
        # No id is given twice: mails to one person are kept in order by it.
        {"sqlite_autoincrement": True},
    )

    @property
    def places(self) -> int:
        """Count the places it takes: the person's and the guests'."""
        return 1 + self.guests

    @property
    def is_active(self) -> bool:
        """Tell whether the event stands in their calendar: they come, or were asked and may."""
        return self.withdrawn_at is None

    @property
    def is_coming(self) -> bool:
        """Tell whether they themselves have said that they come."""
        return self.confirmed_at is not None and self.withdrawn_at is None

    def stamp(self, now: datetime) -> datetime:
        """Note and give the DTSTAMP of the next calendar: later than the one before, to the second.

        Of two calendars with one SEQUENCE the later DTSTAMP counts (RFC 5546 section 2.1.5).
        """
        after = self.stamped_at + timedelta(seconds=1)
        self.stamped_at = max(now.replace(microsecond=0), after.replace(microsecond=0))
        return self.stamped_at


class SignUpAsk(Model):
    """What one form asked for: a place in somebody's name, which their button makes true.

    The door writes it and nothing else, so it costs the same for whoever is known and whoever is
    not; a duty answers it.
    """

    __tablename__ = "sign_up_ask"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    # Whose place it became: empty until it is answered, and where nothing came of it.
    sign_up_id: Mapped[int | None] = mapped_column(
        ForeignKey("sign_up.id", ondelete="CASCADE"), index=True
    )
    # Empty once it is answered.
    email: Mapped[str] = mapped_column(String(254), default="")
    name: Mapped[str] = mapped_column(String(75), default="")
    guests: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(12), default="")
    # The sentence with which the newsletter was asked for, if it was.
    news: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(90), default="")
    # The event had no place left for it: only who has one already hears of it.
    is_in_vain: Mapped[bool] = mapped_column(default=False)
    # The seats it keeps free until they lapse (`SEATS_HELD`).
    seats: Mapped[int] = mapped_column(default=0)
    # Keyed hashes of the connection and the mailbox, by which the seats of one stranger are
    # counted. Erased when the seats have lapsed.
    client_hash: Mapped[str] = mapped_column(String(64), default="")
    mailbox_hash: Mapped[str] = mapped_column(String(64), default="")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    sign_up: Mapped[SignUp | None] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        Index("ix_sign_up_ask_held", "event_id", "asked_at"),
        partial_index(
            "ix_sign_up_ask_due",
            "id",
            where="answered_at IS NULL",
        ),
        # No id is given twice: links name it.
        {"sqlite_autoincrement": True},
    )
