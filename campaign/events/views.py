"""Doors of the events for visitors: lists, a day of action, one event, calendar files and feeds."""

import hashlib
import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for

from campaign import clock
from campaign.attribution.views import keep_source
from campaign.events import calendar, external_links, list_pages, queries, world_map
from campaign.events.actions import queries as actions_queries
from campaign.events.calendar import Entry, Party
from campaign.events.feeds.kept_entries import published
from campaign.events.feeds.queries import versions
from campaign.events.forms import FilterForm
from campaign.events.list_pages import EventPage
from campaign.events.models import Action, Event
from campaign.events.place_search import City
from campaign.events.policy import LONGEST_PLACE_ASKED, MOST_IN_FULL, MOST_NAMED, PAST_BELOW
from campaign.events.queries import Narrowed
from campaign.events.sign_ups.forms import SignUpForm
from campaign.events.sign_ups.queries import seats_taken, seats_taken_on
from campaign.events.sign_ups.views import event_page
from campaign.languages import _, territories, wall_time
from campaign.templating import our_campaign, public_url
from campaign.validators import tidy_line

bp = Blueprint("events", __name__)

# Whoever came by a link with a plain code keeps it on the way to the form.
keep_source(bp, "index", "action", "event")


@bp.get("/events")
def index() -> Any:
    """List the events ahead, and below them some of those that are over."""
    at, form = queries.horizon(clock.now()), _filter_form()
    narrowed, since = form.narrowed(), form.since.data
    if request.args.get("when") == "past":
        return _past(queries.past(at, **narrowed), narrowed)
    ahead, asked = queries.ahead(at, **narrowed, since=since), _asked()
    found = ahead.found(asked) if asked else None
    said = {**narrowed, "from": since, "q": asked if found else None}
    shown = _page(found or ahead, "events.index", _anchor="ahead", **said)
    past = [] if shown.has_previous else queries.past(at, **narrowed).some(PAST_BELOW + 1)
    page = render_template(
        "events/index.html",
        shown=shown,
        asked=asked,
        is_found=bool(found),
        cities=_names(ahead.cities()) if shown.is_all and not found else [],
        past=past[:PAST_BELOW],
        more_past=url_for("events.index", **narrowed, when="past")
        if len(past) > PAST_BELOW
        else "",
        taken=seats_taken(event.id for event in shown.events),
        filter_form=form,
        is_filtered=bool(narrowed or since),
        feed=url_for("events.feed", **narrowed),
        webcal=external_links.webcal(public_url("events.feed", **narrowed)),
    )
    return page, form.refusal_status() if form.errors else 200


def _past(past: Narrowed, narrowed: dict[str, Any]) -> str:
    shown = _page(past, "events.index", _anchor="past", **narrowed, when="past")
    ahead = url_for("events.index", **narrowed)
    return render_template("events/past.html", shown=shown, ahead=ahead)


def _page(narrowed: Narrowed, endpoint: str, **said: Any) -> EventPage:
    asked = request.args.get("page", "1")
    number = int(asked) if re.fullmatch(r"[0-9]{1,6}", asked) else 0
    address = partial(url_for, endpoint, **said)
    return list_pages.page_of(narrowed, number, address=address) or abort(404)


def _asked() -> str:
    """Give the city or country that a visitor asks for."""
    return tidy_line(request.args.get("q", ""))[:LONGEST_PLACE_ASKED]


def _names(cities: list[City]) -> list[str]:
    return sorted({city.name for city in cities})


def _filter_form() -> FilterForm:
    form = FilterForm(request.args)
    form.offer(queries.countries(), queries.actions())
    if not form.since.validate(form):
        # A field for a day cannot show what is none.
        form.since.raw_data = None
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
    found, now, asked = _action(slug), clock.now(), _asked()
    figures, country = actions_queries.figures(found), request.args.get("country", "").upper()
    is_small = figures.events <= MOST_IN_FULL
    places = actions_queries.places(found) if figures.events <= MOST_NAMED else []
    events = queries.with_ids([place.id for place in places]) if is_small else []
    chosen = _chosen(found, asked=asked, country=country)
    return render_template(
        "events/action.html",
        action=found,
        figures=figures,
        asked=asked,
        country=country,
        chosen=chosen,
        cities=sorted({one.city for one in places if not one.is_called_off}) if is_small else [],
        shows_all=is_small and bool(events),
        countries=actions_queries.by_country(figures, places, events),
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


def _chosen(action: Action, *, asked: str, country: str) -> EventPage | None:
    """Give a page of the events that a visitor asks for, in words or by their country."""
    page = partial(_page, endpoint="events.action", slug=action.slug, _anchor="found")
    if asked:
        found = queries.of_action(action).found(asked)
        return page(found, q=asked) if found else None
    if country:
        there = page(queries.of_action(action, country=country), country=country)
        return there if there.events else abort(404)
    return None


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
    return _feed(queries.in_feed(now=now, country=country, action=slug), name, "events")


@bp.get("/actions/<slug>.ics")
def action_file(slug: str) -> Response:
    """Give the events of a day of action as a calendar."""
    found = _action(slug)
    return _feed(queries.of_action(found), found.title, found.slug)


def _feed(listed: Narrowed, name: str, file: str) -> Response:
    """Answer with a calendar of many events, or that nothing has changed before one is made."""
    now = clock.now()
    # Something leaves the feed by itself at midnight only, so it is never older than today.
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    publisher = Party(our_campaign().name, our_campaign().sender)
    answer = _calendar(file, changed_at=max(queries.last_revision() or today, today))
    shown = versions(listed, now=now)
    # Of each its own: what was revised first may be saved last.
    made_of = (request.full_path, name, publisher, today, [one[:3] for one in shown])
    answer.set_etag(hashlib.sha256(repr(made_of).encode()).hexdigest()[:20])
    answer.make_conditional(request)
    if answer.status_code == 200:
        answer.set_data(published(shown, organizer=publisher, name=name))
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
