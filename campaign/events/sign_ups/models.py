"""A sign-up, and what a form asked for in somebody's name until they press its button."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.counts.registry import Source, counted
from campaign.db import Model, partial_index
from campaign.events.models import Event
from campaign.events.policy import RESERVATION
from campaign.people.models import Person


class Status(StrEnum):
    """How a sign-up stands."""

    ASKED = "asked"
    COMING = "coming"
    WITHDRAWN = "withdrawn"


class SignUp(Model):
    """One person means to come to one event, with the guests they bring."""

    __tablename__ = "sign_up"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    guests: Mapped[int] = mapped_column(default=0)
    # The unguessable part of the address to which this person's calendar answers. People share
    # calendars, so by itself it gives no power over the sign-up: links that do are signed.
    token: Mapped[str] = mapped_column(String(32), unique=True)
    signed_up_at: Mapped[datetime] = mapped_column(index=True)
    # When the button in the invitation was pressed, or a calendar said yes. Until then only a form
    # has asked, and whoever filled it in need not be the owner of the address.
    confirmed_at: Mapped[datetime | None] = mapped_column(index=True)
    withdrawn_at: Mapped[datetime | None]
    # How far this person's copy has been revised beyond the event's own sequence.
    revisions: Mapped[int] = mapped_column(default=0)
    # The event's sequence when we last wrote to them; who is behind it is not yet notified.
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
    def seats(self) -> int:
        """Count the seats it takes: the person's and the guests'."""
        return 1 + self.guests

    @property
    def is_active(self) -> bool:
        """Tell whether the event stands in their calendar: they come, or were asked and may."""
        return self.withdrawn_at is None

    @property
    def is_coming(self) -> bool:
        """Tell whether they themselves have said that they come."""
        return self.confirmed_at is not None and self.withdrawn_at is None

    @property
    def status(self) -> Status:
        """Tell how it stands."""
        if not self.is_active:
            return Status.WITHDRAWN
        return Status.COMING if self.is_coming else Status.ASKED

    def stamp(self, now: datetime) -> datetime:
        """Note and give the DTSTAMP of the next calendar: later than the one before, to the second.

        Of two calendars with one SEQUENCE the later DTSTAMP counts (RFC 5546 section 2.1.5).
        """
        after = self.stamped_at + timedelta(seconds=1)
        self.stamped_at = max(now.replace(microsecond=0), after.replace(microsecond=0))
        return self.stamped_at


_COMING = "confirmed_at IS NOT NULL AND withdrawn_at IS NULL"
# The seats taken at an event. Of sign-ups that are erased their number is left.
SEATS = counted(
    "event.seats",
    Source("sign_up", by="event_id", number="1 + guests", where=_COMING),
    Source("event", by="id", number="erased_seats", where="erased_seats <> 0"),
)
# The sign-ups for an event by their status: `12:coming`.
SIGN_UPS = counted(
    "event.sign_ups",
    Source(
        "sign_up",
        by=(
            "event_id || CASE WHEN withdrawn_at IS NOT NULL THEN ':withdrawn' "
            "WHEN confirmed_at IS NOT NULL THEN ':coming' ELSE ':asked' END"
        ),
    ),
)
CONFIRMED_BY_TIME = counted("sign_ups.confirmed", Source("sign_up", at="confirmed_at"))


class SignUpAsk(Model):
    """What one form asked for: a sign-up in somebody's name, which their button makes true.

    The door writes it and nothing else, so it costs the same for whoever is known and whoever is
    not; a duty answers it.
    """

    __tablename__ = "sign_up_ask"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    # The sign-up it became: empty until it is answered, and where nothing came of it.
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
    # The event had no seat left for it: only who has one already hears of it.
    is_in_vain: Mapped[bool] = mapped_column(default=False)
    # The seats reserved for it, until `reserved_until`.
    seats: Mapped[int] = mapped_column(default=0)
    # Keyed hashes of the connection and the mailbox, by which the seats of one stranger are
    # counted. Erased when the reservation has expired.
    client_hash: Mapped[str] = mapped_column(String(64), default="")
    mailbox_hash: Mapped[str] = mapped_column(String(64), default="")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    sign_up: Mapped[SignUp | None] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        partial_index("ix_sign_up_ask_reserved", "event_id", "asked_at", where="seats > 0"),
        partial_index("ix_sign_up_ask_due", "id", where="answered_at IS NULL"),
        # No id is given twice: links name it.
        {"sqlite_autoincrement": True},
    )

    @property
    def reserved_until(self) -> datetime:
        """Give the moment at which its seats are free again."""
        return self.asked_at + RESERVATION
