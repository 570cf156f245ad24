"""Doors for readers: subscribe here or on another site, confirm, refuse, choose, leave, return."""

from typing import Any
from urllib.parse import parse_qs

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.datastructures import MultiDict

from campaign import clock, tokens
from campaign.clients import client_address
from campaign.db import db
from campaign.languages import current_language
from campaign.newsletter.queries import public_issues
from campaign.newsletter.subscribers import queries, verbs
from campaign.newsletter.subscribers.forms import (
    ComeBackForm,
    ConfirmForm,
    EmbedForm,
    LeaveForm,
    NotMeForm,
    PreferencesForm,
    SnippetForm,
    SubscribeForm,
    consent_wording,
)
from campaign.newsletter.subscribers.masking import masked
from campaign.outbox.caps.verbs import TooManyFromHere, count_client
from campaign.people import links
from campaign.people import verbs as people
from campaign.people.mails import language_of
from campaign.people.models import Purpose

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
        issues=public_issues(limit=LISTED),
    )


@bp.post("/newsletter/subscribe")
def subscribe() -> Any:
    """Ask by mail whether the owner of the address wants the newsletter."""
    form = SubscribeForm()
    status = _ask(form, through="newsletter")
    if status:
        return _newsletter(form), status
    return redirect(url_for("newsletter.check_your_mail"), 303)


def _ask(form: SubscribeForm, *, through: str) -> int:
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


@bp.get("/newsletter/subscribe-from")
def subscribe_here() -> Any:
    """Show the form to who opens the address of another site's form by itself."""
    return _subscribe_from(SnippetForm())


@bp.post("/newsletter/subscribe-from")
def subscribe_from() -> Any:
    """Show what was typed on another site, with the words to agree to; nothing happens yet.

    A POST that any site may cause (`app.FROM_OTHER_SITES`): an address belongs neither into
    the line of a browser nor into the logs on the way.
    """
    typed = {
        "email": request.form.get("email", "")[:254],
        "name": request.form.get("name", "")[:75],
    }
    return _subscribe_from(SnippetForm(formdata=None, data=typed))


def _subscribe_from(form: SnippetForm) -> str:
    return render_template("newsletter/subscribe_from.html", form=form, wording=consent_wording())


@bp.post("/newsletter/subscribe-here")
def press_subscribe_here() -> Any:
    """Ask by mail, as `subscribe` does, who came from another site."""
    form = SnippetForm()
    status = _ask(form, through="snippet")
    if status:
        return _subscribe_from(form), status
    return redirect(url_for("newsletter.check_your_mail"), 303)


# Whoever likes may frame the form; it can do nothing but be filled in and sent to us.
FRAMED_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "form-action 'self'; frame-ancestors *; base-uri 'none'"
)


@bp.get("/newsletter/embed")
def embed() -> Any:
    """Show the form that subscribes, for a frame on another site."""
    return _framed(_embed(EmbedForm()))


@bp.post("/newsletter/embed")
def press_embed() -> Any:
    """Ask by mail, as `subscribe` does, who sits before a frame."""
    form = EmbedForm()
    status = _ask(form, through="embed")
    if status:
        return _framed(_embed(form), status)
    return _framed(redirect(url_for("newsletter.embedded"), 303))


@bp.get("/newsletter/embed/check-your-mail")
def embedded() -> Any:
    """Say within the frame that a mail is on its way."""
    return _framed(render_template("newsletter/embedded.html"))


def _embed(form: EmbedForm) -> str:
    return render_template("newsletter/embed.html", form=form, wording=consent_wording())


def _framed(answer: Any, status: int | None = None) -> Response:
    response = make_response(answer) if status is None else make_response(answer, status)
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    return response


@bp.get("/newsletter/check-your-mail")
def check_your_mail() -> Any:
    """Say that a mail is on its way; the same whoever asked."""
    return render_template("newsletter/check_your_mail.html")


@bp.get("/confirm/<token>")
def confirm(token: str) -> Any:
    """Show the button that agrees; opening the link alone does nothing."""
    person_id, _purpose = links.read_confirm(token)
    return _confirm_page(person_id, ConfirmForm(), token)


def _confirm_page(person_id: int, form: ConfirmForm, token: str) -> str:
    waiting = verbs.check_waiting(person_id)
    return render_template(
        "newsletter/confirm.html", form=form, token=token, name=waiting.asked_name
    )


@bp.post("/confirm/<token>")
def press_confirm(token: str) -> Any:
    """Record the agreement."""
    person_id, _purpose = links.read_confirm(token)
    form = ConfirmForm()
    if not form.validate():
        return _confirm_page(person_id, form, token), form.refusal_status()
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


@bp.get("/preferences/<token>")
def preferences(token: str) -> Any:
    """Show what a reader may choose. Needs no sign-in, and works for ever."""
    person_id, _purpose = links.read_preferences(token)
    choices = queries.choices_of(person_id)
    if choices is None or choices.subscription.is_pending:
        raise tokens.ExpiredToken
    if choices.subscription.left_at is not None:
        return redirect(url_for("newsletter.left", token=_way_out(person_id)), 303)
    person = choices.person
    form = PreferencesForm(
        data={
            "rhythm": choices.subscription.rhythm,
            "topics": [t for t in current_app.config["TOPICS"] if t not in choices.refused],
            "language": language_of(person),
            "name": person.name,
        }
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
    return links.unsubscribe_token(person_id, Purpose.NEWSLETTER)


@bp.post("/preferences/<token>")
def press_preferences(token: str) -> Any:
    """Note what a reader chose."""
    person_id, _purpose = links.read_preferences(token)
    choices = queries.choices_of(person_id)
    if choices is None:
        raise tokens.ExpiredToken
    form = PreferencesForm()
    if not form.validate():
        return _preferences(choices, form, token), form.refusal_status()
    verbs.choose(
        person_id, **{field.name: field.data for field in form if field.name != "csrf_token"}
    )
    db.session.commit()
    return redirect(url_for("newsletter.chosen", token=token), 303)


@bp.get("/preferences/<token>/kept")
def chosen(token: str) -> Any:
    """Say that the choice is kept."""
    links.read_preferences(token)
    return render_template("newsletter/chosen.html", token=token)


@bp.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> Any:
    """Show the button that leaves. Needs no sign-in, and works for ever."""
    links.read_unsubscribe(token)
    return render_template("newsletter/unsubscribe.html", form=LeaveForm(), token=token)


# Some mail programs end every address with a slash, and follow no redirect from there.
@bp.post("/unsubscribe/<token>", strict_slashes=False)
def press_unsubscribe(token: str) -> Any:
    """Leave: by the button of the page, or by that of a mail program (RFC 8058 section 3.2).

    A mail program sends one field and has seen no form, so no form token is asked of it; it
    follows no redirect and keeps no cookie. Where it runs in a browser, that says it comes from
    another site (`app.FROM_OTHER_SITES`). The address itself is the proof.
    """
    person_id, purpose = links.read_unsubscribe(token)
    if _is_one_click():
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


def _is_one_click() -> bool:
    """Tell whether a mail program asks: however it names the kind of its body, and writes it."""
    # What is named as no form, or not at all, is still in the body.
    sent = request.form or parse_qs(request.get_data(as_text=True)[:LONGEST_CLICK])
    words = {name.strip().casefold(): values for name, values in MultiDict(sent).lists()}
    return "one-click" in {value.strip().casefold() for value in words.get("list-unsubscribe", [])}


LONGEST_CLICK = 200


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
