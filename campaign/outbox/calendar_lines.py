"""The lines of a calendar with placeholders: filled, folded and escaped for each who is invited."""

from collections.abc import Callable

from campaign.outbox.fields import FIELD
from campaign.outbox.mail_headers import safe_header

# A content line has so many octets at most, without its line end (RFC 5545 section 3.1).
LINE = 75

# What fills the fields of a line.
Fill = Callable[[str], str]


class CalendarLines:
    """The lines of a calendar, of which those with a field are written anew for each reader."""

    def __init__(self, calendar: str) -> None:
        self._pieces: list[bytes | str] = []
        plain: list[str] = []
        for line in calendar.split("\r\n"):
            if FIELD.search(line):
                self._pieces += ["\r\n".join([*plain, ""]).encode(), line]
                plain = [""]
            else:
                plain.append(line)
        self._pieces.append("\r\n".join(plain).encode())

    def fill(self, fill: Fill) -> bytes:
        """Write the calendar of one reader. Raises `UnsafeHeader` for a value with a line end."""
        return b"".join(
            piece if isinstance(piece, bytes) else folded(safe_header(fill(piece)))
            for piece in self._pieces
        )


def folded(line: str) -> bytes:
    """Fold a content line; never within a character, nor within an escape."""
    whole = line.encode()
    if len(whole) <= LINE:
        return whole
    pieces, begin, room = [], 0, LINE
    while len(whole) - begin > room:
        end = begin + room
        while whole[end] & 0xC0 == 0x80 or _ends_in_escape(whole[begin:end]):
            end -= 1
        pieces.append(whole[begin:end])
        # The space that opens a folded line counts.
        begin, room = end, LINE - 1
    return b"\r\n ".join([*pieces, whole[begin:]])


def _ends_in_escape(piece: bytes) -> bool:
    return (len(piece) - len(piece.rstrip(b"\\"))) % 2 == 1
