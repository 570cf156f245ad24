"""Placeholders: what stands in a text while it is rendered, wherever its mails differ.

A template is given a placeholder where it would be given a name or a token. What comes out of it
may hold anything that organisers wrote, so a placeholder is known by a mark that is made anew for
each rendering, and only what bears it becomes a field (`outbox.fields`); braces that somebody
typed stay braces.
"""

import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.outbox.fields import FIELD

if TYPE_CHECKING:
    from campaign.outbox.mail import Content

# Two braces that somebody typed, as a text has them: the field whose value they are.
BRACES = "{{ braces }}"
_SPACE_LEFT = 3


class Placeholders:
    """The placeholders of one text: called with the name of a field it gives that field's."""

    def __init__(self) -> None:
        # Letters and digits: nothing that a template, an address or a calendar would escape.
        self._mark = f"Q{secrets.token_hex(6)}"
        self._meant: list[str] = []
        self._hole = re.compile(rf"{self._mark}(\d{{{_SPACE_LEFT}}})")

    def __call__(self, name: str) -> str:
        """Give what stands for the value of a field."""
        return self._made(f"{{{{ {name} }}}}")

    def keep(self, text: str) -> str:
        """Let the fields that a text names be fields, as in a mail to many."""
        return FIELD.sub(lambda found: self._made(found[0]), text)

    def _made(self, meant: str) -> str:
        if meant not in self._meant:
            self._meant.append(meant)
        return f"{self._mark}{self._meant.index(meant):0{_SPACE_LEFT}d}"

    def close(self, content: "Content") -> "Content":
        """Write a rendered text as it is kept: its placeholders as fields, all else as it is."""
        return replace(
            content,
            subject=self._closed(content.subject),
            text=self._closed(content.text),
            html=self._closed(content.html),
            sender_name=self._closed(content.sender_name),
            reply_to=self._closed(content.reply_to),
            headers={name: self._closed(value) for name, value in content.headers.items()},
            calendar="\r\n".join(map(self._closed_line, _lines(content.calendar))),
        )

    def _closed(self, text: str) -> str:
        kept = text.replace("{{", BRACES)
        return self._hole.sub(lambda found: self._meant[int(found[1])], kept)

    def _closed_line(self, line: str) -> str:
        """Close a line of a calendar: with a field in it, it is folded once that is filled."""
        whole = line.replace("\r\n ", "")
        return line if (closed := self._closed(whole)) == whole else closed


def _lines(calendar: str) -> list[str]:
    """Part a calendar into its content lines (RFC 5545 section 3.1), each folded as it is."""
    return re.split(r"\r\n(?! )", calendar)
