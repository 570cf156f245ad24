"""Pages of a list of events: so many on each, one after the other, and never counted."""

from collections.abc import Callable
from dataclasses import dataclass

from campaign.events.models import Event
from campaign.events.policy import EVENTS_ON_A_PAGE
from campaign.events.queries import Narrowed
from campaign.paging import Stepper


@dataclass(frozen=True)
class EventPage(Stepper):
    """One page of a list of events."""

    events: list[Event]
    has_next: bool
    # Gives the address of the list; told a `page`, that of a page of it.
    address: Callable[..., str]

    @property
    def is_all(self) -> bool:
        """Tell whether this page is the whole list."""
        return not self.has_next and not self.has_previous

    def address_of(self, number: int) -> str:
        """Give the address of a page of the same list."""
        return self.address(page=number) if number > 1 else self.address()


def page_of(narrowed: Narrowed, number: int, *, address: Callable[..., str]) -> EventPage | None:
    """Give a page of some events; None where the list has ended before, but for the first."""
    if number < 1:
        return None
    # One more than is shown tells whether there is a page after.
    events = narrowed.some(EVENTS_ON_A_PAGE + 1, after=(number - 1) * EVENTS_ON_A_PAGE)
    if not events and number > 1:
        return None
    return EventPage(number, events[:EVENTS_ON_A_PAGE], len(events) > EVENTS_ON_A_PAGE, address)
