"""Doors of mailings for organisers: those of a content, and one: its report and its buttons."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, url_for
from flask_babel import format_timedelta
from markupsafe import Markup

from campaign import clock
from campaign.attribution import codes
from campaign.attribution.models import Conversion
from campaign.attribution.queries import came_from
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.languages import number as written
from campaign.mailings import queries, states
from campaign.mailings.ab_tests.queries import halves
from campaign.mailings.ab_tests.verbs import approve as approve_subject
from campaign.mailings.ab_tests.verbs import choose as choose_subject
from campaign.mailings.content import Content
from campaign.mailings.forms import AgainForm, ChooseForm
from campaign.mailings.models import Mailing, MailingState
from campaign.mailings.planning import verbs as planning_verbs
from campaign.mailings.planning.office import content_or_404
from campaign.mailings.policy import WATCHED
from campaign.mailings.report import progress
from campaign.mailings.report import queries as report_queries
from campaign.mailings.running import verbs
from campaign.outbox.models import State
from campaign.tables import office_time

bp = Blueprint("mailings", __name__, url_prefix="/mailings")

CAPTIONS = {
    progress.MINUTE: _l("Mails sent, minute by minute"),
    progress.HOUR: _l("Mails sent, hour by hour"),
    progress.DAY: _l("Mails sent, day by day"),
}
CONVERSIONS = {
    Conversion.SIGN_UP: _l("Sign-ups for events"),
    Conversion.LETTER: _l("Letters"),
    Conversion.REPLY: _l("Answers by mail"),
}


@bp.get("/<kind>/<int:id>")
def index(kind: str, id: int) -> Any:
    """List the mailings of a content, with what became of all of them together."""
    content = content_or_404(kind, id)
    return render_template(
        "mailings/office/index.html",
        content=content,
        columns=COLUMNS,
        rows=[_row(content, found) for found in queries.of_content(kind, id)],
        counts=report_queries.counts_of_content(kind, id),
        conversions=_conversions(content),
    )


COLUMNS = [
    _l("Begun, or begins"),
    _l("To whom"),
    _l("State"),
    {"label": _l("Queued"), "is_number": True},
    {"label": _l("Sent"), "is_number": True},
]


def _row(content: Content, found: Mailing) -> list[Any]:
    batches = queries.batches(found)
    counts = report_queries.counts_of(batches)
    href = url_for("office.mailings.mailing", id=found.id)
    moment = office_time(found.queued_at or found.starts_at)
    return [
        Markup('<a href="{}">{}</a>').format(href, moment),
        queries.in_words(content, found.rule),
        states.NAMES[queries.state_of(found, batches)],
        written(counts.queued),
        written(counts.sent),
    ]


def _conversions(content: Content) -> list[tuple[Any, int]]:
    found = came_from(codes.codes_of(content.code)) if content.code else {}
    return [(CONVERSIONS[conversion], times) for conversion, times in found.items()]


def _found(id: int) -> tuple[Mailing, Content]:
    found: Mailing = queries.mailing(id) or abort(404)
    return found, content_or_404(found.content_kind, found.content_id)


@bp.get("/<int:id>")
def mailing(id: int) -> Any:
    """Show how far a mailing is, and what became of it."""
    return _page(*_found(id))


def _page(found: Mailing, content: Content, form: Any = None, choose_form: Any = None) -> str:
    now = clock.now()
    batches = queries.batches(found)
    state = queries.state_of(found, batches)
    waits = queries.waits_for_a_colleague(found, content)
    return render_template(
        "mailings/office/mailing.html",
        content=content,
        mailing=found,
        batches=batches,
        state=state,
        states=MailingState,
        status=states.sentence(found, state),
        because=states.because(found, batches, version=content.version, waits=waits),
        ab_test_status=states.of_ab_test(found),
        waits=found.is_planned and waits,
        is_own=found.asked_by_id == g.organiser.id,
        words=queries.in_words(content, found.rule),
        planned_for=queries.number_of_readers(content, rule=found.rule, now=now)
        if state is MailingState.PLANNED
        else None,
        conversions=_conversions(content),
        halves=halves(content, found, now=now),
        form=form or ButtonForm(formdata=None),
        choose_form=choose_form or _choose_form(found, content),
        **_report(found),
    )


def _report(found: Mailing) -> dict[str, Any]:
    """Give what became of a mailing so far, for its page."""
    now, zone = clock.now(), current_app.config["TIMEZONE"]
    batches = queries.batches(found)
    counts = report_queries.counts_of(batches)
    points = progress.progress(found, batches, queries.samples(found), counts.sent, now=now)
    leavers = report_queries.leavers(batches, now=now)
    left_for = progress.remaining(
        points,
        counts.still_open,
        rate=found.rate,
        last_due=report_queries.last_due(batches),
        now=now,
    )

    def said(state: State) -> list[tuple[str, int]]:
        return report_queries.replies_to(batches, state) if counts.of(state) else []

    return {
        "counts": counts,
        "bounces": report_queries.bounces_by_kind(batches) if counts.of(State.BOUNCED) else [],
        "failures": said(State.FAILED),
        "retries": said(State.RETRY),
        "withheld": said(State.WITHHELD),
        "leavers": len(leavers),
        "complaints": len(report_queries.complaints(batches, now=now)),
        "by_time": progress.sent_by_time(points, zone=zone),
        "time_caption": CAPTIONS[progress.step_of(points)],
        "by_day": progress.left_list_by_day(leavers, zone=zone),
        "remaining": format_timedelta(left_for, threshold=1.5) if left_for else "",
        "watched": WATCHED.days,
    }


def _choose_form(found: Mailing, content: Content) -> ChooseForm:
    form = ChooseForm()
    form.winner.choices = [("a", content.subject), ("b", found.second_subject)]
    return form


def _press(id: int, do: Callable[[Mailing], Any], said: Any) -> Any:
    """Do what a button of a mailing's page says."""
    found, content = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _page(found, content, form), form.refusal_status()
    do(found)
    db.session.commit()
    flash(said, "done")
    return _to(found)


def _to(found: Mailing) -> Any:
    return redirect(url_for("office.mailings.mailing", id=found.id), 303)


@bp.post("/<int:id>/call-off")
def call_off(id: int) -> Any:
    """Call a mailing off before it begins."""
    return _press(
        id, lambda found: planning_verbs.call_off(found, now=clock.now()), _("It is called off.")
    )


@bp.post("/<int:id>/approve")
def approve(id: int) -> Any:
    """Find the second subject of a planned mailing good."""
    return _press(
        id,
        lambda found: approve_subject(found, by=g.organiser.id, now=clock.now()),
        _("Approved. It begins when its time has come."),
    )


@bp.post("/<int:id>/pause")
def pause(id: int) -> Any:
    """Pause a mailing."""
    return _press(
        id,
        lambda found: verbs.pause(found, now=clock.now()),
        _("It is paused. What was being handed over this very moment may still be sent."),
    )


@bp.post("/<int:id>/resume")
def resume(id: int) -> Any:
    """Resume a paused mailing."""
    return _press(id, verbs.resume, _("It is resumed."))


@bp.get("/<int:id>/stop")
def confirm_stop(id: int) -> Any:
    """Ask once more before a mailing is stopped for good."""
    return _stop_page(*_found(id), ButtonForm())


def _stop_page(found: Mailing, content: Content, form: ButtonForm) -> str:
    return render_template(
        "mailings/office/stop.html",
        content=content,
        mailing=found,
        counts=report_queries.counts_of(queries.batches(found)),
        form=form,
    )


@bp.post("/<int:id>/stop")
def do_stop(id: int) -> Any:
    """Stop a mailing for good."""
    found, content = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _stop_page(found, content, form), form.refusal_status()
    verbs.stop(found, now=clock.now())
    db.session.commit()
    flash(_("It is stopped. Whoever has not got it will not get it from this mailing."), "done")
    return _to(found)


@bp.post("/<int:id>/choose")
def choose(id: int) -> Any:
    """Send it to the rest under the subject that an organiser chose."""
    found, content = _found(id)
    form = _choose_form(found, content)
    if not form.validate():
        return _page(found, content, choose_form=form), form.refusal_status()
    choose_subject(found, winner=form.winner.data, now=clock.now())
    db.session.commit()
    flash(_("The rest get it under this subject."), "done")
    return _to(found)


@bp.get("/<int:id>/again")
def confirm_again(id: int) -> Any:
    """Show to how many a content goes that a mailing did not reach."""
    found, content = _found(id)
    newest = queries.newest_of(content.kind, content.id)
    return _again_page(found, content, AgainForm(formdata=None, after=newest.id if newest else 0))


def _again_page(found: Mailing, content: Content, form: AgainForm) -> str:
    return render_template(
        "mailings/office/again.html",
        content=content,
        mailing=found,
        words=queries.in_words(content, found.rule),
        readers=queries.number_of_readers(content, rule=found.rule, now=clock.now()),
        form=form,
    )


@bp.post("/<int:id>/again")
def do_again(id: int) -> Any:
    """Send a content to those whom a mailing did not reach."""
    found, content = _found(id)
    form = AgainForm()
    if not form.validate():
        return _again_page(found, content, form), form.refusal_status()
    made = planning_verbs.send_to_those_not_reached(
        found, after=form.after.data or 0, by=g.organiser.id, now=clock.now()
    )
    db.session.commit()
    flash(_("It begins at once."), "done")
    return _to(made)
