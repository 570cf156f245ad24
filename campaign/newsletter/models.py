"""An issue of the newsletter: written, sent once, and read in the archive ever after."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class Issue(Model):
    """One newsletter: a draft until it is queued, then fixed."""

    __tablename__ = "newsletter_issue"

    id: Mapped[int] = mapped_column(primary_key=True)
    # What feed readers know it by, whatever becomes of the address (RFC 4287 section 4.2.6).
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))
    preview: Mapped[str] = mapped_column(String(150), default="")
    source: Mapped[str] = mapped_column(Text)
    # Rendered from the source when it is saved.
    html: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(12))
    # Counts the changes: who writes on top of an older one is told, not obeyed.
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
    queued_at: Mapped[datetime | None]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_batch.id", ondelete="SET NULL"))
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    withdrawn_at: Mapped[datetime | None]

    @property
    def is_sent(self) -> bool:
        """Tell whether it was queued: from then on it cannot be changed."""
        return self.queued_at is not None

    @property
    def is_public(self) -> bool:
        """Tell whether it stands in the archive."""
        return self.published_at is not None and self.withdrawn_at is None
