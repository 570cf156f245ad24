"""What a mail says to one reader: its text with the values of its fields, as it is read here."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from campaign.outbox.calendar_lines import CalendarLines
from campaign.outbox.fields import FIELD, Field, Recipient, Value, find
from campaign.outbox.mail import Content

Make = Callable[[Field, Recipient, datetime], Value]


def _made(field: Field, reader: Recipient, now: datetime) -> Value:
    return field.make(reader, now)


def fill(
    text: str, reader: Recipient, *, is_html: bool = False, now: datetime, make: Make = _made
) -> str:
    """Put a reader's values into the fields of a text, as the sender does; all else stays.

    So does a field that nobody offers.
    """

    def value(found: re.Match[str]) -> str:
        try:
            made = make(find(found[1]), reader, now)
        except KeyError:
            return found[0]
        made = made if made.text else Value(found[2] or "")
        if not is_html:
            return made.text
        return html.escape(made.text) if made.html is None else made.html

    return FIELD.sub(value, text)


def filled(content: Content, reader: Recipient, *, now: datetime) -> Content:
    """Give what a mail says to one reader, every field of it filled."""

    def put(text: str) -> str:
        return fill(text, reader, now=now)

    return replace(
        content,
        subject=put(content.subject),
        text=put(content.text),
        html=fill(content.html, reader, is_html=True, now=now),
        sender_name=put(content.sender_name),
        reply_to=put(content.reply_to),
        headers={name: put(value) for name, value in content.headers.items()},
        calendar=CalendarLines(content.calendar).fill(put).decode(),
    )
