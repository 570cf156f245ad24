"""The answer of a calendar to an invitation (RFC 5546 section 3.2.3): whether somebody comes."""

import re
from dataclasses import dataclass
from email.message import Message

from campaign.inbound.opening import clean, parts, plain_address, text_of

LARGEST_CALENDAR = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """Who says what to which invitation; `sequence` is None where it is not said."""

    uid: str
    sequence: int | None
    attendee: str
    says: str


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
