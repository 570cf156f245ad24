"""Verbs of counts: fold changes in, set right what differs, and let go what nobody asks for."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, or_, text

from campaign.counts import triggers
from campaign.counts.models import Count
from campaign.counts.policy import KEPT
from campaign.counts.queries import DIFFERING, differences_in_sql
from campaign.counts.registry import Counted, known, quarter_of
from campaign.db import db, upsert

# What is noted under this differs in how it is kept at all.
TRIGGERS = "triggers"
# Two of the processes that fold would wait for each other's counts; two that mend, mend twice.
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


def count_anew(connection: Connection, kinds: Iterable[Counted], *, now: datetime) -> int:
    """Make counts what the rows say. Returns how many differed.

    What others change meanwhile they add by themselves: the difference is one of one moment.
    """
    wanted = list(kinds)
    dialect = connection.dialect.name
    if dialect == "postgresql":
        # Two at once would both add what is missing.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
    differing = differences_in_sql(wanted, dialect, now=now)
    into = (
        f"INSERT INTO count_change (name, key, change) {differing} RETURNING key"
        if dialect == "postgresql"
        else f"INSERT INTO count_kept (name, key, number) SELECT * FROM ({differing}) WHERE true "  # noqa: S608
        "ON CONFLICT (name, key) DO UPDATE SET number = number + excluded.number RETURNING key"
    )
    differed = len(connection.exec_driver_sql(into).all())
    names = [counted.name for counted in wanted]
    connection.execute(delete(Count).where(Count.name == DIFFERING, Count.key.in_(names)))
    return differed


def keep(connection: Connection) -> None:
    """Put the triggers on the tables that keep the counts, where they are missing or others."""
    if not triggers.are_in_place(connection):
        triggers.install(connection)
    connection.execute(delete(Count).where(Count.name == DIFFERING, Count.key == TRIGGERS))


def note_differing(what: str, number: int) -> None:
    """Note for the desk how many numbers of a kind differ from the rows."""
    row = upsert(Count).values(name=DIFFERING, key=what, number=number)
    db.session.execute(
        row.on_conflict_do_update(index_elements=["name", "key"], set_={"number": number})
    )


def let_go(*, now: datetime) -> None:
    """Delete counts by time that nobody looks back at, and those that came down to nothing."""
    by_time = [each.name for each in known() if each.is_by_time]
    old = Count.name.in_(by_time) & (Count.key < quarter_of(now - KEPT))
    db.session.execute(delete(Count).where(or_(old, Count.number == 0)))
