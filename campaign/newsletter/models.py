"""An issue of the newsletter, and its texts."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import Model
from campaign.outbox.fields import FIELD

# How mailings know an issue (`mailings.content`).
CONTENT = "issue"


class Issue(Model):
    """One newsletter: a draft until it is first queued, then fixed. Its words are its texts."""

    __tablename__ = "newsletter_issue"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    # What feed readers know it by, whatever becomes of the address (RFC 4287 section 4.2.6).
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    # The language of those readers for whose own there is no text.
    language: Mapped[str] = mapped_column(String(12))
    # Which of the topics that readers may refuse; empty: it goes to all.
    topic: Mapped[str] = mapped_column(String(40), default="")
    # It sums up a month: also for those who want no more than that.
    is_monthly: Mapped[bool] = mapped_column(default=False)
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
    # A colleague found this very version good, where the settings ask for it.
    approved_version: Mapped[int | None]
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
    # When it was first queued for its readers.
    queued_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    taken_down_at: Mapped[datetime | None]

    texts: Mapped[list["IssueText"]] = relationship(
        lazy="selectin", order_by="IssueText.id", cascade="all, delete-orphan", passive_deletes=True
    )

    def text_in(self, language: str) -> "IssueText":
        """Give the text for a reader of a language: theirs where there is one, else its own."""
        by_language = {text.language: text for text in self.texts}
        return by_language.get(language) or by_language[self.language]

    def has_text_in(self, language: str) -> bool:
        """Tell whether readers of a language get a text of their own."""
        return any(text.language == language for text in self.texts)

    @property
    def text(self) -> "IssueText":
        """Give the text in its own language."""
        return self.text_in(self.language)

    @property
    def title(self) -> str:
        """Give the title in its own language."""
        return self.text.title

    @property
    def languages(self) -> list[str]:
        """List the languages it is written in, its own first."""
        others = (text.language for text in self.texts if text.language != self.language)
        return [self.language, *others]

    @property
    def is_approved(self) -> bool:
        """Tell whether a colleague found good what it says now."""
        return self.approved_version == self.version

    @property
    def is_sent(self) -> bool:
        """Tell whether it was queued: from then on it cannot be changed."""
        return self.queued_at is not None

    @property
    def is_public(self) -> bool:
        """Tell whether it stands in the archive."""
        return self.published_at is not None and self.taken_down_at is None


class IssueText(Model):
    """An issue in one language."""

    __tablename__ = "newsletter_issue_text"
    __public__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("newsletter_issue.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))
    preview: Mapped[str] = mapped_column(String(150), default="")
    source: Mapped[str] = mapped_column(Text)
    # Rendered from the source when it is saved, as the archive shows it.
    html: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("issue_id", "language"),)

    @property
    def words(self) -> dict[str, str]:
        """Give what a writer wrote of it, by the names of its fields."""
        return {name: getattr(self, name) for name in ("title", "subject", "preview", "source")}

    @property
    def summary(self) -> str:
        """Give the preview as strangers read it: for each field what its writer put by."""
        return FIELD.sub(lambda found: found[2] or "", self.preview)
