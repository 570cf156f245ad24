"""A picture in an issue, as it is kept and shown."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class Image(Model):
    """A picture in an issue, resized, without what the camera wrote into it."""

    __tablename__ = "newsletter_image"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    # First hex digits of the SHA-256 of its bytes, and its ending: its address for ever.
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
