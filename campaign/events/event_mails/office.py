"""Doors of mails to those who come, for organisers: write, look, test, delete; then plan it."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    url_for,
)

from campaign import clock
from campaign.db import db
from campaign.events.event_mails import mails, queries, verbs
from campaign.events.event_mails.forms import EventMailForm
from campaign.events.event_mails.models import EventMail
from campaign.events.models import Event
from campaign.events.queries import event_by_slug
from campaign.forms import ButtonForm
from campaign.languages import _
from campaign.mailings.merge_checks import FieldInTag, StrayBraces, UnknownField
from campaign.mailings.rendering import offered
from campaign.outbox.fields import known

bp = Blueprint("event_mails", __name__)

# A mail's style stands in its elements, so it is shown apart: nothing runs, nothing is loaded but
# our own images, and only our own pages may frame it (CSP Level 3).
POLICY = (
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
    "frame-ancestors 'self'"
)


def _event(slug: str) -> Event:
    return event_by_slug(slug) or abort(404)


def _found(id: int) -> EventMail:
    return queries.event_mail(id) or abort(404)


@bp.get("/<slug>/mails")
def index(slug: str) -> str:
    """List the mails to those who come to an event."""
    event = _event(slug)
    return render_template(
        "events/office/event_mails.html", event=event, mails=queries.of_event(event)
    )


@bp.get("/<slug>/mails/new")
def new(slug: str) -> str:
    """Show the form in which a mail to those who come is written."""
    return _new_page(_event(slug), _form())


def _form(**shown: Any) -> EventMailForm:
    form = EventMailForm(**shown)
    form.offer(current_app.config["LANGUAGES"])
    return form


def _new_page(event: Event, form: EventMailForm) -> str:
    action = url_for("office.events.event_mails.write", slug=event.slug)
    back = url_for("office.events.event_mails.index", slug=event.slug)
    return _write_page(event, form, action=action, back_href=back)


def _write_page(event: Event, form: EventMailForm, *, action: str, back_href: str) -> str:
    return render_template(
        "events/office/write_event_mail.html",
        event=event,
        form=form,
        action=action,
        back_href=back_href,
        fields=[(name, known()[name].label) for name in offered()],
    )


@bp.post("/<slug>/mails/new")
def write(slug: str) -> Any:
    """Save the draft of a mail to those who come."""
    event = _event(slug)
    form = _form()
    if not form.validate():
        return _new_page(event, form), form.refusal_status()
    try:
        mail = verbs.write(event, **_said(form), by=g.organiser.id, now=clock.now())
    except (FieldInTag, StrayBraces, UnknownField) as refusal:
        form.source.errors = [refusal.sentence]
        return _new_page(event, form), refusal.status
    db.session.commit()
    flash(_("The draft is saved. Nobody has got it yet."), "done")
    return _to(mail)


def _said(form: EventMailForm) -> dict[str, str]:
    return {name: form[name].data for name in ("subject", "source", "language")}


def _to(mail: EventMail) -> Any:
    return redirect(url_for("office.events.event_mails.event_mail", id=mail.id), 303)


@bp.get("/mails/<int:id>")
def event_mail(id: int) -> str:
    """Show a mail as those who come will get it."""
    return _page(_found(id), ButtonForm())


def _page(mail: EventMail, form: ButtonForm) -> str:
    return render_template(
        "events/office/event_mail.html",
        mail=mail,
        text=mails.preview(mail, now=clock.now()).text,
        form=form,
        address=g.organiser.email,
    )


@bp.get("/mails/<int:id>/preview.html")
def preview(id: int) -> Response:
    """Show a mail's HTML, for the frame on its page."""
    answer = Response(mails.preview(_found(id), now=clock.now()).html)
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


@bp.get("/mails/<int:id>/edit")
def edit(id: int) -> Any:
    """Show the form in which a draft is changed; what was sent shows itself."""
    mail = _found(id)
    return _to(mail) if mail.sent_at else _edit_page(mail, _form(obj=mail))


def _edit_page(mail: EventMail, form: EventMailForm) -> str:
    action = url_for("office.events.event_mails.change", id=mail.id)
    back = url_for("office.events.event_mails.event_mail", id=mail.id)
    return _write_page(mail.event, form, action=action, back_href=back)


@bp.post("/mails/<int:id>/edit")
def change(id: int) -> Any:
    """Change a draft."""
    mail = _found(id)
    form = _form()
    if not form.validate():
        return _edit_page(mail, form), form.refusal_status()
    version = form.version.data or 0
    try:
        verbs.change(mail, version=version, **_said(form), by=g.organiser.id, now=clock.now())
    except (FieldInTag, StrayBraces, UnknownField) as refusal:
        form.source.errors = [refusal.sentence]
        return _edit_page(mail, form), refusal.status
    except verbs.ChangedMeanwhile as refusal:
        # Nothing typed is lost: who has read what the other wrote may save over it.
        form.form_errors.append(refusal.sentence)
        form.version.raw_data, form.version.data = None, mail.version
        return _edit_page(mail, form), refusal.status
    db.session.commit()
    flash(_("The draft is saved. Nobody has got it yet."), "done")
    return _to(mail)


@bp.post("/mails/<int:id>/test")
def send_test(id: int) -> Any:
    """Send a copy to the organiser who asks."""
    mail = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _page(mail, form), form.refusal_status()
    verbs.send_test(mail, to=g.organiser.email, now=clock.now())
    db.session.commit()
    flash(_("A copy is on its way to %(address)s.", address=g.organiser.email), "done")
    return _to(mail)


@bp.get("/mails/<int:id>/delete")
def confirm_delete(id: int) -> str:
    """Ask once more before a draft is deleted."""
    return _delete_page(_found(id), ButtonForm())


def _delete_page(mail: EventMail, form: ButtonForm) -> str:
    return render_template("events/office/delete_event_mail.html", mail=mail, form=form)


@bp.post("/mails/<int:id>/delete")
def do_delete(id: int) -> Any:
    """Delete a draft."""
    mail = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _delete_page(mail, form), form.refusal_status()
    slug = mail.event.slug
    verbs.delete(mail)
    db.session.commit()
    flash(_("The draft is deleted."), "done")
    return redirect(url_for("office.events.event_mails.index", slug=slug), 303)
