"""A mailing: one time something goes out to many; and how far it had come at some moments."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model
from campaign.mailings.policy import AB_TEST_HOURS


class MailingState(StrEnum):
    """How a mailing stands."""

    PLANNED = "planned"
    CALLED_OFF = "called off"
    RUNNING = "running"
    PAUSED = "paused"
    AB_TEST = "A/B test"
    STOPPED = "stopped"
    FINISHED = "finished"


class Mailing(Model):
    """One time a content goes out: to whom, when, how fast; its batches say what became of it.

    The content is named by its kind and its id (`mailings.content`): no foreign key can point to
    the tables of several rooms. So who deletes a content takes its mailings along
    (`mailings.verbs.delete_of`), and one whose content is gone is called off when it should begin.
    """

    __tablename__ = "mailing"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    content_kind: Mapped[str] = mapped_column(String(20))
    content_id: Mapped[int]
    # Which version of the content was seen by who pressed the button.
    version: Mapped[int]
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segment.id", ondelete="SET NULL"))
    # The rule as it was then, whatever becomes of the segment; empty: everyone the content is for.
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # When it begins; with `at_local_hour`, where its readers first come to that hour of the day.
    starts_at: Mapped[datetime]
    at_local_hour: Mapped[int | None]
    on_local_day: Mapped[date | None]
    # Messages a second; 0 is as fast as the relay takes them.
    rate: Mapped[float] = mapped_column(default=0.0)
    # Only those whom no earlier mailing of the content has reached.
    is_for_the_unreached: Mapped[bool] = mapped_column(default=False)
    # What was answered to the content's own questions, such as whether it comes into an archive.
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # An A/B test: a second subject on a twentieth, the first on another; see `ab_tests`.
    second_subject: Mapped[str] = mapped_column(String(255), default="")
    # So long the two are watched before the better goes to the rest.
    ab_test_hours: Mapped[int] = mapped_column(default=AB_TEST_HOURS)
    ab_test_batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_batch.id", ondelete="SET NULL")
    )
    ab_test_decided_at: Mapped[datetime | None]
    ab_test_winner: Mapped[str] = mapped_column(String(1), default="")
    # A colleague found the second subject good, where the settings ask for it.
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("organiser.id", ondelete="SET NULL")
    )
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_batch.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    queued_at: Mapped[datetime | None]
    called_off_at: Mapped[datetime | None]
    called_off_because: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (Index("ix_mailing_content", "content_kind", "content_id"),)

    @property
    def is_planned(self) -> bool:
        """Tell whether it has still to begin."""
        return self.queued_at is None and self.called_off_at is None

    @property
    def is_undecided(self) -> bool:
        """Tell whether two subjects are being compared and none is chosen."""
        is_open = self.ab_test_batch_id is not None and self.ab_test_decided_at is None
        return is_open and self.called_off_at is None


class ProgressSample(Model):
    """How many messages of a mailing were sent, and how many still might be, at a moment.

    Kept, so that nobody need count it afterwards.
    """

    __tablename__ = "mailing_progress"
    __public__ = False

    mailing_id: Mapped[int] = mapped_column(
        ForeignKey("mailing.id", ondelete="CASCADE"), primary_key=True
    )
    sampled_at: Mapped[datetime] = mapped_column(primary_key=True)
    sent: Mapped[int]
    still_open: Mapped[int]
