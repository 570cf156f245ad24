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
            piece if isinstance(piece, bytes) else folded(safe_header(fill(piece))).encode()
            for piece in self._pieces
        )


def folded(line: str) -> str:
    """Fold a line to 75 octets and tear no letter (RFC 5545 section 3.1), nor an escape."""
    if line.isascii() and "\\" not in line:
        if len(line) <= LINE:
            return line
        # What goes on begins with a space.
        most = LINE - 1
        rest = (line[at : at + most] for at in range(LINE, len(line), most))
        return "\r\n ".join((line[:LINE], *rest))
    raw, parts, most = line.encode(), [], LINE
    while len(raw) > most:
        end = most
        while raw[end] & 0xC0 == 0x80:
            end -= 1
        # Of backslashes every second one is escaped itself.
        end -= (end - len(raw[:end].rstrip(b"\\"))) % 2
        parts.append(raw[:end])
        raw, most = raw[end:], LINE - 1
    return b"\r\n ".join((*parts, raw)).decode()
