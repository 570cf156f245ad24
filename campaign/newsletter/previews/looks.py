"""The craft of looking: a mail by day and by night, and the fields with an example of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from campaign.languages import force_locale
from campaign.mailings.rendering import is_card, offered
from campaign.outbox.fields import Recipient, known


class Look(StrEnum):
    """How a mail is looked at."""

    MAIL = "mail"
    PHONE = "phone"
    DARK = "dark"
    TEXT = "text"


def dressed(html: str, look: Look) -> str:
    """Give a mail's HTML as it looks by day or by night, however this screen is set."""
    is_dark = look is Look.DARK
    html = html.replace("(prefers-color-scheme: dark)", "all" if is_dark else "not all")
    return html.replace('content="light dark"', 'content="dark"' if is_dark else 'content="light"')


@dataclass(frozen=True)
class Offer:
    """A field as writers are told of it: its name, what it says, an example."""

    name: str
    label: Any
    example: str
    is_card: bool


def offers(language: str, *, now: datetime) -> list[Offer]:
    """List the fields a writer may use, each with what a reader in Berlin might see."""
    reader = Recipient(None, "Ada", language, "DE", None)
    fields = known()
    found = []
    with force_locale(language):
        for name in offered():
            value = fields[name].make(reader, now)
            found.append(Offer(name, fields[name].label, value.text, is_card(value)))
    return found
