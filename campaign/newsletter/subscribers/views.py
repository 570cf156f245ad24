"""Doors for readers: subscribe, confirm, refuse, choose, leave, return."""

from typing import Any
from urllib.parse import parse_qs

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.datastructures import MultiDict

from campaign import clock, tokens
from campaign.clients import client_address
from campaign.db import db
from campaign.forms import PublicButton
from campaign.languages import current_language
from campaign.newsletter.policy import ISSUES_LISTED, LONGEST_CLICK
from campaign.newsletter.queries import public_issues
from campaign.newsletter.subscribers import queries, verbs
from campaign.newsletter.subscribers.forms import PreferencesForm, SubscribeForm, consent_wording
from campaign.newsletter.subscribers.masked_addresses import masked
from campaign.outbox.caps.verbs import TooManyFromHere, count_client
from campaign.people import mail_links
from campaign.people.mails import language_of
from campaign.people.models import Purpose
from campaign.people.subscriptions import verbs as subscriptions_verbs

# All public doors of the newsletter are on it: `embeds.views` and `newsletter.views` add theirs.
bp = Blueprint("newsletter", __name__)


@bp.get("/newsletter")
def newsletter() -> Any:
    """Show what the newsletter is, the form that subscribes, and the archive."""
    return _newsletter(SubscribeForm())


def _newsletter(form: SubscribeForm) -> str:
    return render_template(
        "newsletter/newsletter.html",
        form=form,
        wording=consent_wording(),
        issues=public_issues(limit=ISSUES_LISTED),
    )


@bp.post("/newsletter/subscribe")
def subscribe() -> Any:
    """Ask by mail whether the owner of the address wants the newsletter."""
    form = SubscribeForm()
    status = ask_by_mail(form, through="newsletter")
    if status:
        return _newsletter(form), status
    return redirect(url_for("newsletter.check_your_mail"), 303)


def ask_by_mail(form: SubscribeForm, *, through: str) -> int:
    """Ask by mail whether the owner of the address wants the newsletter.

    Returns 0, or the status with which the form is to be shown again.
    """
    if not form.validate():
        return form.refusal_status()
    now = clock.now()
    try:
        count_client(client_address(), most=current_app.config["CLIENT_CAP"], now=now)
    except TooManyFromHere as refusal:
        form.form_errors.append(refusal.sentence)
        return refusal.status
    verbs.subscribe(
        email=form.email.data,
        name=form.name.data,
        language=current_language(),
        wording=consent_wording(),
        form=through,
        now=now,
    )
    db.session.commit()
    return 0


@bp.get("/newsletter/check-your-mail")
def check_your_mail() -> Any:
    """Say that a mail is on its way; the same whoever asked."""
    return render_template("newsletter/check_your_mail.html")


OPT_IN = PublicButton("newsletter/confirm.html", purpose="newsletter.opt-in")


@bp.get("/confirm/<token>")
def confirm_opt_in(token: str) -> Any:
    """Show the button that agrees; opening the link alone does nothing."""
    person_id, _purpose = mail_links.read_confirm(token)
    return OPT_IN.page(token=token, name=verbs.check_waiting(person_id).asked_name)


@bp.post("/confirm/<token>")
def do_opt_in(token: str) -> Any:
    """Record the agreement."""
    person_id, _purpose = mail_links.read_confirm(token)
    name = verbs.check_waiting(person_id).asked_name
    if refused := OPT_IN.refused(token=token, name=name):
        return refused
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


NEVER_WRITE = PublicButton("newsletter/not_me.html", purpose="newsletter.never-write")


@bp.get("/not-me/<token>")
def confirm_never_write(token: str) -> Any:
    """Show the button "never write to me"."""
    mail_links.read_not_me(token)
    return NEVER_WRITE.page(token=token)


@bp.post("/not-me/<token>")
def do_never_write(token: str) -> Any:
    """Never write to the address again, and drop what was asked in its name."""
    person_id, hashed = mail_links.read_not_me(token)
    if refused := NEVER_WRITE.refused(token=token):
        return refused
    subscriptions_verbs.never_write(person_id, hashed, now=clock.now())
    db.session.commit()
    return redirect(url_for("newsletter.never_again"), 303)


@bp.get("/newsletter/never-again")
def never_again() -> Any:
    """Say that nothing will be written to the address."""
    return render_template("newsletter/never_again.html")


@bp.get("/preferences/<token>")
def preferences(token: str) -> Any:
    """Show what a reader may choose. Needs no sign-in, and works for ever."""
    person_id, _purpose = mail_links.read_preferences(token)
    choices = queries.choices_of(person_id)
    if choices is None or choices.subscription.is_pending:
        raise tokens.ExpiredToken
    if choices.subscription.left_at is not None:
        return redirect(url_for("newsletter.left", token=_way_out(person_id)), 303)
    person = choices.person
    form = PreferencesForm(
        offered=current_app.config["TOPICS"],
        data={
            "rhythm": choices.subscription.rhythm,
            "topics": [t for t in current_app.config["TOPICS"] if t not in choices.refused],
            "language": language_of(person),
            "name": person.name,
        },
    )
    return _preferences(choices, form, token)


def _preferences(choices: queries.Choices, form: PreferencesForm, token: str) -> str:
    return render_template(
        "newsletter/preferences.html",
        form=form,
        token=token,
        address=masked(choices.person.email),
        way_out=_way_out(choices.person.id),
    )


def _way_out(person_id: int) -> str:
    return mail_links.unsubscribe_token(person_id, Purpose.NEWSLETTER)


@bp.post("/preferences/<token>")
def save_preferences(token: str) -> Any:
    """Note what a reader chose."""
    person_id, _purpose = mail_links.read_preferences(token)
    choices = queries.choices_of(person_id)
    if choices is None:
        raise tokens.ExpiredToken
    form = PreferencesForm(offered=current_app.config["TOPICS"])
    if not form.validate():
        return _preferences(choices, form, token), form.refusal_status()
    verbs.choose(
        person_id,
        offered=current_app.config["TOPICS"],
        **{field.name: field.data for field in form if field.name != "csrf_token"},
    )
    db.session.commit()
    return redirect(url_for("newsletter.chosen", token=token), 303)


@bp.get("/preferences/<token>/kept")
def chosen(token: str) -> Any:
    """Say that the choice is kept."""
    mail_links.read_preferences(token)
    return render_template("newsletter/chosen.html", token=token)


LEAVE = PublicButton("newsletter/unsubscribe.html", purpose="newsletter.leave")


@bp.get("/unsubscribe/<token>")
def confirm_leave(token: str) -> Any:
    """Show the button that leaves. Needs no sign-in, and works for ever."""
    mail_links.read_unsubscribe(token)
    return LEAVE.page(token=token)


# Some mail programs end every address with a slash, and follow no redirect from there.
@bp.post("/unsubscribe/<token>", strict_slashes=False)
def do_leave(token: str) -> Any:
    """Leave: by the button of the page, or by that of a mail program (RFC 8058 section 3.2).

    A mail program sends one field and has seen no form, so no form token is asked of it; it
    follows no redirect and keeps no cookie. Where it runs in a browser, that says it comes from
    another site (`app.FROM_OTHER_SITES`). The address itself is the proof.
    """
    person_id, purpose = mail_links.read_unsubscribe(token)
    if _is_one_click():
        subscriptions_verbs.leave(person_id, purpose, through="one click", now=clock.now())
        db.session.commit()
        return Response("You have left the newsletter.\n", mimetype="text/plain")
    if refused := LEAVE.refused(token=token):
        return refused
    subscriptions_verbs.leave(person_id, purpose, through="link", now=clock.now())
    db.session.commit()
    return redirect(url_for("newsletter.left", token=token), 303)


def _is_one_click() -> bool:
    """Tell whether a mail program asks: however it names the kind of its body, and writes it."""
    # What is named as no form, or not at all, is still in the body.
    sent = request.form or parse_qs(request.get_data(as_text=True)[:LONGEST_CLICK])
    words = {name.strip().casefold(): values for name, values in MultiDict(sent).lists()}
    return "one-click" in {value.strip().casefold() for value in words.get("list-unsubscribe", [])}


COME_BACK = PublicButton("newsletter/left.html", purpose="newsletter.come-back")


@bp.get("/unsubscribe/<token>/left")
def left(token: str) -> Any:
    """Say that no newsletter comes any more, and offer to come back."""
    mail_links.read_unsubscribe(token)
    return COME_BACK.page(token=token)


@bp.post("/unsubscribe/<token>/come-back")
def come_back(token: str) -> Any:
    """Ask by mail somebody who left by mistake."""
    person_id, _purpose = mail_links.read_unsubscribe(token)
    if refused := COME_BACK.refused(token=token):
        return refused
    if not verbs.come_back(person_id, wording=consent_wording(), now=clock.now()):
        # Forgotten: only they can tell us their address again.
        return redirect(url_for("newsletter.newsletter"), 303)
    db.session.commit()
    return redirect(url_for("newsletter.check_your_mail"), 303)
