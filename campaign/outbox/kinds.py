"""The kinds of mail: each room registers those it writes, in its `mails.py`, with their words.

The name of a kind is in the rows of the outbox, so it stays; by it the office, the caps and what
takes a mail back find its messages.
"""

from typing import Any, NamedTuple, NewType

# Made by `kind` alone, so that no mail can be of a kind that nobody registered.
Kind = NewType("Kind", str)


class _Meaning(NamedTuple):
    words: Any
    is_private: bool
    is_caused_by_strangers: bool


_known: dict[str, _Meaning] = {}


def kind(
    name: str, words: Any, *, is_private: bool = False, is_caused_by_strangers: bool = False
) -> Kind:
    """Register a kind of mail under its name, with what the office calls it (a lazy string).

    `is_private` keeps what such mails say from the office, which still learns what became of them.
    `is_caused_by_strangers` is for mails that somebody can cause to an address that is not theirs:
    all of them count towards one cap.
    """
    if name in _known:
        raise ValueError(f"two kinds of mail are called {name!r}")
    _known[name] = _Meaning(words, is_private, is_caused_by_strangers)
    return Kind(name)


def name_of(kind: str) -> Any:
    """Say what a kind of mail is to somebody who has not read the code; else its name."""
    return _known[kind].words if kind in _known else kind


def is_private(kind: str) -> bool:
    """Tell whether what mails of a kind say is not for the office."""
    return kind in _known and _known[kind].is_private


def caused_by_strangers() -> list[Kind]:
    """List the kinds that somebody can cause to an address that is not theirs."""
    return [Kind(name) for name, its in _known.items() if its.is_caused_by_strangers]


def known() -> list[Kind]:
    """List all kinds that the rooms write, in the order of the alphabet."""
    return [Kind(name) for name in sorted(_known)]
