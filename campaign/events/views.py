"""Doors of the events for visitors: lists, pages, calendars, and one's own place."""

from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from babel import Locale
from babel.dates import get_timezone_name
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    has_request_context,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import get_locale
from markupsafe import Markup

from campaign import clock, markup, tokens
from campaign.attribution.models import code_in
from campaign.clients import client_address
from campaign.db import db
from campaign.events import calendar, links, mails, queries, world
from campaign.events.asks import verbs as asks
from campaign.events.calendar import Entry, Party
from campaign.events.forms import FilterForm
from campaign.events.models import SEATS_HELD, Action, Event, SignUp, SignUpAsk
from campaign.events.sign_ups import verbs
from campaign.events.sign_ups.forms import (
    ComingForm,
    SignUpForm,
    WithdrawForm,
    consent_wording,
)
from campaign.events.sign_ups.queries import ask_by_id, sign_up_by_token
from campaign.forms import tidy_line
from campaign.languages import _, country_name, current_language, territories, wall_time
from campaign.outbox.caps.verbs import count_client
from campaign.refusals import Refusal
from campaign.templating import public_url

bp = Blueprint("events", __name__)

MOST_ASKED = 80
# Whoever came by a link with a plain code (`attribution`) keeps it on the way to the form.
_KEEP_SOURCE = {"events.index", "events.action", "events.event", "events.sign_up"}


@bp.url_defaults
def _keep_source(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint in _KEEP_SOURCE and has_request_context() and (source := _source()):
        values.setdefault("via", source)


def _source() -> str:
    return code_in(request.args.get("via", ""))


@bp.get("/events")
def index() -> str:
    """List the events ahead, and apart from them those that are over."""
    now = clock.now()
    wanted = {"country": request.args.get("country", ""), "action": request.args.get("action", "")}
    narrowed: dict[str, Any] = {name: value for name, value in wanted.items() if value}
    ahead = sorted(queries.ahead(now=now, **wanted), key=_day_and_place)
    asked = _asked()
    found = queries.named(ahead, asked)
    return render_template(
        "events/index.html",
        ahead=found or ahead,
        asked=asked,
        is_found=bool(found),
        cities=_cities(ahead),
        past=queries.past(now=now, **wanted),
        taken=queries.places_taken(event.id for event in ahead),
        filter_form=_filter_form(wanted),
        is_filtered=bool(narrowed),
        feed=url_for("events.feed", **narrowed),
        webcal=links.webcal(public_url("events.feed", **narrowed)),
    )


def _asked() -> str:
    """Give the city or country that a visitor asks for."""
    return tidy_line(request.args.get("q", ""))[:MOST_ASKED]


def _cities(events: list[Event]) -> list[str]:
    return sorted({event.city for event in events})


def _day_and_place(event: Event) -> tuple[date, str, str]:
    return event.starts_on, country_name(event.country), event.city


def _filter_form(wanted: dict[str, str]) -> FilterForm:
    form = FilterForm(formdata=None, data=wanted)
    form.offer(queries.countries(), queries.actions())
    return form


@bp.get("/events/<slug>")
def event(slug: str) -> str:
    """Show an event, and the form to sign up for it."""
    found = _event(slug)
    return _event_page(found, SignUpForm(formdata=None))


@bp.post("/events/<slug>/sign-up")
def sign_up(slug: str) -> Any:
    """Sign somebody up for an event."""
    found = _event(slug)
    form = SignUpForm()
    if not form.validate():
        return _event_page(found, form), form.refusal_status()
    now = clock.now()
    try:
        count_client(client_address(), most=current_app.config["CLIENT_CAP"], now=now)
        asks.sign_up(
            found,
            name=form.name.data,
            email=form.email.data,
            guests=form.guests.data,
            news=consent_wording() if form.news.data else "",
            language=current_language(),
            source=_source(),
            client=client_address(),
            now=now,
        )
    except Refusal as refusal:
        form.form_errors.append(refusal.sentence)
        page = _event_page(_event(slug), form)
        if isinstance(refusal, verbs.Full):
            asks.sign_up_in_vain(
                found,
                name=form.name.data,
                email=form.email.data,
                guests=form.guests.data,
                language=current_language(),
                now=now,
            )
            db.session.commit()
        return page, refusal.status
    db.session.commit()
    return redirect(url_for("events.signed_up", slug=slug), 303)


@bp.get("/events/<slug>/signed-up")
def signed_up(slug: str) -> str:
    """Say that the invitation is on its way, to whoever signed up."""
    found = _event(slug)
    return render_template(
        "events/signed_up.html",
        event=found,
        zone_name=_zone_name(found),
        links=_add_links(found),
        address=public_url("events.event", slug=slug),
        hours=int(SEATS_HELD.total_seconds()) // 3600,
    )


def _event(slug: str) -> Event:
    return queries.event_by_slug(slug) or abort(404)


def _event_page(event: Event, form: SignUpForm) -> str:
    now = clock.now()
    free = queries.free_places(event, now=now)
    is_over, is_full = event.is_over(now), free == 0
    is_open = not (is_over or event.is_called_off or is_full)
    return render_template(
        "events/event.html",
        event=event,
        description=_prose(event.description),
        bring=_prose(event.bring, "bring"),
        access=_prose(event.access, "access"),
        host=_prose(event.host, "host"),
        languages=[_language_name(code) for code in event.languages],
        zone_name=_zone_name(event),
        taken=queries.places_taken([event.id])[event.id],
        free=free,
        is_over=is_over,
        is_full=is_full,
        # Who was refused keeps what they typed.
        shows_form=is_open or bool(form.errors),
        form=form,
        links=_add_links(event),
        map_link=_map_link(event),
    )


@lru_cache(maxsize=500)
def _prose(source: str, field: str = "") -> Markup:
    return Markup(markup.render(source, field=field).html)  # noqa: S704 - cleaned by `markup`


def _language_name(code: str) -> str:
    return str((get_locale() or Locale("en")).languages.get(code, code))


def _map_link(event: Event) -> str:
    """Give the address of a street map; none where only the city is known."""
    is_known = event.address and event.latitude is not None and not event.is_example
    return links.street_map(event) if is_known else ""


def _zone_name(event: Event) -> str:
    """Name the time that an event's clocks show on its day: British Summer Time."""
    return str(get_timezone_name(event.starts_at, locale=get_locale() or Locale("en_GB")))


def _add_links(event: Event) -> dict[str, str]:
    url = public_url("events.event", slug=event.slug)
    return {
        "google": links.google(event, url=url),
        "outlook": links.outlook(event, url=url),
        "file": url_for("events.event_file", slug=event.slug),
    }


@bp.get("/events/coming/<token>")
def coming(token: str) -> str:
    """Show what a form asked for, with the button that makes it true."""
    ask, place = _asked_for(token)
    form = ComingForm(
        formdata=None, data={"name": place.person.name or ask.name, "guests": ask.guests}
    )
    return _coming_page(ask, place, form, token)


def _asked_for(token: str) -> tuple[SignUpAsk, SignUp]:
    ask = ask_by_id(tokens.read(token, mails.COMING)) or abort(404)
    return ask, ask.sign_up or abort(404)


def _coming_page(ask: SignUpAsk, place: SignUp, form: ComingForm, token: str) -> str:
    return render_template(
        "events/coming.html",
        ask=ask,
        place=place,
        event=place.event,
        form=form,
        token=token,
        is_open=not place.event.is_called_off and not place.event.is_over(clock.now()),
        withdraw=mails.withdraw_token(place),
    )


@bp.post("/events/coming/<token>")
def do_coming(token: str) -> Any:
    """Note that somebody comes, as they themselves say."""
    ask, place = _asked_for(token)
    form = ComingForm()
    if not form.validate():
        return _coming_page(ask, place, form, token), form.refusal_status()
    try:
        verbs.confirm(
            place,
            ask,
            name=form.name.data,
            guests=form.guests.data,
            wants_news=request.form.get("news") == "yes",
            now=clock.now(),
        )
    except Refusal as refusal:
        form.form_errors.append(refusal.sentence)
        return _coming_page(ask, place, form, token), refusal.status
    db.session.commit()
    return redirect(url_for("events.welcome", token=token), 303)


@bp.get("/events/coming/<token>/done")
def welcome(token: str) -> str:
    """Say to somebody who comes that they are counted on."""
    ask, place = _asked_for(token)
    return render_template(
        "events/welcome.html",
        ask=ask,
        place=place,
        event=place.event,
        zone_name=_zone_name(place.event),
        token=token,
        withdraw=mails.withdraw_token(place),
    )


@bp.get("/events/withdraw/<token>")
def withdraw(token: str) -> str:
    """Show the button that gives a place up; or, once it was pressed, that it is done."""
    place = _place(token)
    return _withdraw_page(place, WithdrawForm(), token)


def _withdraw_page(place: SignUp, form: WithdrawForm, token: str) -> str:
    event = place.event
    return render_template(
        "events/withdraw.html",
        event=event,
        place=place,
        form=form,
        token=token,
        is_ahead=not event.is_called_off and not event.is_over(clock.now()),
    )


@bp.post("/events/withdraw/<token>")
def do_withdraw(token: str) -> Any:
    """Give a place up."""
    place = _place(token)
    form = WithdrawForm()
    if not form.validate():
        return _withdraw_page(place, form, token), form.refusal_status()
    verbs.withdraw(place, now=clock.now())
    db.session.commit()
    return redirect(url_for("events.withdraw", token=token), 303)


def _place(token: str) -> SignUp:
    return sign_up_by_token(tokens.read(token, mails.WITHDRAW)) or abort(404)


@bp.get("/actions/<slug>")
def action(slug: str) -> str:
    """Show a day of action: its map, its events, how many come."""
    found = _action(slug)
    events = sorted(queries.of_action(found), key=_day_and_place)
    on = [event for event in events if not event.is_called_off]
    taken = queries.places_taken(event.id for event in events)
    first = min((event.starts_at for event in on), default=None)
    asked = _asked()
    return render_template(
        "events/action.html",
        action=found,
        events=events,
        asked=asked,
        found=queries.named(events, asked),
        cities=_cities(on),
        countries=[
            (country, list(there)) for country, there in groupby(events, lambda one: one.country)
        ],
        taken=taken,
        total=sum(taken[event.id] for event in on),
        points=[_point(event) for event in on if event.latitude is not None],
        first=first if first and first > clock.now() else None,
        is_over=bool(events) and all(event.is_over(clock.now()) for event in events),
        webcal=links.webcal(public_url("events.action_file", slug=slug)),
    )


def _action(slug: str) -> Action:
    return queries.action_by_slug(slug) or abort(404)


def _point(event: Event) -> world.Point:
    x, y = world.position(event.latitude or 0, event.longitude or 0)
    when = "" if event.is_all_day else f", {wall_time(event.starts_at)}"
    return world.Point(x, y, f"{event.city}{when}", url_for("events.event", slug=event.slug))


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
    name = _("Events of %(name)s", name=current_app.config["NAME"])
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
    publisher = Party(current_app.config["NAME"], current_app.config["MAIL_SENDER"])
    entries = [Entry(one, public_url("events.event", slug=one.slug)) for one in events]
    response = Response(
        calendar.publish(entries, organizer=publisher, name=name),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{file}.ics"'},
    )
    response.last_modified = changed_at.astimezone(UTC)
    return response
