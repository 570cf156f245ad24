"""The clock: the one place that asks what time it is; doors read it and tell everyone else."""

from datetime import UTC, datetime


def now() -> datetime:
    """Tell the present moment, aware and in UTC."""
    return datetime.now(UTC)
