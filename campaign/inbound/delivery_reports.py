"""Reports by machines: mail that came back (RFC 3464, 6522, 6533), and complaints (RFC 5965)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser

from campaign.inbound.opening import clean, header, parts, plain_address, text_of
from campaign.verdicts.judging import Verdict, judge, says_why

# One mail of ours goes to one recipient; who reports on more than this means no good.
MOST_RECIPIENTS = 100

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]\d)")
_ADDRESS = re.compile(r"<?[^\s<>@\"']{1,64}@[^\s<>@\"']{1,255}>?")
_SENT_FROM = re.compile(r"bounces\+([^@>\s]{1,64})@", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<([^@>\s]{1,64})@")
_TO_LEAVE = re.compile(r"unsubscribe\+([^@>\s]{1,64})@", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """What a report says of one recipient. `is_guessed`: no machine-readable part said it."""

    addresses: tuple[str, ...]
    action: str
    status: str
    # As it was said, with the addresses in it.
    told: str
    is_guessed: bool = False

    def is_of(self, address: str) -> bool:
        """Tell whether it is this very address that failed.

        Of two that are named, the last one did: where it is another, the first leads there, and
        perhaps not only there.
        """
        return address in self.addresses and _is_same(address, self.addresses[-1])

    @property
    def words(self) -> str:
        """Give what was said as it is kept: without addresses."""
        return without_addresses(self.told)

    @property
    def verdict(self) -> Verdict:
        """Tell what it means (RFC 3464 section 2.3.3)."""
        if self.action in {"delayed", "delivered", "relayed", "expanded"}:
            return Verdict.NOTED
        return judge(self.told, status=self.status)

    @property
    def says_little(self) -> bool:
        """Tell whether neither a code nor the words tell why."""
        return self.verdict is Verdict.SOFT and not says_why(self.told)


@dataclass(frozen=True)
class Complaint:
    """A report that somebody called a mail of ours abuse; the tokens that may prove which."""

    kind: str
    messages: tuple[str, ...]
    unsubscribes: tuple[str, ...]


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
    status = _STATUS.search(header(block, "Status", most=60))
    return Failure(addresses, action, status[0] if status else "", words)


def _recipient(block: Message, name: str) -> str:
    # "rfc822; ada@example.org" (RFC 3464 section 2.3.1)
    return plain_address(header(block, name, most=400).rpartition(";")[2])


def _is_same(one: str, other: str) -> bool:
    # A server may name a host of its own, and leave out what stands behind a plus.
    name, _, domain = one.partition("@")
    called, _, place = other.partition("@")
    is_near = f".{place}".endswith(f".{domain}") or f".{domain}".endswith(f".{place}")
    return is_near and name.partition("+")[0] == called.partition("+")[0]


def without_addresses(words: str) -> str:
    """Give words in which no address stands: they are kept where addresses may not be."""
    return clean(_ADDRESS.sub("…", words), 300)


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
        kind=header(report, "Feedback-Type", most=40).lower(),
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
