"""Questions about imports."""

from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select

from campaign.db import db
from campaign.imports.models import Import, Refused, Stage


def newest_first() -> Select[Import]:
    """Find every import that was uploaded in the office."""
    return select(Import).where(Import.file != "").order_by(Import.id.desc())


def waiting() -> list[Import]:
    """List the imports that a worker should read on, the oldest first."""
    return list(
        db.session.scalars(
            select(Import)
            .where(Import.file != "", Import.stage.in_([Stage.CHECKING, Stage.IMPORTING]))
            .order_by(Import.id)
        )
    )


def broken_off(fingerprint: str) -> Import | None:
    """Find the import of the same file, read in the same way, that was never finished."""
    return db.session.scalar(
        select(Import)
        .where(Import.fingerprint == fingerprint, Import.stage == Stage.IMPORTING)
        .order_by(Import.id.desc())
        .limit(1)
    )


def older_than(moment: datetime, *, abandoned: datetime) -> list[Import]:
    """List the imports that nobody reads and that were uploaded before a moment.

    One that is said to be read and was uploaded before `abandoned` is read by nobody any more.
    """
    is_read = Import.stage.in_([Stage.CHECKING, Stage.IMPORTING])
    return list(
        db.session.scalars(
            select(Import).where(
                or_(
                    and_(Import.uploaded_at < moment, ~is_read),
                    Import.uploaded_at < abandoned,
                )
            )
        )
    )


def refused(run: Import) -> Select[Refused]:
    """Find the rows that were not taken, in the order of the file."""
    return select(Refused).where(Refused.import_id == run.id).order_by(Refused.line)


def reasons(run: Import) -> list[tuple[str, int]]:
    """Count the rows that were not taken by why, the most frequent first."""
    number = func.count().label("number")
    found = db.session.execute(
        select(Refused.reason, number)
        .where(Refused.import_id == run.id)
        .group_by(Refused.reason)
        .order_by(number.desc(), Refused.reason)
    )
    return [(reason, count) for reason, count in found]
