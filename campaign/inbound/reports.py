"""Reports by machines: mail that came back (RFC 3464, 6522, 6533), and complaints (RFC 5965)."""

import contextlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from enum import StrEnum

from flufl.bounce import all_failures

from campaign.inbound.opening import (
    MOST_PARTS,
    address_in,
    clean,
    first_text,
    header,
    open_mail,
    parts,
    plain_address,
    text_of,
)

# One mail of ours goes to one recipient; who reports on more than this means no good.
MOST_RECIPIENTS = 100
# The guesses of others are made of this much only: their patterns take their time.
GUESSED_FROM = 64 * 1024

# What its guesses stumble over is no news: nothing but our own answer to it counts.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]\d)")
_ADDRESS = re.compile(r"<?[^\s<>@\"']{1,64}@[^\s<>@\"']{1,255}>?")
_UNKNOWN_USER = re.compile(
    r"(?:user|recipient|mailbox|account|address|alias)[^.\n]{0,60}"
    r"(?:unknown|not (?:found|exist|known|listed|recogni[sz]ed)|does(?: not|n't) exist|invalid|"
    r"disabled|no longer|unavailable)"
    r"|(?:no such|unknown|invalid|non-?existent|not a valid) (?:user|recipient|mailbox|address|"
    r"account|person|local)"
    r"|no mailbox (?:here )?by that name|does not have an account|has been deactivated",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(r"bounces\+([^@>\s]{1,64})@", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<([^@>\s]{1,64})@")
_TO_LEAVE = re.compile(r"unsubscribe\+([^@>\s]{1,64})@", re.IGNORECASE)


class Verdict(StrEnum):
    """What a report on a recipient means."""

    # The address is no more: a hard bounce.
    GONE = "gone"
    # It did not arrive this time, such as in a full mailbox: a soft bounce.
    SOFT = "soft"
    # The other side did not want this mail; the address itself is sound.
    REFUSED = "refused"
    # It arrived, or is still on its way.
    NOTED = "noted"


@dataclass(frozen=True)
class Failure:
    """What a report says of one recipient. `is_guessed`: no machine-readable part said it."""

    addresses: tuple[str, ...]
    action: str
    status: str
    words: str
    is_guessed: bool = False

    @property
    def verdict(self) -> Verdict:
        """Tell what it means."""
        return judge(self.action, self.status, self.words)


@dataclass(frozen=True)
class Complaint:
    """A report that somebody called a mail of ours abuse; the tokens that may prove which."""

    kind: str
    messages: tuple[str, ...]
    unsubscribes: tuple[str, ...]


def judge(action: str, status: str, words: str) -> Verdict:
    """Tell what an action and an enhanced status code mean (RFC 3464 section 2.3.3, RFC 3463).

    Wrong and disabled addresses are gone. Mails refused for what they say or whence they come
    are not held against the address. All other failures may pass.
    """
    if action in {"delayed", "delivered", "relayed", "expanded"} or status.startswith("2."):
        return Verdict.NOTED
    if status.startswith("4."):
        return Verdict.SOFT
    # 5.1.7 and 5.1.8 are about the sender's address.
    if status in {"5.1.7", "5.1.8", "5.2.3", "5.3.4"} or status.startswith(("5.6.", "5.7.")):
        return Verdict.REFUSED
    if status.startswith("5.1.") or status == "5.2.1":
        return Verdict.GONE
    # Many say "unknown user" under a code that says nothing.
    says_little = status in {"", "5.0.0", "5.3.0", "5.4.1", "5.5.0"}
    if says_little and _UNKNOWN_USER.search(words):
        return Verdict.GONE
    return Verdict.SOFT


def failures(message: Message) -> list[Failure]:
    """Read the machine-readable part of a delivery report; an empty list where there is none."""
    for part in parts(message):
        match part.get_content_type():
            case "message/delivery-status":
                blocks = part.get_payload()
                return _failures(blocks if isinstance(blocks, list) else [])
            case "message/global-delivery-status":
                return _failures(_blocks(part))
    return []


def _blocks(part: Message) -> list[Message]:
    """Parse what the library takes for one mail: groups of fields with empty lines between."""
    held = part.get_payload()
    first = held[0] if isinstance(held, list) and held else part
    text = text_of(first) if isinstance(first, Message) else ""
    groups = re.split(r"\n\s*\n", text.replace("\r\n", "\n"), maxsplit=MOST_RECIPIENTS)
    return [HeaderParser().parsestr(group) for group in groups[:MOST_RECIPIENTS]]


def _failures(blocks: Iterable[object]) -> list[Failure]:
    found = []
    for _, block in zip(range(MOST_RECIPIENTS + 1), blocks, strict=False):
        if isinstance(block, Message) and (one := _failure(block)):
            found.append(one)
    return found


def _failure(block: Message) -> Failure | None:
    """Read the fields about one recipient; the fields about the report itself name none."""
    named = (_recipient(block, name) for name in ("Original-Recipient", "Final-Recipient"))
    addresses = tuple(dict.fromkeys(address for address in named if address))
    action = (header(block, "Action", most=20).lower().split() or [""])[0]
    if not addresses and not action:
        return None
    words = re.sub(r"^\s*[\w-]{1,20};\s*", "", header(block, "Diagnostic-Code", most=1000))
    status = _status(header(block, "Status", most=60), words)
    return Failure(addresses, action, status, without_addresses(words))


def _recipient(block: Message, name: str) -> str:
    # "rfc822; ada@example.org" (RFC 3464 section 2.3.1)
    return plain_address(header(block, name, most=400).rpartition(";")[2])


def _status(said: str, words: str) -> str:
    """Give the status code, or the one among the words where the code itself says nothing."""
    found = _STATUS.search(said)
    status = found[0] if found else ""
    if not status or status.endswith(".0.0"):
        nearer = _STATUS.search(words)
        if nearer and (not status or nearer[1] == status[0]):
            return nearer[0]
    return status


def without_addresses(words: str) -> str:
    """Give words in which no address stands: they are kept where addresses may not be."""
    return clean(_ADDRESS.sub("…", words), 300)


def guessed_failures(raw: bytes) -> list[Failure]:
    """Guess from the words of a bounce without a machine-readable part, as mailing lists do."""
    message = open_mail(raw, most=GUESSED_FROM)
    passing: Iterable[bytes] = ()
    lasting: Iterable[bytes] = ()
    if len(list(parts(message))) < MOST_PARTS:
        # The edge of another program, on whose guesses nothing depends.
        with contextlib.suppress(Exception):
            passing, lasting = all_failures(message)
    named = [(found, "5") for found in lasting] + [(found, "4") for found in passing]
    named += [(one.encode(), "5") for one in [address_in(message, "X-Failed-Recipients")] if one]
    text = first_text(message)[:20_000]
    guesses: dict[str, Failure] = {}
    for found, digit in named[:MOST_RECIPIENTS]:
        address = plain_address(_words(found))
        if address and address not in guesses:
            status, words = _said(text, digit)
            guesses[address] = Failure((address,), "failed", status, words, is_guessed=True)
    return list(guesses.values())


def _words(found: bytes | str) -> str:
    return found.decode("ascii", "replace") if isinstance(found, bytes) else found


def _said(text: str, digit: str) -> tuple[str, str]:
    """Find the line that tells why: the one with a status code, or that speaks of the user."""
    for line in text.splitlines():
        found = _STATUS.search(line)
        if found and found[1] == digit:
            return found[0], without_addresses(line)
    for line in text.splitlines():
        if _UNKNOWN_USER.search(line[:500]):
            return f"{digit}.0.0", without_addresses(line)
    return f"{digit}.0.0", ""


def complaint(message: Message) -> Complaint | None:
    """Read a feedback report, with the tokens of the mail that it is about; None where it is none.

    Many who send such reports black out the recipient, so a token is all that tells.
    """
    fields = next(
        (part for part in parts(message) if part.get_content_type() == "message/feedback-report"),
        None,
    )
    if fields is None:
        return None
    held = fields.get_payload()
    report = held[0] if isinstance(held, list) and held else None
    if not isinstance(report, Message):
        report = HeaderParser().parsestr(text_of(fields))
    originals = [one for part in parts(message) if (one := _original(part)) is not None][:3]
    sent_from = [header(report, "Original-Mail-From", most=400)]
    sent_from += [header(one, "Return-Path", most=400) for one in originals]
    ids = [header(one, "Message-ID", most=400) for one in originals]
    to_leave = [header(one, "List-Unsubscribe", most=1000) for one in originals]
    return Complaint(
        kind=header(report, "Feedback-Type", most=40).lower() or "abuse",
        messages=_tokens(_SENT_FROM, sent_from) + _tokens(_MESSAGE_ID, ids),
        unsubscribes=_tokens(_TO_LEAVE, to_leave),
    )


def referred_to(message: Message) -> tuple[str, ...]:
    """Give the tokens of the mails that a mail answers (RFC 5322 section 3.6.4), nearest first."""
    named = [header(message, "In-Reply-To", most=400), header(message, "References", most=4000)]
    return tuple(dict.fromkeys(_tokens(_MESSAGE_ID, named[:1]) + _tokens(_MESSAGE_ID, named)[::-1]))


def _tokens(pattern: re.Pattern[str], texts: list[str]) -> tuple[str, ...]:
    return tuple(found[1].lower() for text in texts for found in pattern.finditer(text))


def _original(part: Message) -> Message | None:
    """Give the headers of the mail that a report returns, in either way it may."""
    match part.get_content_type():
        case "message/rfc822" | "message/global":
            held = part.get_payload()
            one = held[0] if isinstance(held, list) and held else None
            return one if isinstance(one, Message) else None
        case "text/rfc822-headers":
            return message_from_bytes(text_of(part).encode("utf-8", "replace"))
    return None
