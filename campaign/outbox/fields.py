"""Fields: what a mail to many leaves open for each reader, offered by any room, filled at sending.

A text names a field as `{{ name }}`, or as `{{ name | friend }}` with what stands there where the
reader has no value. A room offers a field with `@field`; the sender asks for its value once for
all readers who are alike in what the value goes by.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


class Recipient(NamedTuple):
    """What a field may know of the reader, and of the mail they get.

    `city_id` is a city of `places.cities`, `about_id` the thing the mail is about, such as an
    event; either may be None.
    """

    person_id: int | None
    name: str
    language: str
    country: str
    city_id: int | None
    about_id: int | None = None


@dataclass(frozen=True)
class Value:
    """What stands in the place of a field: plain text, and HTML where it is more than the text."""

    text: str
    html: str | None = None

    @property
    def is_card(self) -> bool:
        """Tell whether it is more than a line of words, so that it needs a paragraph to itself."""
        return bool(self.html and _BLOCK.search(self.html))


_BLOCK = re.compile(r"<(?:div|p|table|ul|ol|h[1-6]|section|article|figure|blockquote)\b")


@dataclass(frozen=True)
class Field:
    """A field: its name, what it says to organisers, what its value goes by, how it is made.

    `by` names the attributes of `Recipient` the value depends on, the language aside. A field that
    `is_hidden` is for our own templates and is not offered to who writes. One that `is_plain` reads
    no rows and asks for no translation at the moment of sending, so it costs next to nothing.
    """

    name: str
    label: Any
    by: tuple[str, ...]
    make: Callable[[Recipient, datetime], Value]
    is_hidden: bool = False
    is_plain: bool = False


_fields: dict[str, Field] = {}

FIELD = re.compile(r"\{\{\s*([a-z_]+)\s*(?:\|\s*([^{}\r\n]{0,80}?)\s*)?\}\}")


def field(
    name: str,
    label: Any,
    *,
    by: tuple[str, ...] = (),
    is_hidden: bool = False,
    is_plain: bool = False,
) -> Callable[[Callable[[Recipient, datetime], Value]], Callable[[Recipient, datetime], Value]]:
    """Offer a field. The function gives its value for a reader at a moment, in their language.

    It is called outside any transaction that writes, with the reader's locale set; an empty text
    lets the writer's own default stand.
    """

    def register(
        make: Callable[[Recipient, datetime], Value],
    ) -> Callable[[Recipient, datetime], Value]:
        _fields[name] = Field(name, label, by, make, is_hidden, is_plain)
        return make

    return register


def known() -> dict[str, Field]:
    """Give every field that a room offers, by its name."""
    return dict(_fields)


def named_in(*texts: str) -> set[str]:
    """Name the fields that texts ask for."""
    return {found[1] for text in texts for found in FIELD.finditer(text)}
