"""Doors of the events for visitors: lists, a day of action, one event, calendar files and feeds."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request, url_for

from campaign import clock
from campaign.attribution.views import keep_source
from campaign.events import calendar, external_links, feeds, queries, world_map
from campaign.events.actions import queries as actions_queries
from campaign.events.actions.queries import Figures
from campaign.events.calendar import Entry, Party
from campaign.events.forms import FilterForm
from campaign.events.models import Action, Event
from campaign.events.place_search import search_by_city_or_country
from campaign.events.queries import Narrowed, Version
from campaign.events.sign_ups.forms import SignUpForm
from campaign.events.sign_ups.queries import seats_taken, seats_taken_on
from campaign.events.sign_ups.views import event_page
from campaign.languages import _, country_name, territories, wall_time
from campaign.paging import Pager, pages_of
from campaign.templating import our_campaign, public_url
from campaign.validators import tidy_line

bp = Blueprint("events", __name__)

MOST_ASKED = 80
ON_A_PAGE = 24
# Of those that are over, below those that are ahead; the others have pages of their own.
PAST_BELOW = 14
# Up to so many events a page shows all of them as they are; of more it shows the way to each, and
# of so many more that even this would be heavy, the way to those of each country.
MOST_IN_FULL, MOST_NAMED = 60, 1000
# Whoever came by a link with a plain code keeps it on the way to the form.
keep_source(bp, "index", "action", "event")


@dataclass(frozen=True)
class Part(Pager):
    """One page of a list of events."""

    events: list[Event]
    path: str
    arguments: dict[str, str]

    def address_of(self, number: int) -> str:
        """Give the address of a page of the same list."""
        more = {"page": str(number)} if number > 1 else {}
        said = urlencode({**self.arguments, **more})
        return f"{self.path}?{said}" if said else self.path


@bp.get("/events")
def index() -> str:
    """List the events ahead, and apart from them those that are over."""
    at = queries.horizon(clock.now())
    wanted = {"country": request.args.get("country", ""), "action": request.args.get("action", "")}
    narrowed: dict[str, Any] = {name: value for name, value in wanted.items() if value}
    asked = _asked()
    if request.args.get("when") == "past":
        return _past(queries.past(at, **wanted), narrowed)
    ahead = queries.ahead(at, **wanted)
    found = search_by_city_or_country(ahead.places(), asked) if asked else []
    path, said = url_for("events.index"), {**narrowed, **({"q": asked} if asked else {})}
    shown = _part_of_places(found, path, said) if found else _part(ahead, path, said)
    past = queries.past(at, **wanted).some(PAST_BELOW + 1) if shown.number == 1 else []
    return render_template(
        "events/index.html",
        shown=shown,
        asked=asked,
        is_found=bool(found),
        cities=_cities(ahead.places()) if not found and shown.pages == 1 else [],
        past=past[:PAST_BELOW],
        more_past=url_for("events.index", **narrowed, when="past")
        if len(past) > PAST_BELOW
        else "",
        taken=seats_taken(event.id for event in shown.events),
        filter_form=_filter_form(wanted),
        is_filtered=bool(narrowed),
        feed=url_for("events.feed", **narrowed),
        webcal=external_links.webcal(public_url("events.feed", **narrowed)),
    )


def _past(past: Narrowed, narrowed: dict[str, str]) -> str:
    shown = _part(past, url_for("events.index"), {**narrowed, "when": "past"})
    return render_template("events/past.html", shown=shown, ahead=url_for("events.index"))


def _part(narrowed: Narrowed, path: str, arguments: dict[str, str]) -> Part:
    return _page(narrowed.number(), narrowed.some, path, arguments)


def _part_of_places(places: Sequence[queries.Place], path: str, arguments: dict[str, str]) -> Part:
    def some(most: int, *, after: int) -> list[Event]:
        return queries.with_ids([place.id for place in places[after : after + most]])

    return _page(len(places), some, path, arguments)


def _page(
    total: int, some: Callable[..., list[Event]], path: str, arguments: dict[str, str]
) -> Part:
    """Give the page that is asked for, if there is one; there is always a first."""
    asked, pages = request.args.get("page", "1"), pages_of(total, size=ON_A_PAGE)
    number = int(asked) if re.fullmatch(r"[0-9]{1,6}", asked) else 0
    if not 1 <= number <= pages:
        abort(404)
    events = some(ON_A_PAGE, after=(number - 1) * ON_A_PAGE)
    return Part(number, pages, total, events, path, arguments)


def _asked() -> str:
    """Give the city or country that a visitor asks for."""
    return tidy_line(request.args.get("q", ""))[:MOST_ASKED]


def _cities(places: Sequence[queries.Place]) -> list[str]:
    return sorted({place.city for place in places})


def _filter_form(wanted: dict[str, str]) -> FilterForm:
    form = FilterForm(formdata=None, data=wanted)
    form.offer(queries.countries(), queries.actions())
    return form


@bp.get("/events/<slug>")
def event(slug: str) -> str:
    """Show an event, and the form to sign up for it."""
    return event_page(_event(slug), SignUpForm(formdata=None))


def _event(slug: str) -> Event:
    return queries.event_by_slug(slug) or abort(404)


@bp.get("/actions/<slug>")
def action(slug: str) -> str:
    """Show a day of action: its map, its events, how many come."""
    found, now = _action(slug), clock.now()
    figures, asked = actions_queries.figures(found), _asked()
    is_small = figures.events <= MOST_IN_FULL
    country = request.args.get("country", "").upper()
    places = actions_queries.places(found) if asked or figures.events <= MOST_NAMED else []
    events = queries.with_ids([place.id for place in places]) if is_small else []
    chosen = _chosen(found, places, asked=asked, country=country)
    return render_template(
        "events/action.html",
        action=found,
        figures=figures,
        asked=asked,
        country=country,
        chosen=chosen,
        cities=_cities([one for one in places if not one.is_called_off]) if is_small else [],
        countries=_countries(figures, places, events),
        taken=seats_taken(event.id for event in [*events, *(chosen.events if chosen else [])]),
        total=seats_taken_on(found),
        points=[_point(event) for event in events if _is_on_the_map(event)],
        dots="" if is_small else world_map.dots(actions_queries.positions(found)),
        first=figures.first if figures.first and figures.first > now else None,
        is_over=figures.is_over(now),
        webcal=external_links.webcal(public_url("events.action_file", slug=slug)),
    )


def _action(slug: str) -> Action:
    return queries.action_by_slug(slug) or abort(404)


def _chosen(
    action: Action, places: Sequence[queries.Place], *, asked: str, country: str
) -> Part | None:
    """Give a page of the events that a visitor asks for, in words or by their country."""
    path = url_for("events.action", slug=action.slug)
    if asked:
        found = search_by_city_or_country(places, asked)
        return _part_of_places(found, path, {"q": asked})
    if country:
        there = actions_queries.places(action, country=country) or abort(404)
        return _part_of_places(there, path, {"country": country})
    return None


@dataclass(frozen=True)
class There:
    """A country of a day of action: its events, or the way to each, or the way to all of them."""

    code: str
    number: int
    events: list[Event]
    places: list[queries.Place]


def _countries(
    figures: Figures, places: Sequence[queries.Place], events: Sequence[Event]
) -> list[There]:
    shown: dict[str, There] = {
        one.code: There(one.code, one.events, [], [])
        for one in sorted(figures.countries, key=lambda one: country_name(one.code))
    }
    for event in events:
        shown[event.country].events.append(event)
    for place in places if len(places) <= MOST_NAMED else ():
        shown[place.country].places.append(place)
    return list(shown.values())


def _is_on_the_map(event: Event) -> bool:
    return event.latitude is not None and not event.is_called_off


def _point(event: Event) -> world_map.Point:
    x, y = world_map.position(event.latitude or 0, event.longitude or 0)
    when = "" if event.is_all_day else f", {wall_time(event.starts_at)}"
    return world_map.Point(x, y, f"{event.city}{when}", url_for("events.event", slug=event.slug))


@bp.get("/events.ics")
def feed() -> Response:
    """Give the calendar to which programs subscribe; `country` and `action` narrow it."""
    now = clock.now()
    country, slug = request.args.get("country", "").upper(), request.args.get("action", "")
    # A program that subscribes to a typing error would show an empty calendar for ever.
    if slug:
        _action(slug)
    if country and country not in dict(territories()):
        abort(404)
    name = _("Events of %(name)s", name=our_campaign().name)
    return _feed(lambda: queries.in_feed(now=now, country=country, action=slug), name, "events")


@bp.get("/actions/<slug>.ics")
def action_file(slug: str) -> Response:
    """Give the events of a day of action as a calendar."""
    found, now = _action(slug), clock.now()
    return _feed(lambda: queries.in_file_of(found, now=now), found.title, found.slug)


def _feed(listed: Callable[[], list[Version]], name: str, file: str) -> Response:
    """Answer with a calendar of many events, or that nothing has changed before one is made."""
    revised_at, events = queries.state_of_all()
    # Something leaves the feed by itself at midnight only, so it is never older than today.
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    publisher = Party(our_campaign().name, our_campaign().sender)
    answer = _calendar(file, changed_at=max(revised_at or today, today))
    made_of = (request.full_path, name, publisher, today, revised_at, events)
    answer.set_etag(hashlib.sha256(repr(made_of).encode()).hexdigest()[:20])
    answer.make_conditional(request)
    if answer.status_code == 200:
        answer.set_data(feeds.published(listed(), organizer=publisher, name=name))
    return answer


@bp.get("/events/<slug>.ics")
def event_file(slug: str) -> Response:
    """Give one event as a calendar file."""
    found = _event(slug)
    answer = _calendar(found.slug, changed_at=found.revised_at)
    entry = Entry(found, public_url("events.event", slug=found.slug))
    publisher = Party(our_campaign().name, our_campaign().sender)
    answer.set_data(calendar.publish([entry], organizer=publisher))
    return answer


def _calendar(file: str, *, changed_at: datetime) -> Response:
    """Begin an answer with a calendar, whatever the Accept header says."""
    answer = Response(
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{file}.ics"'},
    )
    answer.last_modified = changed_at.astimezone(UTC)
    return answer
