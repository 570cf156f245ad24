"""What a relay says of a message, and what that means for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of one attempt to hand a message over."""

    LEFT = "left"
    LATER = "later"
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no such address"
    # The way to this recipient's domain is slow.
    SLOW = "slow"
    # The way to the relay is closed or slow.
    LANE = "lane"


@dataclass(frozen=True)
class Reply:
    """An outcome with the relay's own words, and whether the relay may have the message."""

    outcome: Outcome
    words: str
    is_uncertain: bool = False
    # Whether the relay had begun with this very message when the way closed. Then the trouble may
    # be the message's own, and it must not be first in the queue again.
    was_begun: bool = False


def said(stage: str, code: int, words: bytes) -> str:
    """Write a reply down with the stage it came at."""
    return f"{stage}: {words_of(code, words)}"


def judge(stage: str, code: int, words: str) -> Outcome:
    """Tell what a refusal means for the message (RFC 3463 codes before bare SMTP ones).

    4xx passes; a full mailbox passes; throttling slows the lane and not the person: that of the
    recipient's domain once a recipient was named, before that of the relay; a wrong address is a
    bounce; any other 5xx is about content or policy, and the person keeps their place.
    """
    if code == 421:
        return Outcome.LANE
    if code in (432, 454) or (" 4.7.0" in f" {words}" and 400 <= code < 500):
        return Outcome.LANE if stage == "MAIL" else Outcome.SLOW
    if 400 <= code < 500:
        return Outcome.LATER
    enhanced = words[4:].split(" ", 1)[0] if words[4:5] == "5" else ""
    if enhanced.startswith("5.2.2") or (code == 552 and not enhanced):
        return Outcome.LATER
    if stage == "RCPT" and (
        enhanced.startswith("5.1.") or (not enhanced and code in (550, 551, 553))
    ):
        return Outcome.NO_SUCH_ADDRESS
    return Outcome.REFUSED


def words_of(code: Any, words: Any) -> str:
    """Write a reply down on one line, as far as it is worth keeping."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return _one_line(f"{code} {text}")


def fault_of(trouble: BaseException) -> str:
    """Write a fault of the network down on one line."""
    return _one_line(f"{type(trouble).__name__}: {trouble}")


def _one_line(text: str) -> str:
    # A stranger's words: what cannot be shown is no letter of theirs, and some of it no database
    # takes.
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())[:400]
