"""Doors of the events for visitors: lists, a day of action, one event, calendar files and feeds."""

from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for

from campaign import clock
from campaign.attribution.views import keep_source
from campaign.events import calendar, external_links, queries, world_map
from campaign.events.calendar import Entry, Party
from campaign.events.forms import FilterForm
from campaign.events.models import Action, Event
from campaign.events.sign_ups.forms import SignUpForm
from campaign.events.sign_ups.queries import seats_taken
from campaign.events.sign_ups.views import event_page
from campaign.languages import _, country_name, territories, wall_time
from campaign.templating import our_campaign, public_url
from campaign.validators import tidy_line

bp = Blueprint("events", __name__)

MOST_ASKED = 80
# Whoever came by a link with a plain code keeps it on the way to the form.
keep_source(bp, "index", "action", "event")


@bp.get("/events")
def index() -> str:
    """List the events ahead, and apart from them those that are over."""
    now = clock.now()
    wanted = {"country": request.args.get("country", ""), "action": request.args.get("action", "")}
    narrowed: dict[str, Any] = {name: value for name, value in wanted.items() if value}
    ahead = sorted(queries.ahead(now=now, **wanted), key=_day_and_city)
    asked = _asked()
    found = queries.search_by_city_or_country(ahead, asked)
    return render_template(
        "events/index.html",
        ahead=found or ahead,
        asked=asked,
        is_found=bool(found),
        cities=_cities(ahead),
        past=queries.past(now=now, **wanted),
        taken=seats_taken(event.id for event in ahead),
        filter_form=_filter_form(wanted),
        is_filtered=bool(narrowed),
        feed=url_for("events.feed", **narrowed),
        webcal=external_links.webcal(public_url("events.feed", **narrowed)),
    )


def _asked() -> str:
    """Give the city or country that a visitor asks for."""
    return tidy_line(request.args.get("q", ""))[:MOST_ASKED]


def _cities(events: list[Event]) -> list[str]:
    return sorted({event.city for event in events})


def _day_and_city(event: Event) -> tuple[date, str, str]:
    return event.starts_on, country_name(event.country), event.city


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
    found = _action(slug)
    events = sorted(queries.of_action(found), key=_day_and_city)
    on = [event for event in events if not event.is_called_off]
    taken = seats_taken(event.id for event in events)
    first = min((event.starts_at for event in on), default=None)
    asked = _asked()
    return render_template(
        "events/action.html",
        action=found,
        events=events,
        asked=asked,
        found=queries.search_by_city_or_country(events, asked),
        cities=_cities(on),
        countries=[
            (country, list(there)) for country, there in groupby(events, lambda one: one.country)
        ],
        taken=taken,
        total=sum(taken[event.id] for event in on),
        points=[_point(event) for event in on if event.latitude is not None],
        first=first if first and first > clock.now() else None,
        is_over=bool(events) and all(event.is_over(clock.now()) for event in events),
        webcal=external_links.webcal(public_url("events.action_file", slug=slug)),
    )


def _action(slug: str) -> Action:
    return queries.action_by_slug(slug) or abort(404)


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
    events = queries.in_feed(now=now, country=country, action=slug)
    name = _("Events of %(name)s", name=our_campaign().name)
    # Something leaves the feed by itself at midnight only, so it is never older than today.
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    changed_at = max(queries.last_revision() or today, today)
    return _calendar(events, name=name, file="events", changed_at=changed_at)


@bp.get("/events/<slug>.ics")
def event_file(slug: str) -> Response:
    """Give one event as a calendar file."""
    found = _event(slug)
    return _calendar([found], file=found.slug, changed_at=found.revised_at)


@bp.get("/actions/<slug>.ics")
def action_file(slug: str) -> Response:
    """Give the events of a day of action as a calendar."""
    found = _action(slug)
    now = clock.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _calendar(
        queries.in_file_of(found, now=now),
        name=found.title,
        file=found.slug,
        changed_at=max(queries.last_revision() or today, today),
    )


def _calendar(events: list[Event], *, name: str = "", file: str, changed_at: datetime) -> Response:
    """Answer with a calendar, whatever the Accept header says; caches may ask if it changed."""
    publisher = Party(our_campaign().name, our_campaign().sender)
    entries = [Entry(one, public_url("events.event", slug=one.slug)) for one in events]
    response = Response(
        calendar.publish(entries, organizer=publisher, name=name),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{file}.ics"'},
    )
    response.last_modified = changed_at.astimezone(UTC)
    return response
