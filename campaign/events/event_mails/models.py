"""A mail to those who come to an event: its words, in one language."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import Model
from campaign.events.models import Event

# How mailings know it (`mailings.content`).
CONTENT = "event-mail"


class EventMail(Model):
    """What an organiser writes to all who come to an event: a draft until it first goes out."""

    __tablename__ = "event_mail"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    language: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(Text)
    # Counts the changes: who writes on top of an older one is told, not obeyed.
    version: Mapped[int] = mapped_column(default=1)
    written_at: Mapped[datetime]
    written_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
    # When it was first queued: from then on it cannot be changed.
    sent_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship(lazy="selectin")

    # No id is given twice: its mailings name it by its id alone.
    __table_args__ = {"sqlite_autoincrement": True}
