"""Exports: everybody we know as the CSV of `PROMISES`, written so that it can be read back.

Importing what was exported changes nothing.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from campaign.spreadsheets import guarded

COLUMNS = ("email", "name", "country", "city", "language", "newsletter", "tags", "reason")

# Why an address must not be written to, for other programs: by what the outbox says of it.
_WHY = {"bounce": "bounced", "complaint": "complained"}


class Line(NamedTuple):
    """One person, as the file has them.

    `newsletter` is yes, no, left or nothing; `reason` says why an address must not be written to,
    whatever its owner had agreed to: bounced, complained or never.
    """

    email: str
    name: str
    country: str
    city: str
    language: str
    newsletter: str
    tags: str
    reason: str = ""


def lines(people: Iterable[Line]) -> Iterator[str]:
    """Write people as CSV (RFC 4180), piece by piece; what would be run as a formula is text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for number, person in enumerate(people, 1):
        writer.writerow([guarded(cell) for cell in person])
        if number % 500 == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def status(*, has_joined: bool, has_left: bool, suppressed: str | None) -> tuple[str, str]:
    """Say how somebody stands to the newsletter, and why not where they must not be written to.

    `suppressed` is the outbox's reason. Nobody who must not be written to is said to subscribe:
    another program would mail them.
    """
    why = _WHY.get(suppressed, "never") if suppressed is not None else ""
    if has_left:
        return "left", why
    return ("no" if why else "yes" if has_joined else ""), why


def listed(tags: Iterable[str]) -> str:
    """Write tags into one cell; those that hold a comma themselves stand in quotes."""
    names = list(tags)
    if not any(sign in name for name in names for sign in ',;"'):
        return ", ".join(names)
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(names)
    return out.getvalue()
