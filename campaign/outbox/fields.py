"""Fields: what a text leaves open for each reader, offered by any room, filled at sending.

A text names a field as `{{ name }}`, or as `{{ name | friend }}` with what stands there where the
reader has no value. A room offers a field with `@field`; the sender asks for its value once for
all readers who are alike in what the value goes by. A name that no room offers is that of a value
which the message itself brings along (`Recipient.fields`), as single mails do.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple


class Recipient(NamedTuple):
    """What a field may know of the reader, and of the mail they get.

    `city_id` is a city of `places.cities`, `about_id` the thing the mail is about, such as an
    event; either may be None. `fields` are the values of this one mail (`outbox.mail.Mail`).
    """

    person_id: int | None
    name: str
    language: str
    country: str
    city_id: int | None
    about_id: int | None = None
    email: str = ""
    fields: Mapping[str, Any] = MappingProxyType({})


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


Make = Callable[[Recipient, datetime], Value]

# What single mails alone have: made of the values that each brings along.
_of_mails: dict[str, Field] = {}


def field_of_mails(name: str) -> Callable[[Make], Make]:
    """Offer a field to single mails alone: made of the mail's own values, and secret.

    It reads no rows and asks for no translation. Nobody who writes to many is offered it.
    """

    def register(make: Make) -> Make:
        _of_mails[name] = Field(name, "", (), make, is_hidden=True, is_plain=True)
        return make

    return register


def find(name: str) -> Field:
    """Give the field of a name: one that a room offers, or the mail's own value of that name.

    Asked for the value of a name that is neither, it raises `KeyError`.
    """
    return (
        _fields.get(name)
        or _of_mails.get(name)
        or Field(name, "", (), _own_value(name), is_plain=True)
    )


def _own_value(name: str) -> Make:
    return lambda reader, now: Value(str(reader.fields[name]))


# Two braces that somebody typed, as a text has them (`placeholders`).
_of_mails["braces"] = Field("braces", "", (), lambda reader, now: Value("{{"), is_plain=True)


def named_in(*texts: str) -> set[str]:
    """Name the fields that texts ask for."""
    return {found[1] for text in texts for found in FIELD.finditer(text)}
