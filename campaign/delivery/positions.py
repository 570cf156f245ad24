"""Positions: how far a sender has looked along what is due, so that it does not look there again.

On PostgreSQL whoever reads for long, a dump or a forgotten session, keeps the database from
forgetting what has left: each claim that began at the beginning would pass by all of it again.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")
# When a message is due, and its id: the order in which the index lies.
Position = tuple[datetime, int]
BEGINNING: Position = (datetime(1900, 1, 1, tzinfo=UTC), 0)


class Look:
    """A look that may be dear: then it is taken seldom, so that it costs a part of the time."""

    # A part of the time that looks may take, and the seconds below which one is not dear.
    SHARE, DEAR = 1 / 10, 0.02
    # Seconds after which it is taken whatever it costs.
    AT_LEAST_EVERY = 60.0

    def __init__(self) -> None:
        self._ended = 0.0
        # What the last two cost: one alone may have been somebody else's doing.
        self._costs = 0.0, 0.0

    @property
    def is_dear(self) -> bool:
        """Tell whether looking costs more than nothing."""
        return min(self._costs) >= self.DEAR

    def is_due(self) -> bool:
        """Tell whether to look now."""
        since = time.monotonic() - self._ended
        return not self.is_dear or since >= min(self._costs) / self.SHARE

    def is_overdue(self) -> bool:
        """Tell whether the last look was so long ago that it must be taken."""
        return time.monotonic() - self._ended >= self.AT_LEAST_EVERY

    def take(self, look: Callable[[], T]) -> T:
        """Look, and note what it cost."""
        began = time.monotonic()
        found = look()
        self._ended = time.monotonic()
        self._costs = self._costs[1], self._ended - began
        return found


class Positions:
    """How far one sender has looked: among the single messages, and in each batch."""

    # Batches that are kept in mind.
    MOST = 100

    def __init__(self) -> None:
        self._positions: dict[int | None, Position] = {}
        self._looks: dict[int | None, Look] = {}
        # Whether the last claim left out looking back: something may be due all the same.
        self.has_skipped = False

    def begin(self, batch_id: int | None) -> Position:
        """Tell from where to look: from the beginning, or where that is dear, from the position."""
        look = self._look(batch_id)
        if not look.is_dear or look.is_overdue():
            return BEGINNING
        return self._positions.get(batch_id, BEGINNING)

    def may_look_back(self, batch_id: int | None) -> bool:
        """Tell whether to look from the beginning where too little was found from the position on.

        What is released, or was saved late, lies before it.
        """
        may = self._look(batch_id).is_due()
        self.has_skipped = self.has_skipped or not may
        return may

    def look_back(self, batch_id: int | None, look: Callable[[], T]) -> T:
        """Look from the beginning, and note what that cost."""
        return self._look(batch_id).take(look)

    def note(self, batch_id: int | None, position: Position) -> None:
        """Note how far was looked."""
        self._positions[batch_id] = max(position, self._positions.get(batch_id, BEGINNING))

    def _look(self, batch_id: int | None) -> Look:
        if batch_id not in self._looks and len(self._looks) >= self.MOST:
            self._looks.clear()
            self._positions.clear()
        return self._looks.setdefault(batch_id, Look())
