"""What is counted: each room says it beside its tables, in SQL of a table's own columns.

    SEATS = counted(
        "event.seats",
        Source("sign_up", by="event_id", number="1 + guests", where="withdrawn_at IS NULL"),
        Source("event", by="id", number="erased_seats"),
    )

From this alone come the triggers that keep the number, and the query that counts the rows to check
it: so nothing can be counted in one way and checked in another.
"""

from dataclasses import dataclass
from datetime import datetime

from campaign.counts.models import LONGEST_KEY

# What is counted by time is counted by the quarter of an hour: the clocks of every zone stand so
# far apart that a day of theirs begins with one.
QUARTER = 900


@dataclass(frozen=True)
class Source:
    """Rows of a table that a count is made of: which, how much each is, and under which key."""

    table: str
    # The rows that count; of all, where it is empty.
    where: str = ""
    # How much a row counts.
    number: str = "1"
    # The key: a column, or another expression.
    by: str = ""
    # Instead of a key: the column with the moment under which a row counts.
    at: str = ""

    def key(self, dialect: str) -> str:
        """Give the key of a row, in SQL."""
        if not self.at:
            return f"CAST({self.by} AS VARCHAR({LONGEST_KEY}))" if self.by else "''"
        seconds = (
            f"floor(extract(epoch FROM {self.at}) / {QUARTER})::bigint"
            if dialect == "postgresql"
            else f"CAST(strftime('%s', {self.at}) AS INTEGER) / {QUARTER}"
        )
        return f"CAST({seconds} AS VARCHAR({LONGEST_KEY}))"

    @property
    def condition(self) -> str:
        """Say in SQL which rows count."""
        key = self.at or self.by
        return (
            " AND ".join(
                part
                for part in (
                    f"({self.where})" if self.where else "",
                    f"{key} IS NOT NULL" if key else "",
                )
                if part
            )
            or "1 = 1"
        )

    def rows(self, dialect: str, *, of: str = "", sign: str = "") -> str:
        """Give the query of the keys and numbers of rows: a table's, or others like them."""
        return (
            f"SELECT {self.key(dialect)} AS key, {sign}({self.number}) AS number "  # noqa: S608
            f"FROM {of or self.table} WHERE {self.condition}"
        )


@dataclass(frozen=True)
class Counted:
    """One kind of number that is kept."""

    name: str
    sources: tuple[Source, ...]

    @property
    def is_by_time(self) -> bool:
        """Tell whether its keys are quarters of an hour (`quarter_of`); the last are kept."""
        return any(source.at for source in self.sources)


_known: dict[str, Counted] = {}


def counted(name: str, *sources: Source) -> Counted:
    """Register what is counted, under a name that stays."""
    if name in _known:
        raise ValueError(f"two counts are called {name!r}")
    _known[name] = Counted(name, sources)
    return _known[name]


def known() -> list[Counted]:
    """List all that is counted."""
    return list(_known.values())


def quarter_of(moment: datetime) -> str:
    """Give the key under which a moment is counted."""
    return str(int(moment.timestamp()) // QUARTER)
