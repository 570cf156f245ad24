"""A mail that came in: its bytes, what was made of it, and who settled it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model, partial_index


class Kind(StrEnum):
    """What a mail is."""

    UNREAD = "unread"
    BOUNCE = "bounce"
    NOTICE = "notice"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    CALENDAR = "calendar"
    AUTOMATIC = "automatic"
    PERSONAL = "personal"


class Made(StrEnum):
    """What was made of a mail by itself."""

    NOTHING_YET = "nothing yet"
    SUPPRESSED = "suppressed"
    COUNTED = "counted"
    MAYBE_GONE = "maybe gone"
    HELD_BACK = "held back"
    SUPPRESSED_AT_LAST = "suppressed at last"
    NOT_HELD_AGAINST = "not held against"
    NOTED = "noted"
    AUTH_FAILURE = "auth failure"
    COMPLAINT = "complaint"
    LEFT = "left"
    GAVE_UP = "gave up"
    ASKED = "asked"
    AUTOMATIC = "automatic"
    TOO_LATE = "too late"
    # Of these nothing is made: they wait for a person.
    TO_BE_READ = "to be read"
    UNPROVEN = "unproven"
    FORGED = "forged"
    UNCLEAR = "unclear"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"


class Settlement(StrEnum):
    """What a person did about a mail that waited."""

    NOTHING = "nothing"
    GONE = "gone"
    LEFT = "left"
    # Nobody did anything, for so long that it was erased.
    EXPIRED = "expired"


class InboundMail(Model):
    """One mail to one recipient, stored whole before anything is done with it."""

    __tablename__ = "inbound_mail"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    # Of the recipient and the bytes: the same mail fed twice is one row.
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    received_at: Mapped[datetime]
    # The envelope: to whom it was sent, and who said to have sent it ("" is the null sender).
    recipient: Mapped[str] = mapped_column(String(254), default="")
    envelope_sender: Mapped[str | None] = mapped_column(String(254))
    # Empty once it is erased, 30 days after it was settled.
    raw: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    size: Mapped[int]
    # For lists: as its own header says, cleaned; erased with the bytes.
    sender: Mapped[str] = mapped_column(String(254), default="")
    subject: Mapped[str] = mapped_column(String(255), default="")

    kind: Mapped[str] = mapped_column(String(20), default=Kind.UNREAD)
    made: Mapped[str] = mapped_column(String(20), default=Made.NOTHING_YET)
    # What the other side said, such as "5.1.1 User unknown", without addresses.
    words: Mapped[str] = mapped_column(String(300), default="")
    # What it is about; a mail that waits belongs to nobody yet, so that nothing unread is erased
    # with somebody who is forgotten.
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_message.id", ondelete="SET NULL"), index=True
    )
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    # The address a soft bounce counts against; its row outlives the message it came back for.
    address_hash: Mapped[str] = mapped_column(String(64), default="")

    # Empty: it waits, to be worked on while nothing was made of it yet, else for a person.
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
    settled_as: Mapped[str] = mapped_column(String(10), default="")
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        partial_index(
            "ix_inbound_mail_waiting",
            "received_at",
            where="settled_at IS NULL",
        ),
        partial_index(
            "ix_inbound_mail_counted",
            "address_hash",
            where="address_hash <> ''",
        ),
        # A person who is known for nothing else may be forgotten though mail of theirs is here.
        {"info": {"is_mail": True}},
    )

    @property
    def waits(self) -> bool:
        """Tell whether a person has to look at it."""
        return self.settled_at is None and self.made != Made.NOTHING_YET
