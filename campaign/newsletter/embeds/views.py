"""Doors for visitors of other sites: a form there sends them here, or a frame holds ours."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from campaign.newsletter.embeds.forms import EmbedForm, SnippetForm
from campaign.newsletter.subscribers.forms import consent_wording
from campaign.newsletter.subscribers.views import ask_by_mail, bp

__all__ = ["bp"]


@bp.get("/newsletter/subscribe-from")
def snippet() -> Any:
    """Show the form to who opens the address of another site's form by itself."""
    return _snippet(SnippetForm())


@bp.post("/newsletter/subscribe-from")
def show_snippet() -> Any:
    """Show what was typed on another site, with the words to agree to; nothing happens yet.

    A POST that any site may cause (`app.FROM_OTHER_SITES`): an address belongs neither into
    the line of a browser nor into the logs on the way.
    """
    typed = {
        "email": request.form.get("email", "")[:254],
        "name": request.form.get("name", "")[:75],
    }
    return _snippet(SnippetForm(formdata=None, data=typed))


def _snippet(form: SnippetForm) -> str:
    return render_template("newsletter/subscribe_from.html", form=form, wording=consent_wording())


@bp.post("/newsletter/subscribe-here")
def subscribe_by_snippet() -> Any:
    """Ask by mail, as `subscribe` does, who came from another site."""
    form = SnippetForm()
    status = ask_by_mail(form, through="snippet")
    if status:
        return _snippet(form), status
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
def subscribe_by_embed() -> Any:
    """Ask by mail, as `subscribe` does, who sits before a frame."""
    form = EmbedForm()
    status = ask_by_mail(form, through="embed")
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
