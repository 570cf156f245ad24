"""A stopwatch: what one sender's time goes into, by what it waits for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

WAITS = ("relay", "rate", "database")


class Stopwatch:
    """Counts seconds of waiting by their kind; all other time is work of the processor."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._waited = dict.fromkeys(WAITS, 0.0)

    @property
    def seconds(self) -> float:
        """Tell how long it has run since it was read."""
        return time.monotonic() - self._began

    def add(self, kind: str, seconds: float) -> None:
        """Count seconds of waiting that were measured elsewhere."""
        self._waited[kind] += seconds

    @contextmanager
    def waiting(self, kind: str) -> Iterator[None]:
        """Count what is done within as waiting of a kind."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.add(kind, time.monotonic() - began)

    def read(self) -> dict[str, float]:
        """Give the seconds by kind, the processor's among them, and begin anew."""
        total, waited = self.seconds, self._waited
        self._began += total
        self._waited = dict.fromkeys(WAITS, 0.0)
        return {**waited, "processor": max(total - sum(waited.values()), 0.0)}
