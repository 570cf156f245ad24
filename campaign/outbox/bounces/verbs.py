"""Deeds about bounces: note that somebody is said to be gone, hold back a burst, decide on it."""

from datetime import datetime
from enum import StrEnum

from campaign.outbox.models import Message


class Standing(StrEnum):
    """What a report has brought about."""

    SUPPRESSED = "suppressed"
    HELD_BACK = "held back"
    COUNTED = "counted"


def report_gone(
    message: Message, *, words: str, is_certain: bool = True, now: datetime
) -> Standing:
    """Note that the recipient of a message is said to be gone, and tell what came of it.

    Suppresses them, unless many are said to be gone at once: then that waits for a person. What is
    not certain (`Verdict.MAYBE_GONE`) only counts: three messages over a week are certain.
    """
    raise NotImplementedError
