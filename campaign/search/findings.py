"""What can be found: each room registers its own, in its `findable.py`, with how it reads."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any

# Rises when words are parted or folded otherwise than before: all is kept anew then.
EDITION = 1


@dataclass(frozen=True)
class Finding:
    """What is found of a thing: where it is, what it is called, and its words in plain text."""

    kind: str
    path: str
    title: str
    summary: str = ""
    text: str = ""
    language: str = ""
    # What it is looked for by, where that is not its title: many events have nearly the same one.
    names: str = ""
    # Where it is (ISO 3166-1), told at the end of its summary in the reader's language.
    country: str = ""
    day: date | None = None
    # When it is no longer ahead; None for what does not pass.
    until: datetime | None = None

    @property
    def digest(self) -> str:
        """Sum up all that it says: what has the same digest was not changed."""
        said = json.dumps([EDITION, *vars(self).values()], default=str)
        return sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Findable:
    """The rows of a table, and what is found of each: nothing while it is not for everyone."""

    name: str
    model: type[Any]
    findings: Callable[[Any], Iterable[Finding]]
    # What readers are told each kind of finding is (lazy strings).
    kinds: Mapping[str, Any]
    # The columns that say what is found; none named: any may.
    columns: frozenset[str] = frozenset()
    # Other tables of which a row is part of such a thing, and their column that says of which.
    parts: Mapping[type[Any], str] = field(default_factory=dict)


_known: dict[str, Findable] = {}


def findable(
    name: str,
    model: type[Any],
    *,
    kinds: Mapping[str, Any],
    columns: Iterable[str] = (),
    parts: Mapping[type[Any], str] | None = None,
) -> Callable[[Callable[[Any], Iterable[Finding]]], Callable[[Any], Iterable[Finding]]]:
    """Register a function that says what is found of a row; the name stands in the index."""
    if name in _known:
        raise ValueError(f"two things that are found are called {name!r}")

    def register(findings: Callable[[Any], Iterable[Finding]]) -> Any:
        _known[name] = Findable(name, model, findings, kinds, frozenset(columns), parts or {})
        return findings

    return register


def known() -> list[Findable]:
    """List all that the rooms let be found."""
    return list(_known.values())


def by_name(name: str) -> Findable:
    """Give what a room registered under a name."""
    return _known[name]


def kind_of(kind: str) -> Any:
    """Say to a reader what a kind of finding is; else its name."""
    return next((its.kinds[kind] for its in known() if kind in its.kinds), kind)
