"""Doors of planning for organisers: to whom, when, how; the number, and the button."""

import json
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

from campaign import clock
from campaign.db import db
from campaign.forms import OfficeForm
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.mailings import queries
from campaign.mailings.content import Content, find
from campaign.mailings.planning import verbs
from campaign.mailings.planning.forms import AskForm, PlanForm, plan_form
from campaign.mailings.queries import Choice
from campaign.mailings.verbs import NobodyToSendTo
from campaign.refusals import Refusal

bp = Blueprint("planning", __name__)


def content_or_404(kind: str, id: int) -> Content:
    """Find a content, and mark its room in the menu of the office."""
    found: Content = find(kind, id) or abort(404)
    g.room = found.room
    return found


@bp.get("/<kind>/<int:id>/plan")
def plan(kind: str, id: int) -> Any:
    """Ask to whom, when and how a content goes out, and say to how many."""
    content = content_or_404(kind, id)
    return _plan_page(content, _ask(content, asked=bool(request.args)))


def _ask(content: Content, *, asked: bool) -> PlanForm:
    return plan_form(
        content,
        queries.choices(content),
        kind=AskForm,
        formdata=request.args if asked else None,
    )


def _plan_page(content: Content, form: PlanForm) -> str:
    choices = queries.choices(content)
    chosen = _chosen(choices, form.who.data if form.who else "")
    if form.who:
        form.who.data = chosen.key
    return render_template(
        "mailings/office/plan.html",
        content=content,
        form=form,
        chosen=chosen,
        choices=choices,
        readers=queries.number_of_readers(content, rule=chosen.rule, now=clock.now()),
        earlier=queries.of_content(content.kind, content.id),
    )


def _chosen(choices: list[Choice], key: str | None) -> Choice:
    return next((choice for choice in choices if choice.key == key), choices[0])


@bp.get("/<kind>/<int:id>/plan/count")
def count(kind: str, id: int) -> str:
    """Count to how many a content would go: a part of the page that asks, for its script."""
    content = content_or_404(kind, id)
    chosen = _chosen(queries.choices(content), request.args.get("who", ""))
    return render_template(
        "mailings/office/_count.html",
        chosen=chosen,
        readers=queries.number_of_readers(content, rule=chosen.rule, now=clock.now()),
    )


@bp.get("/<kind>/<int:id>/send")
def confirm_send(kind: str, id: int) -> Any:
    """Show once more what will happen, with the exact number and the button that does it."""
    content = content_or_404(kind, id)
    form = _ask(content, asked=True)
    if not form.validate():
        return _plan_page(content, form), 422
    try:
        verbs.check(content, form.plan, now=clock.now())
    except _OF_A_FIELD as refusal:
        return _refused(content, form, refusal)
    except NobodyToSendTo:
        # The page says so itself, with the number.
        pass
    return _confirm_page(content, form)


_OF_A_FIELD = (verbs.TooLate, verbs.TooFewForAnABTest, verbs.WrongSubject)


def _refused(content: Content, form: PlanForm, refusal: Refusal) -> Any:
    """Show the plan again with what refuses it beside its field."""
    field = form.day if isinstance(refusal, verbs.TooLate) else form.second_subject
    field.errors = [*field.errors, refusal.sentence]
    return _plan_page(content, form), refusal.status


def _confirm_page(content: Content, form: PlanForm) -> str:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    choice = form.choice
    is_for_all = choice.segment is None
    asked = _asked(form)
    newest = queries.newest_of(content.kind, content.id)
    seen = {
        "version": content.version,
        "after": newest.id if newest else 0,
        "seen": _fingerprint(choice),
    }
    return render_template(
        "mailings/office/confirm_send.html",
        content=content,
        form=form,
        token=OfficeForm(formdata=None),
        given={**asked, **seen},
        choice=choice,
        facts=content.facts(content.settled(form.options, is_for_all=is_for_all)),
        readers=queries.number_of_readers(content, rule=choice.rule, now=clock.now()),
        to_mend=content.to_mend(app, now=clock.now()),
        back_href=url_for(
            "office.mailings.planning.plan",
            kind=content.kind,
            id=content.id,
            **{name: value for name, value in asked.items() if value},
        ),
        zone=current_app.config["TIMEZONE"],
    )


def _asked(form: PlanForm) -> dict[str, Any]:
    """Give what was answered, as an address or a hidden field has it."""
    return {
        "who": form.choice.key,
        "when": form.when.data,
        "day": form.day.data.isoformat() if form.day.data else "",
        "time": f"{form.time.data:%H:%M}" if form.time.data else "",
        "rate": form.rate.data or "",
        **({"second_subject": form.second_subject.data or "", "hours": form.hours.data or 4}
           if form.second_subject else {}),
        **form.options,
    }  # fmt: skip


def _fingerprint(choice: Choice) -> str:
    """Tell rules apart: a colleague may change a segment meanwhile."""
    return sha256(json.dumps(choice.rule, sort_keys=True).encode()).hexdigest()[:16]


class SegmentChanged(Refusal):
    sentence = _l(
        "Somebody has changed this segment since you saw to how many it goes. Begin again."
    )


@bp.post("/<kind>/<int:id>/send")
def do_send(kind: str, id: int) -> Any:
    """Plan the mailing."""
    content = content_or_404(kind, id)
    form = plan_form(content, queries.choices(content))
    if not form.validate():
        return _plan_page(content, form), form.refusal_status()
    if form.seen.data != _fingerprint(form.choice):
        raise SegmentChanged
    now = clock.now()
    try:
        mailing = verbs.schedule(content, form.plan, by=g.organiser.id, now=now)
    except _OF_A_FIELD as refusal:
        db.session.rollback()
        return _refused(content, form, refusal)
    db.session.commit()
    if queries.waits_for_a_colleague(mailing, content):
        flash(_("It is planned. A colleague has to approve the second subject first."), "done")
    elif mailing.starts_at > now:
        flash(_("It is planned. Until it begins you can call it off."), "done")
    else:
        flash(_("It begins at once."), "done")
    return redirect(url_for("office.mailings.mailing", id=mailing.id), 303)
