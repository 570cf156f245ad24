"""An automation: its switch, its words, and to whom it has gone."""

import hashlib
import json
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import Model
from campaign.newsletter.policy import DIGEST_HOUR, DIGEST_WEEK, DIGEST_WEEKDAY


class Automation(Model):
    """An automation as organisers set it; without a row it is as `catalogue` has it."""

    __tablename__ = "newsletter_automation"
    __public__ = False

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    is_on: Mapped[bool] = mapped_column(default=False)
    # Whoever was due before this moment does not get it any more. None: it was on from the first.
    switched_on_at: Mapped[datetime | None]
    # Of a step of the welcome: so many days after somebody has confirmed.
    days: Mapped[int] = mapped_column(default=0)
    # Of the digest: the first Tuesday at nine is 1, 1, 9; Monday is day 0.
    week: Mapped[int] = mapped_column(default=DIGEST_WEEK)
    weekday: Mapped[int] = mapped_column(default=DIGEST_WEEKDAY)
    hour: Mapped[int] = mapped_column(default=DIGEST_HOUR)
    # Until then everybody due was looked for.
    swept_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime | None]
    changed_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )

    # Who last wrote its words, and who found them good: `approved_words` is their fingerprint.
    written_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
    approved_words: Mapped[str] = mapped_column(String(64), default="")
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )

    texts: Mapped[list["AutomationText"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def words_fingerprint(self) -> str:
        """Give a fingerprint of all that organisers wrote for it: another word makes another."""
        said = sorted([text.language, text.subject, text.source] for text in self.texts)
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    @property
    def is_approved(self) -> bool:
        """Tell whether a colleague found good what it says now."""
        return self.approved_words == self.words_fingerprint


class AutomationText(Model):
    """The words of an automation in one language, where they are not the program's."""

    __tablename__ = "newsletter_automation_text"
    __public__ = False

    key: Mapped[str] = mapped_column(
        ForeignKey("newsletter_automation.key", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(Text)


class Enrolment(Model):
    """The moment from which the steps of a person's welcome are counted."""

    __tablename__ = "newsletter_enrolment"
    __public__ = False

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    started_at: Mapped[datetime] = mapped_column(index=True)


class StepSent(Model):
    """A step of the welcome that was queued to a person: each once, whatever happens."""

    __tablename__ = "newsletter_step_sent"
    __public__ = False

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    queued_at: Mapped[datetime]


class DigestSent(Model):
    """A month whose digest was queued: each once, whatever happens."""

    __tablename__ = "newsletter_digest_sent"
    __public__ = False

    # Such as 2026-12.
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_batch.id", ondelete="SET NULL"))
    queued_at: Mapped[datetime]
