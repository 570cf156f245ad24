"""Doors of the newsletter for visitors: subscribe, confirm, refuse, leave, and read the issues."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from campaign import clock, tokens
from campaign.db import db
from campaign.languages import current_language
from campaign.newsletter import verbs
from campaign.newsletter.forms import ConfirmForm, SubscribeForm, consent_wording
from campaign.people import links

bp = Blueprint("newsletter", __name__)


@bp.get("/newsletter")
def newsletter() -> Any:
    """Show what the newsletter is, and the form that subscribes."""
    return _newsletter(SubscribeForm())


def _newsletter(form: SubscribeForm) -> str:
    return render_template("newsletter/newsletter.html", form=form, wording=consent_wording())


@bp.post("/newsletter/subscribe")
def subscribe() -> Any:
    """Ask by mail whether the owner of the address wants the newsletter."""
    form = SubscribeForm()
    if not form.validate():
        return _newsletter(form), form.refusal_status()
    verbs.subscribe(
        email=form.email.data,
        name=form.name.data,
        language=current_language(),
        wording=consent_wording(),
        now=clock.now(),
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
    links.read_confirm(token)
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
