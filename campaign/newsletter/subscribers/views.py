"""Doors for readers: subscribe, confirm, refuse, leave, come back."""

from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for

from campaign import clock, tokens
from campaign.db import db
from campaign.languages import current_language
from campaign.newsletter import queries
from campaign.newsletter.subscribers import verbs
from campaign.newsletter.subscribers.forms import (
    ComeBackForm,
    ConfirmForm,
    LeaveForm,
    NotMeForm,
    SubscribeForm,
    consent_wording,
)
from campaign.outbox.verbs import TooManyFromHere, count_client
from campaign.people import links
from campaign.people import verbs as people

# All public doors of the newsletter are on it: `newsletter.views` adds those of the archive.
bp = Blueprint("newsletter", __name__)

LISTED = 50


@bp.get("/newsletter")
def newsletter() -> Any:
    """Show what the newsletter is, the form that subscribes, and the archive."""
    return _newsletter(SubscribeForm())


def _newsletter(form: SubscribeForm) -> str:
    return render_template(
        "newsletter/newsletter.html",
        form=form,
        wording=consent_wording(),
        issues=queries.public_issues(limit=LISTED),
    )


@bp.post("/newsletter/subscribe")
def subscribe() -> Any:
    """Ask by mail whether the owner of the address wants the newsletter."""
    form = SubscribeForm()
    if not form.validate():
        return _newsletter(form), form.refusal_status()
    now = clock.now()
    try:
        count_client(request.remote_addr or "", most=current_app.config["CLIENT_CAP"], now=now)
    except TooManyFromHere as refusal:
        form.form_errors.append(refusal.sentence)
        return _newsletter(form), refusal.status
    verbs.subscribe(
        email=form.email.data,
        name=form.name.data,
        language=current_language(),
        wording=consent_wording(),
        now=now,
    )
    db.session.commit()
    return redirect(url_for("newsletter.check_your_mail"), 303)


@bp.get("/newsletter/check-your-mail")
def check_your_mail() -> Any:
    """Say that a mail is on its way; the same whoever asked."""
    return render_template("newsletter/check_your_mail.html")


@bp.get("/confirm/<token>")
def confirm(token: str) -> Any:
    """Show the button that agrees; opening the link alone does nothing."""
    person_id, _purpose = links.read_confirm(token)
    verbs.check_waiting(person_id)
    return render_template("newsletter/confirm.html", form=ConfirmForm(), token=token)


@bp.post("/confirm/<token>")
def press_confirm(token: str) -> Any:
    """Record the agreement."""
    person_id, _purpose = links.read_confirm(token)
    form = ConfirmForm()
    if not form.validate():
        page = render_template("newsletter/confirm.html", form=form, token=token)
        return page, form.refusal_status()
    verbs.confirm(person_id, now=clock.now())
    db.session.commit()
    return redirect(url_for("newsletter.confirmed"), 303)


@bp.errorhandler(tokens.ExpiredToken)
def expired(refusal: tokens.ExpiredToken) -> Any:
    """Say that a link is too old, with the form that asks again."""
    page = render_template(
        "newsletter/expired.html", form=SubscribeForm(formdata=None), wording=consent_wording()
    )
    return page, refusal.status


@bp.get("/newsletter/confirmed")
def confirmed() -> Any:
    """Say that the newsletter will come."""
    return render_template("newsletter/confirmed.html")


@bp.get("/not-me/<token>")
def not_me(token: str) -> Any:
    """Show the button "never write to me"."""
    links.read_not_me(token)
    return render_template("newsletter/not_me.html", form=NotMeForm(), token=token)


@bp.post("/not-me/<token>")
def press_not_me(token: str) -> Any:
    """Never write to the address again, and drop what was asked in its name."""
    person_id, hashed = links.read_not_me(token)
    form = NotMeForm()
    if not form.validate():
        page = render_template("newsletter/not_me.html", form=form, token=token)
        return page, form.refusal_status()
    people.never_write(person_id, hashed, now=clock.now())
    db.session.commit()
    return redirect(url_for("newsletter.never_again"), 303)


@bp.get("/newsletter/never-again")
def never_again() -> Any:
    """Say that nothing will be written to the address."""
    return render_template("newsletter/never_again.html")


@bp.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> Any:
    """Show the button that leaves. Needs no sign-in, and works for ever."""
    links.read_unsubscribe(token)
    return render_template("newsletter/unsubscribe.html", form=LeaveForm(), token=token)


@bp.post("/unsubscribe/<token>")
def press_unsubscribe(token: str) -> Any:
    """Leave: by the button of the page, or by that of a mail program (RFC 8058 section 3.2).

    A mail program sends one field and has seen no form, so no form token is asked of it; it
    follows no redirect and keeps no cookie. The address itself is the proof.
    """
    person_id, purpose = links.read_unsubscribe(token)
    if request.form.get("List-Unsubscribe") == "One-Click":
        people.leave(person_id, purpose, through="one click", now=clock.now())
        db.session.commit()
        return Response("You have left the newsletter.\n", mimetype="text/plain")
    form = LeaveForm()
    if not form.validate():
        page = render_template("newsletter/unsubscribe.html", form=form, token=token)
        return page, form.refusal_status()
    people.leave(person_id, purpose, through="link", now=clock.now())
    db.session.commit()
    return redirect(url_for("newsletter.left", token=token), 303)


@bp.get("/unsubscribe/<token>/left")
def left(token: str) -> Any:
    """Say that no newsletter comes any more, and offer to come back."""
    links.read_unsubscribe(token)
    return render_template("newsletter/left.html", form=ComeBackForm(), token=token)


@bp.post("/unsubscribe/<token>/come-back")
def come_back(token: str) -> Any:
    """Ask by mail somebody who left by mistake."""
    person_id, _purpose = links.read_unsubscribe(token)
    form = ComeBackForm()
    if not form.validate():
        page = render_template("newsletter/left.html", form=form, token=token)
        return page, form.refusal_status()
    if not verbs.come_back(person_id, wording=consent_wording(), now=clock.now()):
        # Forgotten: only they can tell us their address again.
        return redirect(url_for("newsletter.newsletter"), 303)
    db.session.commit()
    return redirect(url_for("newsletter.check_your_mail"), 303)
