"""What an issue said each time it was saved."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model


class IssueVersion(Model):
    """What an issue said when it was saved: every text of it, whole."""

    __tablename__ = "newsletter_issue_version"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("newsletter_issue.id", ondelete="CASCADE"))
    number: Mapped[int]
    # language -> title, subject, preview, source
    texts: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))

    __table_args__ = (UniqueConstraint("issue_id", "number"),)
