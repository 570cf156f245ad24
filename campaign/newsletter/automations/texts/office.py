"""Doors of what automations say: read it as a mail, change it, reset it, have a copy sent."""

from typing import Any

from flask import (
    Response,
    abort,
    current_app,
    g,
    render_template,
    request,
)

from campaign import clock
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, language_name
from campaign.newsletter.automations import mails, queries
from campaign.newsletter.automations.catalogue import BUILT_IN, REMINDER, label_of, words_in
from campaign.newsletter.automations.models import Automation
from campaign.newsletter.automations.office import back, bp, check_button, found_by
from campaign.newsletter.automations.texts import verbs
from campaign.newsletter.automations.texts.forms import WordsForm
from campaign.newsletter.previews.modes import offers
from campaign.outbox.fields import Recipient
from campaign.refusals import Refusal

__all__ = ["bp"]

# As of the other previews: nothing runs, nothing is loaded but our own images.
_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'"
)


@bp.get("/<key>/<language>")
def words(key: str, language: str) -> Any:
    """Show the words of an automation in one language, to be changed."""
    found = _found_in(key, language)
    said = words_in(found, language)
    form = WordsForm(
        data={"subject": said.subject, "source": said.source, "version": found.version}
    )
    return _words(found, language, form)


def _found_in(key: str, language: str) -> Automation:
    if language not in current_app.config["LANGUAGES"]:
        abort(404)
    return found_by(key)


def _words(found: Automation, language: str, form: WordsForm) -> str:
    return render_template(
        "newsletter/office/automation_text.html",
        automation=found,
        label=label_of(found.key),
        language=language,
        language_name=language_name(language),
        form=form,
        fields=[] if found.key == REMINDER else offers(language, now=clock.now()),
        is_changed=found.key in BUILT_IN and any(text.language == language for text in found.texts),
        button=ButtonForm(formdata=None),
    )


@bp.post("/<key>/<language>")
def write(key: str, language: str) -> Any:
    """Keep the words of an automation in one language."""
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
        return _words(found_by(key), language, form), refusal.status
    db.session.commit()
    return back(key, _kept(key))


def _kept(key: str) -> str:
    found = found_by(key)
    if found.is_on and queries.needs_approval(found):
        return str(_("Kept. It goes to nobody until a colleague has approved it."))
    return str(_("Kept."))


@bp.post("/<key>/<language>/reset")
def reset_words(key: str, language: str) -> Any:
    """Let an automation say again what it said at first."""
    check_button()
    _found_in(key, language)
    verbs.reset_words(key, language=language, by=g.organiser.id, now=clock.now())
    db.session.commit()
    return back(key, _("It says what it said at first."))


@bp.post("/<key>/<language>/test")
def send_test(key: str, language: str) -> Any:
    """Mail a copy to the organiser who presses."""
    check_button()
    _found_in(key, language)
    verbs.send_test(key, language=language, to=g.organiser.email, now=clock.now())
    db.session.commit()
    return back(key, _("A copy is on its way to you."))


@bp.get("/<key>/<language>/mail.html")
def mail(key: str, language: str) -> Any:
    """Show an automation as a reader without a name gets it, for a frame."""
    found = _found_in(key, language)
    reader = Recipient(None, "", language, "", None)
    seen = mails.seen_by(found, reader, now=clock.now())
    if request.args.get("as") == "text":
        answer = Response(seen.text, mimetype="text/plain")
    else:
        answer = Response(seen.html)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer
