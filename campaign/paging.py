"""Paging: one page of a longer list, and the addresses of those beside it."""

from dataclasses import dataclass

# So many rows stand on a page of the office's lists.
PAGE_SIZE = 50
# So many rows are counted; what lies beyond is "more than 1,000".
MOST_COUNTED = 1_000
# So far a list can be leafed through; who looks for what lies beyond searches or downloads.
MOST_SHOWN = 5_000


@dataclass(frozen=True)
class Stepper:
    """One page of a list that is not counted: whoever extends it gives addresses and `has_next`."""

    number: int

    @property
    def has_previous(self) -> bool:
        """Tell whether there is a page before."""
        return self.number > 1

    @property
    def previous_url(self) -> str:
        """Give the address of the page before."""
        return self.address_of(self.number - 1)

    @property
    def next_url(self) -> str:
        """Give the address of the page after."""
        return self.address_of(self.number + 1)

    def address_of(self, number: int) -> str:
        """Give the address of a page of the same list."""
        raise NotImplementedError


@dataclass(frozen=True)
class Pager(Stepper):
    """One page of a list that is counted, ready for `pager` of `macros/lists.html`."""

    pages: int
    total: int

    @property
    def has_next(self) -> bool:
        """Tell whether there is a page after."""
        return self.number < self.pages


def pages_of(total: int, *, size: int) -> int:
    """Count the pages of a list; an empty one has one page too."""
    return max(1, -(-total // size))


def nearest_page(number: int, pages: int) -> int:
    """Give a page itself, or the nearest that there is."""
    return min(max(number, 1), pages)
