"""Verbs of counts: fold changes in, set right what differs, and let go what nobody asks for."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, text

from campaign.counts.models import Count
from campaign.counts.queries import DIFFERING, differences_in_sql
from campaign.counts.registry import Counted, known, quarter_of
from campaign.db import db, upsert

# What is counted by time is kept for so long: a little longer than anybody looks back.
KEPT = timedelta(days=30)
# Of that, what is kept for sure whenever in a day the rest is let go.
CHECKED = KEPT - timedelta(days=2)
# Two of the processes that fold would wait for each other's counts.
_ONE_AT_A_TIME = 4_813_2029

_FOLD = """
    WITH taken AS (
        DELETE FROM count_change
        WHERE id IN (SELECT id FROM count_change ORDER BY id LIMIT :most)
        RETURNING name, key, change
    ), folded AS (
        INSERT INTO count_kept AS kept (name, key, number)
        SELECT name, key, sum(change) FROM taken GROUP BY name, key ORDER BY name, key
        ON CONFLICT (name, key) DO UPDATE SET number = kept.number + excluded.number
    )
    SELECT count(*) FROM taken
"""


def fold(*, most: int) -> int:
    """Fold some changes into their counts, the oldest first. Returns how many.

    Taken off and added in one statement: whoever reads sees each change once, before and after, and
    a process that dies in between has done nothing.
    """
    if db.session.connection().dialect.name != "postgresql":
        return 0
    lock = text(f"SELECT pg_try_advisory_xact_lock({_ONE_AT_A_TIME})")
    if not db.session.scalar(lock):
        return 0
    return int(db.session.scalar(text(_FOLD), {"most": most}) or 0)


def set_right(connection: Connection, counted: Counted, *, since: datetime) -> int:
    """Make a count what the rows say, of all that is kept for sure. Returns how many differed.

    What others change meanwhile they add to it themselves: the difference is one of one moment.
    """
    dialect = connection.dialect.name
    differing = differences_in_sql(counted, dialect, since=since)
    into = (
        f"INSERT INTO count_change (name, key, change) {differing} RETURNING key"
        if dialect == "postgresql"
        else f"INSERT INTO count_kept (name, key, number) {differing} "
        "ON CONFLICT (name, key) DO UPDATE SET number = number + excluded.number RETURNING key"
    )
    return len(connection.exec_driver_sql(into).all())


def note_differing(number: int) -> None:
    """Note how many counts differ from the rows, for the desk."""
    row = upsert(Count).values(name=DIFFERING, key="", number=number)
    db.session.execute(
        row.on_conflict_do_update(index_elements=["name", "key"], set_={"number": number})
    )


def let_go(*, now: datetime) -> None:
    """Delete counts by time that nobody looks back at, and those that came down to nothing."""
    by_time = [each.name for each in known() if each.is_by_time]
    old = Count.name.in_(by_time) & (Count.key < quarter_of(now - KEPT))
    db.session.execute(delete(Count).where(or_(old, Count.number == 0)))
