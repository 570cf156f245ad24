"""Slugs: words as they stand in an address, which never changes once it is made."""

from collections.abc import Callable
from itertools import count

from slugify import slugify


def slug_of(words: str, *, most: int = 80) -> str:
    """Write words in small Latin letters, digits and hyphens: Łódź becomes lodz, Москва moskva.

    No longer than `most`, and cut between words; empty where nothing can be written so.
    """
    # Entities are left alone: what somebody typed is no HTML.
    return slugify(
        words, entities=False, decimal=False, hexadecimal=False, max_length=most, word_boundary=True
    )


def free_slug(wanted: str, *, most: int, is_taken: Callable[[str], bool]) -> str:
    """Give a slug that is nobody's yet: the wanted one, or with a number at its end."""
    tries = (wanted if n == 1 else _numbered(wanted, n, most) for n in count(1))
    return next(slug for slug in tries if not is_taken(slug))


def _numbered(wanted: str, n: int, most: int) -> str:
    end = f"-{n}"
    return wanted[: most - len(end)].rstrip("-") + end
