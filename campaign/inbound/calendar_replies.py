"""The answer of a calendar to an invitation (RFC 5546 section 3.2.3): whether somebody comes.

`meaning_of` says what yes, no and maybe do to a sign-up.
"""

import re
from dataclasses import dataclass
from email.message import Message
from enum import Enum, auto

from campaign.events.sign_ups.models import SignUp
from campaign.inbound.opening import clean, parts, plain_address, text_of

LARGEST_CALENDAR = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """Who says what to which invitation; `sequence` is None where it is not said."""

    uid: str
    sequence: int | None
    attendee: str
    says: str


class Meaning(Enum):
    """What an answer does to a sign-up."""

    YES = auto()
    NO = auto()
    # Whoever signed up is asked first: the mail does not say to come from them.
    NO_UNPROVEN = auto()
    # Such as a maybe: the place is kept.
    NOTHING_NEW = auto()
    UNCLEAR = auto()


def meaning_of(says: str, *, is_theirs: bool, is_active: bool) -> Meaning:
    """Tell what an answer does to a sign-up that holds a place (`is_active`), or no longer.

    `is_theirs` is whether the mail says to come from who signed up.
    """
    match says:
        case "DECLINED":
            return Meaning.NO if is_theirs or not is_active else Meaning.NO_UNPROVEN
        case "ACCEPTED" if is_theirs and is_active:
            return Meaning.YES
        case "ACCEPTED" | "TENTATIVE" if is_active:
            return Meaning.NOTHING_NEW
    return Meaning.UNCLEAR


def is_about(answer: Answer, sign_up: SignUp) -> bool:
    """Tell whether an answer is of this person, to this event, as it was sent last."""
    newest = sign_up.event.sequence + sign_up.revisions
    return (
        answer.attendee == sign_up.person.email
        and answer.uid == sign_up.event.uid
        and (answer.sequence is None or answer.sequence >= newest)
    )


def answer_in(message: Message) -> Answer | None:
    """Find the answer in a mail: a REPLY about one event by one attendee, or else None."""
    for part in parts(message):
        if part.get_content_type() in {"text/calendar", "application/ics"}:
            return read(text_of(part, most=LARGEST_CALENDAR))
    return None


def read(text: str) -> Answer | None:
    """Read an answer. Only five properties count, so no whole calendar is made of it."""
    properties = [_parted(line) for line in _unfolded(text)]
    values = {name: value for name, _, value in reversed(properties)}
    attendees = [one for one in properties if one[0] == "ATTENDEE"]
    events = [one for one in properties if one[0] == "BEGIN" and one[2].upper() == "VEVENT"]
    if values.get("METHOD", "").upper() != "REPLY" or len(attendees) != 1 or len(events) != 1:
        return None
    _, parameters, address = attendees[0]
    says = re.search(r";PARTSTAT=\"?([A-Z-]{1,20})", parameters, re.IGNORECASE)
    sequence = values.get("SEQUENCE", "")
    return Answer(
        uid=clean(values.get("UID", ""), 255),
        sequence=int(sequence) if re.fullmatch(r"[0-9]{1,9}", sequence) else None,
        attendee=plain_address(re.sub(r"^mailto:", "", address, flags=re.IGNORECASE)),
        says=says[1].upper() if says else "",
    )


def _unfolded(text: str) -> list[str]:
    """Give the content lines (RFC 5545 section 3.1)."""
    return re.sub(r"\r?\n[ \t]", "", text).splitlines()


def _parted(line: str) -> tuple[str, str, str]:
    """Part a content line into its name, its parameters and its value."""
    is_quoted = False
    for at, character in enumerate(line[:2000]):
        if character == '"':
            is_quoted = not is_quoted
        elif character == ":" and not is_quoted:
            name, semicolon, rest = line[:at].partition(";")
            return name.strip().upper(), semicolon + rest, line[at + 1 :].strip()
    return "", "", ""
