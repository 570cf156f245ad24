"""An import: a file of people on its way into the tables, and the rows of it that were refused."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Model

# How much of a refused row is shown again.
LONGEST_SHOWN = 300


class Stage(StrEnum):
    """How far an import is."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    STOPPED = "stopped"


class Import(Model):
    """One file of people: what it is, how it is read, how far it is and what came of it."""

    __tablename__ = "import_run"
    __public__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    # As its owner calls it; `file` is what it is called in the folder of imports, "" where the
    # operator's command reads it from where it lies.
    name: Mapped[str] = mapped_column(String(200))
    file: Mapped[str] = mapped_column(String(80), default="")
    # Tells the same file, read in the same way: one that was broken off goes on.
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    format: Mapped[str] = mapped_column(String(20))
    encoding: Mapped[str] = mapped_column(String(20))
    delimiter: Mapped[str] = mapped_column(String(1))
    header: Mapped[list[str]] = mapped_column()
    # For each column of the header the field it fills, or "", or what `statuses` says of it.
    mapping: Mapped[list[str]] = mapped_column()
    # What the file's name says of all in it, such as `left`; "" where nothing, `statuses.UNCLEAR`
    # where somebody has to say.
    status: Mapped[str] = mapped_column(String(12), default="")
    # How those in the file agreed to the newsletter; without words nobody is subscribed.
    wording: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    agreed_on: Mapped[date | None]

    stage: Mapped[str] = mapped_column(String(12), default=Stage.UPLOADED)
    # Lines of the file, for the bar: some rows are of several lines, so this is about right.
    lines: Mapped[int] = mapped_column(default=0)
    # The last row that is saved; whoever goes on begins after it.
    rows: Mapped[int] = mapped_column(default=0)
    line: Mapped[int] = mapped_column(default=0)
    made: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    subscribed: Mapped[int] = mapped_column(default=0)
    # They said so, but have left or must not be written to.
    left_out: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    # What was left out of rows that were taken: a note's name and how often.
    notes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    uploaded_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))

    @property
    def is_running(self) -> bool:
        """Tell whether a worker reads it."""
        return self.stage in {Stage.CHECKING, Stage.IMPORTING}

    @property
    def is_open(self) -> bool:
        """Tell whether it may still be changed: nothing of it is in the tables yet."""
        return self.stage in {Stage.UPLOADED, Stage.CHECKED}

    @property
    def is_over(self) -> bool:
        """Tell whether what is counted has happened."""
        return self.stage in {Stage.DONE, Stage.STOPPED}

    @property
    def percent(self) -> int:
        """Tell how much of it is read."""
        return min(100, 100 * self.line // self.lines) if self.lines else 0


class Refused(Model):
    """A row that was not taken: its line in the file, why, and how it begins."""

    __tablename__ = "import_refused"
    __public__ = False

    import_id: Mapped[int] = mapped_column(
        ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(LONGEST_SHOWN), default="")
