"""Doors of automations for organisers: see, time, approve and switch each, enrol who has none."""

from typing import Any

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    url_for,
)

from campaign import approval, clock
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, language_name, local, ngettext
from campaign.newsletter.automations import queries, verbs
from campaign.newsletter.automations.catalogue import (
    BUILT_IN,
    DIGEST,
    WELCOME,
    is_step,
    label_of,
    next_digest,
    words_in,
)
from campaign.newsletter.automations.forms import (
    ApproveForm,
    DaysForm,
    EnrolForm,
    MomentForm,
)
from campaign.newsletter.automations.models import Automation
from campaign.segments.queries import segment, segments_by_name

bp = Blueprint("automations", __name__, url_prefix="/automations")


@bp.get("")
def index() -> Any:
    """List the automations: when each goes, whether it is on, to how many it has gone."""
    return _index(_enrol_form())


def _enrol_form() -> EnrolForm:
    form = EnrolForm()
    saved = db.session.scalars(segments_by_name())
    form.segment.choices = [(0, _("All subscribers")), *((one.id, one.name) for one in saved)]
    return form


def _index(form: EnrolForm) -> str:
    return render_template(
        "newsletter/office/automations.html",
        automations=[
            (one, label_of(one.key), _when(one), queries.needs_approval(one))
            for one in queries.automations()
        ],
        steps_sent=queries.steps_sent(),
        form=form,
        enrolled=queries.number_enrolled(),
        button=ButtonForm(formdata=None),
    )


def _when(automation: Automation) -> str:
    if automation.key == DIGEST:
        zone = current_app.config["TIMEZONE"]
        moment = next_digest(automation, now=clock.now(), zone=zone)
        return str(_("next on %(day)s", day=f"{local(moment, zone):%Y-%m-%d, %H:%M}"))
    if not is_step(automation.key):
        return str(_("3 days after somebody asked"))
    if automation.days == 0:
        return str(_("at once"))
    return str(ngettext("after %(num)s day", "after %(num)s days", automation.days))


@bp.post("/enrol")
def enrol() -> Any:
    """Begin the welcome for those chosen."""
    form = _enrol_form()
    if not form.validate():
        return _index(form), form.refusal_status()
    chosen = segment(form.segment.data) if form.segment.data else None
    number = verbs.enrol(chosen.rule if chosen else {}, now=clock.now())
    db.session.commit()
    flash(
        ngettext(
            "The welcome begins for one person.", "The welcome begins for %(num)s people.", number
        ),
        "done",
    )
    return redirect(url_for("office.newsletter.automations.index"), 303)


@bp.post("/add")
def add() -> Any:
    """Add a step to the welcome."""
    check_button()
    step = verbs.add_step(by=g.organiser.id, now=clock.now())
    db.session.commit()
    return redirect(url_for("office.newsletter.automations.automation", key=step.key), 303)


def check_button() -> None:
    """Refuse a press that came from no page of ours."""
    if not ButtonForm().validate():
        abort(400)


@bp.get("/<key>")
def automation(key: str) -> Any:
    """Show an automation: what it says in each language, and how it is set."""
    return _automation(found_by(key))


def found_by(key: str) -> Automation:
    """Give an automation, or answer that there is none."""
    return queries.automation(key) or abort(404)


def _automation(found: Automation, form: Any = None) -> str:
    form = form or _time_form(found)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return render_template(
        "newsletter/office/automation.html",
        automation=found,
        label=label_of(found.key),
        about=BUILT_IN[found.key].about if found.key in BUILT_IN else "",
        when=_when(found),
        form=form,
        digests=queries.digests_sent() if found.key == DIGEST else [],
        gone=queries.steps_sent().get(found.key, 0),
        is_step=is_step(found.key),
        is_built_in=found.key in BUILT_IN,
        words=[
            (
                code,
                language_name(code),
                words_in(found, code),
                queries.to_mend(app, found, code, now=clock.now()),
            )
            for code in current_app.config["LANGUAGES"]
        ],
        button=ButtonForm(formdata=None),
        approve_form=ApproveForm(formdata=None, data={"seen": found.words_fingerprint}),
        asks_for_approval=approval.is_asked_for(),
        waits=queries.needs_approval(found),
        is_own=found.written_by_id == g.organiser.id,
        address=g.organiser.email,
    )


def _time_form(found: Automation) -> DaysForm | MomentForm | None:
    # The welcome itself answers the press of the button, whenever that is.
    if is_step(found.key) and found.key != WELCOME:
        return DaysForm(obj=found)
    return MomentForm(obj=found) if found.key == DIGEST else None


@bp.post("/<key>/time")
def set_time(key: str) -> Any:
    """Say when an automation goes."""
    found = found_by(key)
    form = _time_form(found) or abort(404)
    if not form.validate():
        return _automation(found, form), form.refusal_status()
    by, now = g.organiser.id, clock.now()
    if isinstance(form, DaysForm):
        verbs.set_days(key, days=form.days.data, by=by, now=now)
    else:
        verbs.set_moment(
            week=form.week.data, weekday=form.weekday.data, hour=form.hour.data, by=by, now=now
        )
    db.session.commit()
    return back(key, _("Kept."))


def back(key: str, words: str) -> Any:
    """Say what was done on the page of an automation."""
    flash(words, "done")
    return redirect(url_for("office.newsletter.automations.automation", key=key), 303)


@bp.post("/<key>/on")
def switch_on(key: str) -> Any:
    """Let an automation go out."""
    check_button()
    found_by(key)
    verbs.switch_on(key, by=g.organiser.id, now=clock.now())
    db.session.commit()
    return back(key, _("It is on."))


@bp.post("/<key>/approve")
def approve(key: str) -> Any:
    """Find good what an automation says."""
    found = found_by(key)
    form = ApproveForm()
    if not form.validate():
        return _automation(found), form.refusal_status()
    verbs.approve(key, seen=form.seen.data or "", by=g.organiser.id, now=clock.now())
    db.session.commit()
    return back(key, _("Approved. After a change it has to be approved anew."))


@bp.post("/<key>/off")
def switch_off(key: str) -> Any:
    """Let an automation go out no more."""
    check_button()
    found_by(key)
    verbs.switch_off(key, by=g.organiser.id, now=clock.now())
    db.session.commit()
    return back(key, _("It is off."))


@bp.post("/<key>/drop")
def drop(key: str) -> Any:
    """Take an added step out of the welcome."""
    check_button()
    found_by(key)
    verbs.drop_step(key)
    db.session.commit()
    flash(_("The mail is deleted."), "done")
    return redirect(url_for("office.newsletter.automations.index"), 303)
