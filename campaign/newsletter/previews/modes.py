"""Modes of a preview: a mail, a phone, a dark screen, plain text; and the merge fields on offer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from campaign.languages import force_locale
from campaign.mailings.rendering import offered
from campaign.outbox.fields import Recipient, known


class Mode(StrEnum):
    """How a mail is shown."""

    MAIL = "mail"
    PHONE = "phone"
    DARK = "dark"
    TEXT = "text"


def with_colour_scheme(html: str, mode: Mode) -> str:
    """Give a mail's HTML in the light or the dark colour scheme, however this screen is set."""
    is_dark = mode is Mode.DARK
    html = html.replace("(prefers-color-scheme: dark)", "all" if is_dark else "not all")
    return html.replace('content="light dark"', 'content="dark"' if is_dark else 'content="light"')


@dataclass(frozen=True)
class Offer:
    """A merge field as writers are told of it: its name, what it says, an example."""

    name: str
    label: Any
    example: str
    is_card: bool


def offers(language: str, *, now: datetime) -> list[Offer]:
    """List the merge fields a writer may use, each with what a reader in Berlin might see."""
    reader = Recipient(None, "Ada", language, "DE", None)
    fields = known()
    found = []
    with force_locale(language):
        for name in offered():
            value = fields[name].make(reader, now)
            found.append(Offer(name, fields[name].label, value.text, value.is_card))
    return found
