"""Doors through which organisers come in and go out: strangers stand before them, with a session.

The session's cookie holds a random token and the form token, nothing else. It is given anew at
sign-in and dropped at sign-out, so what somebody planted in a browser beforehand is worth nothing.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_wtf.csrf import CSRFError, generate_csrf

from campaign import clock
from campaign.clients import client_address
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import current_language
from campaign.organisers import queries, verbs
from campaign.organisers.forms import AskForm
from campaign.organisers.models import Organiser
from campaign.organisers.policy import IDLE_FOR
from campaign.outbox.caps.verbs import TooManyFromHere, count_client
from campaign.refusals import Refusal

bp = Blueprint("organisers", __name__, url_prefix="/office")

# What the session's cookie holds: the token of the open session, and where to go after sign-in.
TOKEN, NEXT = "organiser", "next"


@bp.record_once
def _make_the_cookie(state: BlueprintSetupState) -> None:
    # The public pages never see it, so they stay the same for everyone. Its own signed time, made
    # new with every answer of the office, ends a session nobody uses; no row need be written.
    state.app.config.update(SESSION_COOKIE_PATH="/office", PERMANENT_SESSION_LIFETIME=IDLE_FOR)


def signed_in() -> Organiser | None:
    """Tell who is signed in with this browser. A cookie of rubbish is nobody's."""
    token = session.get(TOKEN)
    return queries.organiser_of(token, now=clock.now()) if isinstance(token, str) else None


@bp.get("/sign-in")
def ask() -> Any:
    """Show the form that asks for a link."""
    wanted = request.args.get("next", "")
    if is_office_path(wanted):
        session[NEXT] = wanted
    return render_template("organisers/ask.html", form=AskForm())


@bp.post("/sign-in")
def send_link() -> Any:
    """Mail a link, and say the same whoever asked."""
    form = AskForm()
    if not form.validate():
        return render_template("organisers/ask.html", form=form), form.refusal_status()
    now = clock.now()
    try:
        count_client(client_address(), most=current_app.config["CLIENT_CAP"], now=now)
    except TooManyFromHere as refusal:
        form.form_errors.append(refusal.sentence)
        return render_template("organisers/ask.html", form=form), refusal.status
    verbs.ask_for_link(form.email.data, language=current_language(), now=now)
    db.session.commit()
    return redirect(url_for("organisers.asked"), 303)


@bp.get("/sign-in/sent")
def asked() -> Any:
    """Say that a link is on its way, if the address is an organiser's."""
    return render_template("organisers/asked.html")


@bp.get("/sign-in/<token>")
def confirm_sign_in(token: str) -> Any:
    """Show the button that signs in; opening the link alone does nothing."""
    verbs.check(queries.link_of(token), now=clock.now())
    return render_template("organisers/sign_in.html", form=ButtonForm(), token=token)


@bp.post("/sign-in/<token>")
def do_sign_in(token: str) -> Any:
    """Sign in with a link, once."""
    form = ButtonForm()
    if not form.validate():
        page = render_template("organisers/sign_in.html", form=form, token=token)
        return page, form.refusal_status()
    opened = verbs.sign_in(token, now=clock.now())
    db.session.commit()
    wanted = session.get(NEXT, "")
    session.clear()
    session.permanent = True
    session[TOKEN] = opened
    # A new form token too, and now: two pages opened at once would each make their own.
    g.pop(current_app.config["WTF_CSRF_FIELD_NAME"], None)
    generate_csrf()
    return redirect(wanted if is_office_path(wanted) else "/office/", 303)


@bp.post("/sign-out")
def sign_out() -> Any:
    """End the session in this browser and wherever its cookie was copied to."""
    token = session.get(TOKEN)
    if isinstance(token, str):
        verbs.sign_out(token)
        db.session.commit()
    session.clear()
    return redirect(url_for("organisers.ask"), 303)


@bp.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Any:
    return render_template("organisers/refused.html", sentence=refusal.sentence), refusal.status


def is_office_path(path: Any) -> bool:
    """Tell whether a path leads into the office, and not out to another site."""
    if not isinstance(path, str) or not path.startswith("/office/") or len(path) > 500:
        return False
    if "\\" in path or any(ord(sign) < 0x21 for sign in path):
        return False
    parts = urlsplit(path)
    return not parts.scheme and not parts.netloc and not path.startswith("/office/sign-")


@bp.errorhandler(CSRFError)
def not_from_our_page(error: CSRFError) -> Any:
    """Show what was typed and the same button again, when a form came without a good token."""
    page = render_template("organisers/again.html", fields=_typed(), form=ButtonForm(formdata=None))
    return page, 400


def not_signed_in() -> Any:
    """Show what was typed to somebody whose session has ended, so that nothing is lost."""
    page = render_template("organisers/over.html", fields=_typed(), form=ButtonForm(formdata=None))
    return page, 403


def _typed() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
