"""Bounces for people: what a mail server told in words, where no machine-readable part says it."""

import contextlib
import logging
import re
from collections.abc import Iterable
from email.message import Message

from flufl.bounce import all_failures

from campaign.inbound.delivery_reports import MOST_RECIPIENTS, Failure
from campaign.inbound.opening import (
    MOST_PARTS,
    address_in,
    first_text,
    header,
    open_mail,
    parts,
    plain_address,
)
from campaign.verdicts.judging import says_why

# The guesses of others are made of this much only: their patterns take their time.
GUESSED_FROM = 64 * 1024
# So much of what a mailer tells is looked at, and so many lines after an address are about it.
_TOLD = 40_000
_LINES = 30
_LONGEST = 1200
# An address that begins what is told of it stands near the line's beginning.
_MARGIN = 25

# What its guesses stumble over is no news: nothing but our own answer to it counts.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_MAILERS = re.compile(
    r"mailer-?daemon|post[-_]?master|mail-?daemon|mdaemon|double-?bounce|microsoftexchange\w*|"
    r"(?:bounce|mail-?delivery|maildelivery)s?(?:[-_.+].{0,60})?|.{0,40}mailer",
    re.IGNORECASE,
)
_SUBJECTS = re.compile(
    r"undeliver|non-?deliver|(?:could not|cannot|can't|couldn't|not) be delivered|"
    r"^(?:auto\w{0,9} )?reject|(?:delivery|delivered?|mail|"
    r"message)\b.{0,40}\b(?:fail|status|error|problem|report|"
    r"notif|return|reject|delay|suspen)|(?:fail|return|reject|bounce)\w*\b.{0,20}\b(?:mail|"
    r"message|deliver|notice|notif|to sender)|^(?:user|recipient) unknown|non-?remis|"
    r"non distribu|echec|échec|unzustellbar|nicht zustellbar|zustell|no se (?:pudo|puede) entregar|"
    r"no entregad|devuelto|não entregue|devolvid|mancata consegna|impossibile consegnare|"
    r"onbestelbaar|niet-? ?bezorg|недостав|не доставлен|возврат|niedostarcz|nie dostarcz|zwrot|"
    r"配信|不達|戻り|送信でき|エラー|退信|投递|无法投递|传送失败|반송|배달",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"(?:could not|cannot|can't|couldn't|not) be delivered|(?:was not|wasn't) delivered|"
    r"unable to deliver|(?:n't|not) able to deliver|"
    r"deliver\w{1,3} (?:\S{1,40} ){0,6}failed|送信できません|"
    r"konnte nicht zugestellt|n'a pas pu [eê]tre (?:d[eé]livr|remis|distribu)",
    re.IGNORECASE,
)
# What was said and done before the answer that counts, in the protocols that some give.
_PROTOCOL = re.compile(
    r"(?:[<>]{2,3} ?)?(?:2[25]0[- ]|354[- ]|(?:ehlo|helo|mail from:|data\b|quit\b))", re.IGNORECASE
)
# What begins with an address and is broken into lines goes on in those that stand further in.
_BEGINS = re.compile(r"<[^<>\s]{1,320}@[^<>\s]{1,320}>(?: \([^()]{0,400}\))?:\s?\S")
_PART = re.compile(r"--\S{10}|reporting-mta:", re.IGNORECASE)
# From here on a bounce gives back what it is about.
_RETURNED = re.compile(
    r"^[\s>]{0,9}(?:[-=_*+]{2,}.{0,20}(?:below this line|copy of|original|(?:un)?sent message|"
    r"message (?:header|text|body|follows)|returned|header|forwarded|begin|ursprüng|nachricht)"
    r"|(?:the )?(?:header|body|start|first part|text)s? of (?:the )?(?:original|undeliver|returned|"
    r"your) "
    r"|(?:return-path|received|dkim-signature|mime-version):\s?\S)",
    re.IGNORECASE,
)

_ADDRESS = re.compile(
    r"[^\s<>@\"'()\[\]:;,]{1,64}@[^\s<>@\"'()\[\]:;,]{1,254}[^\s<>@\"'()\[\]:;,.]"
)
_DELAYED = re.compile(
    r"do(?: not|n't) need to re-?send|no action is required on your part|will (?:continue|keep) "
    r"(?:to )?(?:try|retry)|warning message only|delivery attempts will continue|(?:has|have) not "
    r"yet been delivered|still (?:being|trying)|delivery (?:to .{1,200} )?(?:has been|was) delayed",
    re.IGNORECASE,
)


def is_from_mailer(message: Message) -> bool:
    """Tell whether a mail bears the signs of a mail server that gives a mail back."""
    local = address_in(message, "From").partition("@")[0]
    if header(message, "From").replace(" ", "") == "<>":
        return True
    if not local:
        # Old ones write "Mail Delivery Subsystem <MAILER-DAEMON>", without a domain.
        local = header(message, "From").rpartition("<")[2].strip(" <>").partition("@")[0]
    return (
        _MAILERS.fullmatch(local[:100]) is not None
        or "X-Failed-Recipients" in message
        or re.search(r"mail delivery|mailer", header(message, "From"), re.IGNORECASE) is not None
    )


def is_returned(message: Message) -> bool:
    """Tell whether its sender or its subject says that a mail came back."""
    return is_from_mailer(message) or _SUBJECTS.search(header(message, "Subject")) is not None


def words_in(message: Message) -> str:
    """Give so much of a mail's text as is looked at; of what has no parts that can be read, all."""
    return (first_text(message, most=_TOLD) or _unparted(message))[:_TOLD]


def tells_of_failure(text: str) -> bool:
    """Tell whether a mail begins as those of mail servers do that could not deliver one."""
    return _FAILED.search(text[:1000]) is not None


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
    named = sorted(set(named), key=lambda one: _words(one[0]))
    named += [(one.encode(), "5") for one in [address_in(message, "X-Failed-Recipients")] if one]
    lines = told(words_in(message))
    guesses: dict[str, Failure] = {}
    for found, digit in named[:MOST_RECIPIENTS]:
        address = plain_address(_words(found))
        if address and address not in guesses:
            words = _about(address, lines)
            guesses[address] = _failure((address,), f"{digit}.0.0", words, lines)
    return list(guesses.values())


def told(text: str) -> tuple[str, ...]:
    """Give the lines of a bounce before those of the mail that it gives back.

    Whom a line names that goes on with the one before is not the next recipient: mostly it is us.
    """
    lines: list[str] = []
    goes_on = False
    for line in text.splitlines():
        bare = line.strip()
        if goes_on and bare and line[0].isspace():
            lines[-1] = f"{lines[-1]} {bare}"[:_LONGEST]
            continue
        if _RETURNED.match(line[:200]) and lines:
            break
        if bare and not _PROTOCOL.match(bare):
            lines.append(bare[:_LONGEST])
        goes_on = _BEGINS.match(line[:1000]) is not None
    return tuple(lines)


def _unparted(message: Message) -> str:
    """Give the text of a mail whose parts cannot be told apart, with the marks between them."""
    with contextlib.suppress(Exception):
        return message.as_string().partition("\n\n")[2]
    return ""


def told_of(lines: tuple[str, ...], address: str) -> Failure | None:
    """Read what a mail server tells in words of one address; None where it does not name it."""
    words = _about(address, lines)
    return _failure((address,), "5.0.0", words, lines) if words else None


def told_of_nobody(lines: tuple[str, ...]) -> Failure | None:
    """Read why a mail came back, in words that name no address; None where they do not say it."""
    is_named = any(_ADDRESS.search(line) for line in lines)
    words = "" if is_named else next((line for line in lines if says_why(line)), "")
    return _failure((), "5.0.0", words, lines) if words else None


def _failure(
    addresses: tuple[str, ...], status: str, words: str, lines: tuple[str, ...]
) -> Failure:
    is_delayed = any(_DELAYED.search(line) for line in lines)
    action = "delayed" if is_delayed else "failed"
    return Failure(addresses, action, status, words, is_guessed=True)


def _words(found: bytes | str) -> str:
    return found.decode("ascii", "replace") if isinstance(found, bytes) else found


def _is_next(line: str, names: list[str], address: str) -> bool:
    """Tell whether a line begins what is told of another address."""
    return bool(names) and address not in names and line.lower().find(names[0]) < _MARGIN


def _about(address: str, lines: tuple[str, ...]) -> str:
    """Find what is told of an address: from its line to the next address's, or what tells why."""
    small = address.lower()
    named = [_ADDRESS.findall(line.lower()) for line in lines]
    at = [number for number, names in enumerate(named) if small in names]
    found = ""
    for number in at:
        said = [lines[number]]
        for line, names in zip(
            lines[number + 1 : number + _LINES], named[number + 1 :], strict=False
        ):
            # The next one's lines, or the next part where parts cannot be told apart.
            if _is_next(line, names, small) or _PART.match(line):
                break
            said.append(line)
        words = " ".join(said)[:_LONGEST]
        if says_why(words):
            return words
        found = max(found, words, key=len)
    is_alone = at and not any(name != small for names in named for name in names)
    why = (line for line in lines if is_alone and says_why(line))
    return next(why, found)
