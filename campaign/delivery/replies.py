"""What a relay says of a message, and what that means for it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from campaign.verdicts import judging as judging
from campaign.verdicts.judging import Verdict


class Outcome(StrEnum):
    """What became of one attempt to send a message."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no such address"
    MAYBE_GONE = "maybe gone"
    # This mailbox takes no more within the hour, or its domain takes no more from us.
    LIMITED = "limited"
    DOMAIN_LIMITED = "domain limited"
    # The way to this recipient's domain is slow.
    SLOW = "slow"
    # The way to the relay is closed or slow.
    RELAY = "relay"

    @classmethod
    def _missing_(cls, value: object) -> "Outcome | None":
        """Read what a journal says that a sender of an earlier release left behind."""
        return {"left": cls.SENT, "lane": cls.RELAY}.get(str(value))


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
    """Tell what a refusal means for the message, and never more for the person than was said.

    4xx passes; throttling slows the way and not the person: that to the recipient's domain once a
    recipient was named, before that to the relay. What 5xx means, `judging.judge` tells.
    """
    if code == 421:
        return Outcome.RELAY
    if code in (432, 454) or (" 4.7.0" in f" {words}" and 400 <= code < 500):
        return Outcome.RELAY if stage == "MAIL" else Outcome.SLOW
    verdict = judging.judge(words, code=code)
    if verdict is Verdict.LIMITED:
        return _limited(stage, code, words)
    if 400 <= code < 500:
        return Outcome.LATER
    if stage == "MAIL":
        # It has heard of nobody but us.
        return Outcome.REFUSED
    if verdict is Verdict.SOFT and not (_IS_FULL.match(words) or judging.says_why(words)):
        # It explains nothing: it does not want this mail.
        return Outcome.REFUSED
    return _OUTCOMES.get(verdict, Outcome.REFUSED)


# "Exceeded storage allocation" (RFC 5321 section 4.2.3), or about the mailbox (RFC 3463).
_IS_FULL = re.compile(r"552|5\d\d[ -]5\.2\.")
_OUTCOMES = {
    Verdict.GONE: Outcome.NO_SUCH_ADDRESS,
    Verdict.MAYBE_GONE: Outcome.MAYBE_GONE,
    Verdict.SOFT: Outcome.LATER,
}
# A limit of one mailbox and not of ours: Exchange's hourly ones, and those who say so in words.
_OF_A_MAILBOX = re.compile(
    r"5\.2\.12[12]\b|\b(?:user|mailbox|recipient|account) (?:you are trying|is receiving"
    r"|has (?:received|exceeded))|\breceiv(?:ing|ed) (?:mail|messages|too)|\brecipient.{0,40}limit",
    re.IGNORECASE,
)


def _limited(stage: str, code: int, words: str) -> Outcome:
    """Tell who waits where a limit was reached: the mailbox, its domain, or all that we send."""
    if stage == "MAIL":
        return Outcome.RELAY
    if _OF_A_MAILBOX.search(words):
        return Outcome.LIMITED
    return Outcome.SLOW if code < 500 else Outcome.DOMAIN_LIMITED


def words_of(code: Any, words: Any) -> str:
    """Write a reply down on one line, as far as it is worth keeping."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return _one_line(f"{code} {text}")


def fault_of(trouble: BaseException) -> str:
    """Write a fault of the network down on one line."""
    return _one_line(f"{type(trouble).__name__}: {trouble}")


def _one_line(text: str) -> str:
    # A stranger's words: what cannot be shown is left out, and some of it no database takes.
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:400]
