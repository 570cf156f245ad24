"""Doors of automatic mails for organisers: see, write, time, switch and try each."""

from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)

from campaign import clock
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, language_name, local, ngettext
from campaign.newsletter.automations import mails, queries, verbs
from campaign.newsletter.automations.catalogue import (
    BUILT_IN,
    DIGEST,
    WELCOME,
    is_step,
    label_of,
    next_moment,
    words_in,
)
from campaign.newsletter.automations.forms import (
    ApproveForm,
    BeginForm,
    DaysForm,
    MomentForm,
    WordsForm,
)
from campaign.newsletter.automations.models import Automation
from campaign.newsletter.previews.looks import offers
from campaign.outbox.fields import Recipient
from campaign.refusals import Refusal
from campaign.segments.queries import segment, segments_by_name

bp = Blueprint("automations", __name__, url_prefix="/automations")

# As of the other previews: nothing runs, nothing is loaded but our own images.
_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'"
)


@bp.get("")
def index() -> Any:
    """List the automatic mails: when each goes, whether it is on, to how many it has gone."""
    return _index(_begin_form())


def _begin_form() -> BeginForm:
    form = BeginForm()
    saved = db.session.scalars(segments_by_name())
    form.segment.choices = [(0, _("All subscribers")), *((one.id, one.name) for one in saved)]
    return form


def _index(form: BeginForm) -> str:
    return render_template(
        "newsletter/office/automations.html",
        automatics=[
            (one, label_of(one.key), _when(one), queries.waits_for_a_colleague(one))
            for one in queries.automatics()
        ],
        turns=queries.turns(),
        form=form,
        waiting=queries.number_not_begun(now=clock.now()),
        button=ButtonForm(formdata=None),
    )


def _when(automatic: Automation) -> str:
    if automatic.key == DIGEST:
        zone = current_app.config["TIMEZONE"]
        moment = next_moment(automatic, now=clock.now(), zone=zone)
        return str(_("next on %(day)s", day=f"{local(moment, zone):%Y-%m-%d, %H:%M}"))
    if not is_step(automatic.key):
        return str(_("3 days after somebody asked"))
    if automatic.days == 0:
        return str(_("at once"))
    return str(ngettext("after %(num)s day", "after %(num)s days", automatic.days))


@bp.post("/begin")
def begin() -> Any:
    """Begin the welcome for those chosen."""
    form = _begin_form()
    if not form.validate():
        return _index(form), form.refusal_status()
    chosen = segment(form.segment.data) if form.segment.data else None
    number = verbs.begin_for(chosen.rule if chosen else {}, now=clock.now())
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
    _hold_button()
    step = verbs.add_step(by=g.organiser.id, now=clock.now())
    db.session.commit()
    return redirect(url_for("office.newsletter.automations.automatic", key=step.key), 303)


def _hold_button() -> None:
    if not ButtonForm().validate():
        abort(400)


@bp.get("/<key>")
def automatic(key: str) -> Any:
    """Show an automatic mail: what it says in each language, and how it is set."""
    return _automatic(_found(key))


def _found(key: str) -> Automation:
    return queries.automatic(key) or abort(404)


def _automatic(found: Automation, form: Any = None) -> str:
    form = form or _time_form(found)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return render_template(
        "newsletter/office/automation.html",
        automatic=found,
        label=label_of(found.key),
        about=BUILT_IN[found.key].about if found.key in BUILT_IN else "",
        when=_when(found),
        form=form,
        months=queries.months() if found.key == DIGEST else [],
        gone=queries.turns().get(found.key, 0),
        is_step=is_step(found.key),
        is_standard=found.key in BUILT_IN,
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
        approve_form=ApproveForm(formdata=None, data={"seen": found.words_mark}),
        asks_for_approval=current_app.config["NEWSLETTER_APPROVAL"],
        waits=queries.waits_for_a_colleague(found),
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
    """Say when an automatic mail goes."""
    found = _found(key)
    form = _time_form(found) or abort(404)
    if not form.validate():
        return _automatic(found, form), form.refusal_status()
    by, now = g.organiser.id, clock.now()
    if isinstance(form, DaysForm):
        verbs.set_days(key, days=form.days.data, by=by, now=now)
    else:
        verbs.set_moment(
            week=form.week.data, weekday=form.weekday.data, hour=form.hour.data, by=by, now=now
        )
    db.session.commit()
    return _back(key, _("Kept."))


def _back(key: str, words: str) -> Any:
    flash(words, "done")
    return redirect(url_for("office.newsletter.automations.automatic", key=key), 303)


@bp.post("/<key>/on")
def switch_on(key: str) -> Any:
    """Let an automatic mail go out."""
    _hold_button()
    _found(key)
    verbs.switch_on(key, by=g.organiser.id, now=clock.now())
    db.session.commit()
    return _back(key, _("It is on."))


@bp.post("/<key>/approve")
def approve(key: str) -> Any:
    """Find good what an automatic mail says."""
    found = _found(key)
    form = ApproveForm()
    if not form.validate():
        return _automatic(found), form.refusal_status()
    verbs.approve(key, seen=form.seen.data or "", by=g.organiser.id, now=clock.now())
    db.session.commit()
    return _back(key, _("Approved. After a change it has to be approved anew."))


@bp.post("/<key>/off")
def switch_off(key: str) -> Any:
    """Let an automatic mail go out no more."""
    _hold_button()
    _found(key)
    verbs.switch_off(key, by=g.organiser.id, now=clock.now())
    db.session.commit()
    return _back(key, _("It is off."))


@bp.post("/<key>/drop")
def drop(key: str) -> Any:
    """Take an added step out of the welcome."""
    _hold_button()
    _found(key)
    verbs.drop_step(key)
    db.session.commit()
    flash(_("The mail is deleted."), "done")
    return redirect(url_for("office.newsletter.automations.index"), 303)


@bp.get("/<key>/<language>")
def words(key: str, language: str) -> Any:
    """Show the words of an automatic mail in one language, to be changed."""
    found = _found_in(key, language)
    said = words_in(found, language)
    form = WordsForm(
        data={"subject": said.subject, "source": said.source, "version": found.version}
    )
    return _words(found, language, form)


def _found_in(key: str, language: str) -> Automation:
    if language not in current_app.config["LANGUAGES"]:
        abort(404)
    return _found(key)


def _words(found: Automation, language: str, form: WordsForm) -> str:
    return render_template(
        "newsletter/office/automation_text.html",
        automatic=found,
        label=label_of(found.key),
        language=language,
        language_name=language_name(language),
        form=form,
        fields=[] if found.key == "reminder" else offers(language, now=clock.now()),
        is_changed=found.key in BUILT_IN and any(text.language == language for text in found.texts),
        button=ButtonForm(formdata=None),
    )


@bp.post("/<key>/<language>")
def write(key: str, language: str) -> Any:
    """Keep the words of an automatic mail in one language."""
    found = _found_in(key, language)
    form = WordsForm()
    if not form.validate():
        return _words(found, language, form), form.refusal_status()
    try:
        verbs.write(
            key,
            version=form.version.data,
            language=language,
            subject=form.subject.data,
            source=form.source.data,
            by=g.organiser.id,
            now=clock.now(),
        )
    except Refusal as refusal:
        db.session.rollback()
        form.source.errors = [*form.source.errors, refusal.sentence]
        return _words(_found(key), language, form), refusal.status
    db.session.commit()
    return _back(key, _kept(key))


def _kept(key: str) -> str:
    found = _found(key)
    if found.is_on and queries.waits_for_a_colleague(found):
        return str(_("Kept. It goes to nobody until a colleague has approved it."))
    return str(_("Kept."))


@bp.post("/<key>/<language>/standard")
def back_to_standard(key: str, language: str) -> Any:
    """Let an automatic mail say again what it said at first."""
    _hold_button()
    _found_in(key, language)
    verbs.back_to_standard(key, language=language, by=g.organiser.id, now=clock.now())
    db.session.commit()
    return _back(key, _("It says what it said at first."))


@bp.post("/<key>/<language>/try")
def send_trial(key: str, language: str) -> Any:
    """Mail a copy to the organiser who presses."""
    _hold_button()
    _found_in(key, language)
    verbs.send_trial(key, language=language, to=g.organiser.email, now=clock.now())
    db.session.commit()
    return _back(key, _("A copy is on its way to you."))


@bp.get("/<key>/<language>/mail.html")
def mail(key: str, language: str) -> Any:
    """Show an automatic mail as a reader without a name gets it, for a frame."""
    found = _found_in(key, language)
    reader = Recipient(None, "", language, "", None)
    seen = mails.seen_by(found, reader, now=clock.now())
    if request.args.get("as") == "text":
        answer = Response(seen.text, mimetype="text/plain")
    else:
        answer = Response(seen.html)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer
