"""Doors of sendings for organisers: plan, confirm, look, pause, stop, choose, try out."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
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
    request,
    url_for,
)
from flask_babel import format_timedelta
from markupsafe import Markup

from campaign import clock
from campaign.attribution.models import Conversion
from campaign.db import db
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.languages import number as written
from campaign.newsletter.checks.queries import to_mend
from campaign.newsletter.models import Issue, Sending
from campaign.newsletter.sendings import figures, queries, verbs
from campaign.newsletter.sendings.forms import (
    AgainForm,
    AskForm,
    ButtonForm,
    ChooseForm,
    PlanForm,
    SeedsForm,
)
from campaign.newsletter.sendings.queries import Choice
from campaign.organisers.queries import by_email
from campaign.outbox.bounces.queries import withheld_of
from campaign.outbox.masking import masked
from campaign.outbox.models import Batch, State
from campaign.refusals import Refusal
from campaign.tables import office_time

bp = Blueprint("sendings", __name__)

STATES_OF = {
    "planned": _l("planned"),
    "called off": _l("called off"),
    "running": _l("on its way"),
    "paused": _l("resting"),
    "trial": _l("two subjects are being tried"),
    "stopped": _l("stopped"),
    "finished": _l("finished"),
}
CAPTIONS = {
    figures.MINUTE: _l("Mails that left, minute by minute"),
    figures.HOUR: _l("Mails that left, hour by hour"),
    figures.DAY: _l("Mails that left, day by day"),
}
CONVERSIONS = {
    Conversion.SIGN_UP: _l("Sign-ups for events"),
    Conversion.LETTER: _l("Letters"),
    Conversion.REPLY: _l("Answers by mail"),
}


@bp.get("/issues/<int:id>/send")
def plan(id: int) -> Any:
    """Ask to whom, when and how an issue goes out, and say to how many."""
    issue = _issue(id)
    return _plan_page(issue, _ask(issue, asked=bool(request.args)))


def _issue(id: int) -> Issue:
    found: Issue = db.session.get(Issue, id) or abort(404)
    return found


def _ask(issue: Issue, *, asked: bool) -> AskForm:
    choices = queries.choices()
    return AskForm(formdata=request.args if asked else None, choices=choices)


def _plan_page(issue: Issue, form: PlanForm) -> str:
    choices = queries.choices()
    chosen = _chosen(choices, form.who.data or "")
    form.who.data = chosen.key
    return render_template(
        "newsletter/office/sending_plan.html",
        issue=issue,
        form=form,
        chosen=chosen,
        choices=choices,
        readers=queries.number_of_readers(issue, rule=chosen.rule, now=clock.now()),
        earlier=queries.of_issue(issue.id),
    )


def _chosen(choices: list[Choice], key: str) -> Choice:
    return next((choice for choice in choices if choice.key == key), choices[0])


@bp.get("/issues/<int:id>/send/count")
def count(id: int) -> str:
    """Count to how many an issue would go: a part of the page that asks, for its script."""
    issue = _issue(id)
    chosen = _chosen(queries.choices(), request.args.get("who", ""))
    return render_template(
        "newsletter/office/sending_count.html",
        chosen=chosen,
        readers=queries.number_of_readers(issue, rule=chosen.rule, now=clock.now()),
    )


@bp.get("/issues/<int:id>/send/confirm")
def confirm(id: int) -> Any:
    """Show once more what will happen, with the exact number and the button that does it."""
    issue = _issue(id)
    form = _ask(issue, asked=True)
    if not form.validate():
        return _plan_page(issue, form), 422
    return _confirm_page(issue, form)


def _confirm_page(issue: Issue, form: PlanForm) -> str:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    choice = form.choice
    newest = queries.newest_of(issue.id)
    given = {
        "who": choice.key,
        "when": form.when.data,
        "day": form.day.data.isoformat() if form.day.data else "",
        "time": f"{form.time.data:%H:%M}" if form.time.data else "",
        "rate": form.rate.data or "",
        "second_subject": form.second_subject.data or "",
        "hours": form.hours.data or 4,
        "archive": form.archive.data or "",
        "version": issue.version,
        "after": newest.id if newest else 0,
        "seen": _mark(choice),
    }
    return render_template(
        "newsletter/office/sending_confirm.html",
        issue=issue,
        form=form,
        token=PlanForm(formdata=None, choices=[choice]),
        given=given,
        choice=choice,
        readers=queries.number_of_readers(issue, rule=choice.rule, now=clock.now()),
        to_mend=to_mend(app, issue, now=clock.now()),
        back_href=url_for("office.newsletter.sendings.plan", id=issue.id, **_asked(given)),
        zone=current_app.config["TIMEZONE"],
    )


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    ours = {"version", "after", "seen"}
    return {name: value for name, value in given.items() if name not in ours and value}


def _mark(choice: Choice) -> str:
    """Give a mark of who is meant: a colleague may change a segment meanwhile."""
    return sha256(json.dumps(choice.rule, sort_keys=True).encode()).hexdigest()[:16]


class SegmentChanged(Refusal):
    sentence = _l(
        "Somebody has changed this segment since you saw to how many the issue goes. Begin again."
    )


@bp.post("/issues/<int:id>/send")
def send(id: int) -> Any:
    """Plan the sending."""
    issue = _issue(id)
    form = PlanForm(choices=queries.choices())
    if not form.validate():
        return _plan_page(issue, form), form.refusal_status()
    if form.seen.data != _mark(form.choice):
        raise SegmentChanged
    day, hour = form.local_hour or (None, None)
    try:
        sending = verbs.schedule(
            issue,
            version=form.version.data or 0,
            after=form.after.data or 0,
            segment=form.choice.segment,
            starts_at=form.starts_at,
            on_local_day=day,
            at_local_hour=hour,
            rate=form.rate.data or 0.0,
            trial_subject=form.second_subject.data or "",
            trial_hours=form.hours.data,
            in_archive=form.in_archive,
            by=g.organiser.id,
            now=clock.now(),
        )
    except (verbs.TooLate, verbs.TooFewForATrial, verbs.WrongSubject) as refusal:
        db.session.rollback()
        field = form.day if isinstance(refusal, verbs.TooLate) else form.second_subject
        field.errors = [*field.errors, refusal.sentence]
        return _plan_page(issue, form), refusal.status
    db.session.commit()
    if queries.waits_for_a_colleague(sending):
        flash(_("It is planned. A colleague has to approve the second subject first."), "done")
    elif sending.starts_at > clock.now():
        flash(_("It is planned. Until it begins you can call it off."), "done")
    else:
        flash(_("It begins at once."), "done")
    return _to(sending)


def _to(sending: Sending) -> Any:
    return redirect(url_for("office.newsletter.sendings.sending", id=sending.id), 303)


def _found(id: int) -> Sending:
    found: Sending = queries.sending(id) or abort(404)
    return found


@bp.get("/issues/<int:id>/sendings")
def index(id: int) -> Any:
    """List the sendings of an issue, with what became of all of them together."""
    issue = _issue(id)
    return render_template(
        "newsletter/office/sending_list.html",
        issue=issue,
        columns=COLUMNS,
        rows=[_row(found) for found in queries.of_issue(id)],
        counts=figures.counts_of_issue(id),
        conversions=[
            (CONVERSIONS[deed], times) for deed, times in figures.conversions_of(issue).items()
        ],
    )


COLUMNS = [
    _l("Begun, or begins"),
    _l("To whom"),
    _l("State"),
    {"label": _l("Queued"), "is_number": True},
    {"label": _l("Left"), "is_number": True},
]


def _row(found: Sending) -> list[Any]:
    batches = queries.batches(found)
    counts = figures.counts(batches)
    href = url_for("office.newsletter.sendings.sending", id=found.id)
    moment = office_time(found.queued_at or found.starts_at)
    return [
        Markup('<a href="{}">{}</a>').format(href, moment),
        queries.in_words(found.rule),
        STATES_OF[_state(found, batches)],
        written(counts.queued),
        written(counts.gone),
    ]


@bp.get("/sendings/<int:id>")
def sending(id: int) -> Any:
    """Show how far a sending is, and what became of it."""
    return _sending_page(_found(id))


def _sending_page(found: Sending, form: Any = None, choose_form: Any = None) -> str:
    now = clock.now()
    zone = current_app.config["TIMEZONE"]
    issue = _issue(found.issue_id)
    batches = queries.batches(found)
    counts = figures.counts(batches)
    course = figures.course(found, batches, queries.readings(found), counts, now=now)
    leavers = figures.leavers(batches, now=now)
    state = _state(found, batches)
    left_for = figures.remaining(
        course, counts, rate=found.rate, last_due=figures.last_due(batches), now=now
    )
    return render_template(
        "newsletter/office/sending.html",
        issue=issue,
        sending=found,
        batches=batches,
        state=state,
        status=_status(found, state),
        because=_because(found, issue, batches),
        trial_status=_trial_status(found),
        may_choose=_is_undecided(found),
        waits=state == "planned" and queries.waits_for_a_colleague(found),
        is_own=found.asked_by_id == g.organiser.id,
        words=queries.in_words(found.rule),
        planned_for=_planned_for(found, issue, state),
        counts=counts,
        bounces=figures.bounces_by_kind(batches) if counts.of(State.BOUNCED) else [],
        failures=figures.replies_to(batches, State.FAILED) if counts.of(State.FAILED) else [],
        retries=figures.replies_to(batches, State.RETRY) if counts.of(State.RETRY) else [],
        withheld=figures.replies_to(batches, State.WITHHELD) if counts.of(State.WITHHELD) else [],
        leavers=len(leavers),
        complaints=len(figures.complaints(batches, now=now)),
        conversions=[
            (CONVERSIONS[deed], times) for deed, times in figures.conversions_of(issue).items()
        ],
        halves=figures.halves(found, now=now),
        by_time=figures.left_by_time(course, zone=zone),
        time_caption=CAPTIONS[figures.step_of(course)],
        by_day=figures.left_list_by_day(leavers, zone=zone),
        remaining=format_timedelta(left_for, threshold=1.5) if left_for else "",
        watched=figures.WATCHED.days,
        form=form or ButtonForm(formdata=None),
        choose_form=choose_form or _choose_form(found, issue),
    )


def _planned_for(found: Sending, issue: Issue, state: str) -> int | None:
    if state != "planned":
        return None
    return queries.number_of_readers(issue, rule=found.rule, now=clock.now())


def _state(found: Sending, batches: list[Batch]) -> str:
    """Name how a sending stands: the words of the template are chosen by it."""
    if found.queued_at is None:
        return "called off" if found.called_off_at else "planned"
    if found.called_off_at is not None:
        return "stopped"
    if any(batch.paused_at for batch in batches if batch.finished_at is None):
        return "paused"
    if any(batch.finished_at is None for batch in batches):
        return "running"
    return "trial" if _is_undecided(found) else "finished"


def _is_undecided(found: Sending) -> bool:
    return (
        found.trial_batch_id is not None
        and found.trial_decided_at is None
        and found.called_off_at is None
    )


def _status(found: Sending, state: str) -> str:
    """Say in a sentence how a sending stands."""
    begun = office_time(found.queued_at or found.starts_at)
    ended = office_time(found.called_off_at) if found.called_off_at else ""
    sentences = {
        "planned": _("It begins %(time)s.", time=begun),
        "called off": _("It was called off %(time)s, before it began.", time=ended),
        "running": _("It has been on its way since %(time)s.", time=begun),
        "paused": _("It rests. Nothing of it leaves until somebody lets it go on."),
        "trial": _(
            "Two subjects are being tried since %(time)s. The rest still waits.", time=begun
        ),
        "stopped": _("It was stopped for good %(time)s.", time=ended),
        "finished": _("It is finished. It began %(time)s.", time=begun),
    }
    return str(sentences[state])


def _because(found: Sending, issue: Issue, batches: list[Batch]) -> str:
    """Say why it does not go on, or will not, where that is known."""
    is_planned = found.queued_at is None and found.called_off_at is None
    if is_planned and issue.version != found.version:
        return str(
            _(
                "The issue was changed after this was planned, so it will not go out like this. "
                "Call it off and plan it anew."
            )
        )
    if is_planned and queries.waits_for_a_colleague(found):
        return str(_("It does not begin until a colleague has approved the second subject."))
    paused = [batch for batch in batches if batch.paused_at and batch.paused_because]
    if found.called_off_because or not paused:
        return found.called_off_because
    why = masked(paused[0].paused_because)
    if withheld_of([batch.id for batch in paused]):
        return str(
            _(
                "So many readers were said to be gone all at once that nothing more is sent until "
                "somebody has looked: the desk leads there. %(why)s",
                why=why,
            )
        )
    return str(
        _("The relay refused so many one after another that it stands still: %(why)s", why=why)
    )


def _trial_status(found: Sending) -> str:
    if found.trial_decided_at is not None:
        return str(_("The choice was made %(time)s.", time=office_time(found.trial_decided_at)))
    if not _is_undecided(found) or found.queued_at is None:
        return str(_("No choice was made: it was stopped before."))
    due = office_time(found.queued_at + timedelta(hours=found.trial_hours))
    return str(_("The better one goes to the rest %(time)s, or when you choose.", time=due))


def _choose_form(found: Sending, issue: Issue) -> ChooseForm:
    form = ChooseForm()
    form.winner.choices = [("a", issue.text.subject), ("b", found.trial_subject)]
    return form


def _press(id: int, deed: Callable[[Sending], Any], said: Any) -> Any:
    """Do what a button of a sending's page says."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _sending_page(found, form), form.refusal_status()
    deed(found)
    db.session.commit()
    flash(said, "done")
    return _to(found)


@bp.post("/sendings/<int:id>/call-off")
def call_off(id: int) -> Any:
    """Call a sending off before it begins."""
    return _press(id, lambda found: verbs.call_off(found, now=clock.now()), _("It is called off."))


@bp.post("/sendings/<int:id>/approve")
def approve(id: int) -> Any:
    """Find the second subject of a planned sending good."""
    return _press(
        id,
        lambda found: verbs.approve(found, by=g.organiser.id, now=clock.now()),
        _("Approved. It begins when its time has come."),
    )


@bp.post("/sendings/<int:id>/pause")
def pause(id: int) -> Any:
    """Let a sending rest."""
    return _press(
        id,
        lambda found: verbs.pause(found, now=clock.now()),
        _("It rests. What was being handed over this very moment may still leave."),
    )


@bp.post("/sendings/<int:id>/resume")
def resume(id: int) -> Any:
    """Let a sending go on."""
    return _press(id, verbs.resume, _("It goes on."))


@bp.get("/sendings/<int:id>/stop")
def confirm_stop(id: int) -> Any:
    """Ask once more before a sending is stopped for good."""
    found = _found(id)
    return _stop_page(found, ButtonForm())


def _stop_page(found: Sending, form: ButtonForm) -> str:
    return render_template(
        "newsletter/office/sending_stop.html",
        issue=_issue(found.issue_id),
        sending=found,
        counts=figures.counts(queries.batches(found)),
        form=form,
    )


@bp.post("/sendings/<int:id>/stop")
def stop(id: int) -> Any:
    """Stop a sending for good."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _stop_page(found, form), form.refusal_status()
    verbs.stop(found, now=clock.now())
    db.session.commit()
    flash(_("It is stopped. Whoever has not got it will not get it from this sending."), "done")
    return _to(found)


@bp.post("/sendings/<int:id>/choose")
def choose(id: int) -> Any:
    """Send the rest of an issue under the subject that an organiser chose."""
    found = _found(id)
    form = _choose_form(found, _issue(found.issue_id))
    if not form.validate():
        return _sending_page(found, choose_form=form), form.refusal_status()
    verbs.choose(found, winner=form.winner.data, now=clock.now())
    db.session.commit()
    flash(_("The rest get it under this subject."), "done")
    return _to(found)


@bp.get("/sendings/<int:id>/again")
def confirm_again(id: int) -> Any:
    """Show to how many an issue goes that a sending did not reach."""
    found = _found(id)
    newest = queries.newest_of(found.issue_id)
    return _again_page(found, AgainForm(formdata=None, after=newest.id if newest else 0))


def _again_page(found: Sending, form: AgainForm) -> str:
    issue = _issue(found.issue_id)
    return render_template(
        "newsletter/office/sending_again.html",
        issue=issue,
        sending=found,
        words=queries.in_words(found.rule),
        readers=queries.number_of_readers(issue, rule=found.rule, now=clock.now()),
        form=form,
    )


@bp.post("/sendings/<int:id>/again")
def again(id: int) -> Any:
    """Send an issue to those whom a sending did not reach."""
    found = _found(id)
    form = AgainForm()
    if not form.validate():
        return _again_page(found, form), form.refusal_status()
    made = verbs.send_to_those_not_reached(
        found, after=form.after.data or 0, by=g.organiser.id, now=clock.now()
    )
    db.session.commit()
    flash(_("It begins at once."), "done")
    return _to(made)


@bp.get("/issues/<int:id>/seeds")
def seeds(id: int) -> Any:
    """Ask to which addresses a trial of an issue goes."""
    return _seeds_page(_issue(id), SeedsForm())


def _seeds_page(issue: Issue, form: SeedsForm) -> str:
    return render_template(
        "newsletter/office/sending_seeds.html",
        issue=issue,
        form=form,
        seeds=current_app.config["NEWSLETTER_SEEDS"],
        trial_mark=verbs.TRIAL_MARK.strip(),
    )


@bp.post("/issues/<int:id>/seeds")
def send_to_seeds(id: int) -> Any:
    """Send an issue to the seed addresses the way its readers would get it."""
    issue = _issue(id)
    form = SeedsForm()
    if not form.validate():
        return _seeds_page(issue, form), form.refusal_status()
    listed: list[str] = current_app.config["NEWSLETTER_SEEDS"]
    strangers = [each for each in form.addresses if each not in listed and by_email(each) is None]
    if strangers:
        form.more.errors = [_("%(address)s is not an organiser’s.", address=strangers[0])]
        return _seeds_page(issue, form), 422
    try:
        verbs.send_to_seeds(issue, list(dict.fromkeys([*listed, *form.addresses])), now=clock.now())
    except verbs.NoSeeds as refusal:
        db.session.rollback()
        form.more.errors = [refusal.sentence]
        return _seeds_page(issue, form), refusal.status
    db.session.commit()
    flash(_("The trial is on its way."), "done")
    return redirect(url_for("office.newsletter.sendings.seeds", id=id), 303)
