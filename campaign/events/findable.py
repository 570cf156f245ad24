"""What is found of days of action and of events, in whatever language their places are called."""

from collections.abc import Iterator

from campaign import markup
from campaign.events.models import Action, Event
from campaign.events.place_search import called_at_home
from campaign.folding import fold, fold_name
from campaign.languages import lazy_gettext as _l
from campaign.languages import names_of_country
from campaign.places import cities
from campaign.search.findings import Finding, findable
from campaign.templating import public_path


@findable(
    "action",
    Action,
    kinds={"action": _l("Day of action")},
    columns=("slug", "title", "summary", "day"),
)
def of_action(action: Action) -> Iterator[Finding]:
    """Say what is found of a day of action."""
    yield Finding(
        kind="action",
        path=public_path("events.action", slug=action.slug),
        title=action.title,
        text=markup.words_of(markup.render(action.summary).html),
        day=action.day,
    )


@findable(
    "event",
    Event,
    kinds={"event": _l("Event"), "called-off": _l("Event, called off")},
    columns=(
        "slug", "title", "city", "country", "zone", "starts_on", "starts", "ends", "venue",
        "address", "description", "languages", "cancelled_at",
    ),
)  # fmt: skip
def of_event(event: Event) -> Iterator[Finding]:
    """Say what is found of an event; one that is called off stays, after those ahead."""
    known = cities.find(event.city, event.country)
    names = [
        event.city,
        known.name if known else "",
        *names_of_country(event.country),
        called_at_home(event.country, event.languages),
        event.country,
    ]
    # As they are typed in haste, too: Coeur dAlene, Washington DC.
    names += [fold_name(name.replace(".", "")) for name in names if {"'", "."} & set(fold(name))]
    yield Finding(
        kind="called-off" if event.is_called_off else "event",
        path=public_path("events.event", slug=event.slug),
        title=event.title,
        names=" ".join(filter(None, dict.fromkeys(names))),
        summary=event.location,
        country=event.country,
        text=markup.words_of(markup.render(event.description).html),
        day=event.starts_on,
        until=event.cancelled_at or event.ends_at,
    )
