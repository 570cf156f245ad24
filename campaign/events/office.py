"""Doors of the events for organisers: plan, change, call off, and see who is coming.

Long, for days of action and events are planned alike, door by door.
"""

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.events import queries, verbs
from campaign.events.changes import verbs as changes_verbs
from campaign.events.forms import ActionForm, EventForm, NewActionForm
from campaign.events.models import Action, Event
from campaign.events.sign_ups import queries as sign_up_queries
from campaign.events.sign_ups.office import COLUMNS
from campaign.forms import ButtonForm
from campaign.languages import _, country_name, ngettext, wall_time
from campaign.languages import lazy_gettext as _l
from campaign.tables import Column

bp = Blueprint("events", __name__, url_prefix="/events")


def _link(event: Event) -> Markup:
    href = url_for("office.events.event", slug=event.slug)
    return Markup('<a href="{}">{}</a>').format(href, event.title)


def _country(event: Event) -> str:
    return country_name(event.country)


def _state(event: Event) -> Any:
    if event.is_called_off:
        return _("called off")
    return _("example") if event.is_example else ""


def _columns(taken: dict[int, int]) -> list[Column]:
    return [
        Column("title", _l("Event"), lambda row: row.title, cell=_link),
        Column("city", _l("City"), lambda row: row.city),
        Column("country", _l("Country"), lambda row: row.country, cell=_country),
        Column("day", _l("Day"), lambda row: row.starts_on),
        Column("starts", _l("Begins"), lambda row: row.starts and wall_time(row.starts)),
        Column("zone", _l("Time zone"), lambda row: row.zone),
        Column("taken", _l("Places taken"), lambda row: taken[row.id], is_number=True),
        Column("capacity", _l("Places"), lambda row: row.capacity, is_number=True),
        Column("state", _l("State"), _state),
    ]


@bp.get("")
def index() -> Any:
    """List the events with the seats taken at each."""
    query = queries.search_events(request.args.get("q", ""), action=request.args.get("action", ""))
    if request.args.get("format") == "csv":
        columns = _columns(sign_up_queries.all_seats_taken())
        return tables.download(query, columns, name="events")
    return render_template(
        "events/office/index.html",
        table=tables.page(query, _columns_of, arguments=request.args, path=request.path),
    )


def _columns_of(events: list[Event]) -> list[Column]:
    return _columns(sign_up_queries.seats_taken(event.id for event in events))


def _action_columns() -> list[Column]:
    taken, events = sign_up_queries.seats_taken_by_action(), queries.events_by_action()

    def its_events(action: Action) -> Markup:
        href = url_for("office.events.index", action=action.slug)
        return Markup('<a href="{}">{}</a>').format(href, events.get(action.id, 0))

    return [
        Column("title", _l("Day of action"), lambda row: row.title, cell=_action_link),
        Column("day", _l("Day"), lambda row: row.day),
        Column(
            "events", _l("Events"), lambda row: events.get(row.id, 0), cell=its_events,
            is_number=True,
        ),
        Column("taken", _l("Places taken"), lambda row: taken.get(row.id, 0), is_number=True),
        Column("slug", _l("Address"), _action_path, cell=_action_page),
    ]  # fmt: skip


def _action_link(action: Action) -> Markup:
    href = url_for("office.events.edit_action", slug=action.slug)
    return Markup('<a href="{}">{}</a>').format(href, action.title)


def _action_path(action: Action) -> str:
    return url_for("events.action", slug=action.slug)


def _action_page(action: Action) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(_action_path(action))


@bp.get("/actions")
def actions() -> Any:
    """List the days of action with their events and the seats taken."""
    query = queries.search_actions(request.args.get("q", ""))
    columns = _action_columns()
    if request.args.get("format") == "csv":
        return tables.download(query, columns, name="actions")
    return render_template(
        "events/office/actions.html",
        table=tables.page(query, columns, arguments=request.args, path=request.path),
    )


@bp.get("/actions/new")
def new_action() -> str:
    """Show the form in which a day of action is announced."""
    return render_template("events/office/new_action.html", form=NewActionForm())


@bp.post("/actions/new")
def announce() -> Any:
    """Announce a day of action."""
    form = NewActionForm()
    if not form.validate():
        return render_template("events/office/new_action.html", form=form), form.refusal_status()
    try:
        verbs.announce(
            title=form.title.data,
            slug=form.slug.data,
            day=form.day.data,
            summary=form.summary.data or "",
        )
    except verbs.AddressTaken as refusal:
        form.slug.errors = [refusal.sentence]
        return render_template("events/office/new_action.html", form=form), refusal.status
    db.session.commit()
    flash(_("The day of action is there. Now it needs events."), "done")
    return redirect(url_for("office.events.actions"), 303)


@bp.get("/actions/<slug>/edit")
def edit_action(slug: str) -> str:
    """Show the form in which a day of action is changed."""
    found = _action(slug)
    return _edit_action_page(found, ActionForm(obj=found))


def _action(slug: str) -> Action:
    return queries.action_by_slug(slug) or abort(404)


def _edit_action_page(found: Action, form: ActionForm) -> str:
    return render_template("events/office/edit_action.html", action=found, form=form)


@bp.post("/actions/<slug>/edit")
def amend(slug: str) -> Any:
    """Change a day of action."""
    found = _action(slug)
    form = ActionForm()
    if not form.validate():
        return _edit_action_page(found, form), form.refusal_status()
    verbs.amend(found, title=form.title.data, day=form.day.data, summary=form.summary.data or "")
    db.session.commit()
    flash(_("The day of action is changed."), "done")
    return redirect(url_for("office.events.actions"), 303)


@bp.get("/<slug>")
def event(slug: str) -> Any:
    """Show an event and who is coming."""
    found = _event(slug)
    words, status = request.args.get("q", ""), request.args.get("state", "")
    all_of_them = sign_up_queries.search_sign_ups(found, status=status)
    query = sign_up_queries.search_sign_ups(
        found, words, status=status, everywhere=tables.is_everywhere(request.args)
    )
    if request.args.get("format") == "csv":
        return tables.download(query, COLUMNS, name=f"{slug}-people")
    taken = sign_up_queries.seats_taken([found.id])[found.id]
    return render_template(
        "events/office/event.html",
        event=found,
        taken=taken,
        asked=sign_up_queries.count_unconfirmed(found),
        free=sign_up_queries.free_seats(found, now=clock.now()),
        is_over=found.is_over(clock.now()),
        table=tables.page(
            query,
            COLUMNS,
            arguments=request.args,
            path=request.path,
            is_narrowed=tables.finds_some(all_of_them, request.args, "q"),
        ),
    )


def _event(slug: str) -> Event:
    return queries.event_by_slug(slug) or abort(404)


@bp.get("/new")
def new() -> str:
    """Show the form in which an event is planned."""
    return render_template("events/office/new.html", form=_form())


def _form() -> EventForm:
    form = EventForm()
    form.offer(queries.actions())
    return form


@bp.post("/new")
def plan() -> Any:
    """Plan an event."""
    form = _form()
    if not form.validate():
        return render_template("events/office/new.html", form=form), form.refusal_status()
    event = verbs.plan(**form.particulars(), now=clock.now())
    db.session.commit()
    flash(_("The event is planned. Its page is public now."), "done")
    return redirect(url_for("office.events.event", slug=event.slug), 303)


@bp.get("/<slug>/edit")
def edit(slug: str) -> str:
    """Show the form in which an event is changed."""
    found = _event(slug)
    form = _form()
    form.show(found)
    return _edit_page(found, form)


def _edit_page(found: Event, form: EventForm, *, asked: date | None = None) -> str:
    """Show the form; `asked` is a day of which somebody must say that it is meant."""
    return render_template(
        "events/office/edit.html",
        event=found,
        form=form,
        signed_up=sign_up_queries.count_active(found),
        asked=asked,
    )


def _sure_of() -> date | None:
    """Give the day that somebody said is meant, by the button that names it."""
    try:
        return date.fromisoformat(request.form.get("sure_of", ""))
    except ValueError:
        return None


@bp.post("/<slug>/edit")
def revise(slug: str) -> Any:
    """Change an event, and notify all who come if it is another time or place."""
    found = _event(slug)
    form = _form()
    if not form.validate():
        return _edit_page(found, form), form.refusal_status()
    try:
        mailed = changes_verbs.revise(
            found, **form.particulars(), sure_of=_sure_of(), now=clock.now()
        )
    except changes_verbs.UnlikelyDay as refusal:
        form.starts_on.errors = [refusal.sentence]
        return _edit_page(found, form, asked=form.starts_on.data), refusal.status
    except changes_verbs.CapacityTooSmall as refusal:
        form.capacity.errors = [refusal.sentence]
        return _edit_page(found, form), refusal.status
    db.session.commit()
    flash(_("The event is changed."), "done")
    if mailed:
        flash(_mailed(mailed), "done")
    return redirect(url_for("office.events.event", slug=slug), 303)


def _mailed(people: int) -> str:
    return str(
        ngettext(
            "%(num)s person gets a mail about it.", "%(num)s people get a mail about it.", people
        )
    )


@bp.get("/<slug>/call-off")
def confirm_call_off(slug: str) -> str:
    """Show the button that calls an event off, and how many would be notified."""
    return _call_off_page(_event(slug), ButtonForm())


def _call_off_page(found: Event, form: ButtonForm) -> str:
    return render_template(
        "events/office/confirm_call_off.html",
        event=found,
        form=form,
        signed_up=sign_up_queries.count_active(found),
    )


@bp.post("/<slug>/call-off")
def do_call_off(slug: str) -> Any:
    """Call an event off, and notify all who meant to come."""
    found = _event(slug)
    form = ButtonForm()
    if not form.validate():
        return _call_off_page(found, form), form.refusal_status()
    mailed = changes_verbs.call_off(found, now=clock.now())
    db.session.commit()
    flash(_("The event is called off."), "done")
    if mailed:
        flash(_mailed(mailed), "done")
    return redirect(url_for("office.events.event", slug=slug), 303)
