"""Doors of the previews: the frame that shows a mail, as it was saved or as it is being written."""

from typing import Any

from flask import Blueprint, Response, abort, request

from campaign import clock
from campaign.db import db
from campaign.newsletter import mails
from campaign.newsletter.models import Issue, IssueText
from campaign.newsletter.policy import LONGEST_PREVIEWED
from campaign.newsletter.previews.forms import PreviewForm, ReaderForm
from campaign.newsletter.previews.modes import Mode, with_colour_scheme
from campaign.outbox.fields import Recipient
from campaign.outbox.models import Text
from campaign.places import cities

bp = Blueprint("previews", __name__)

# A mail's style stands in its elements, so it is shown apart: nothing runs, nothing is loaded but
# our own images, and only our own pages may frame it (CSP Level 3). "allow-same-origin" lets the
# page around it keep the place to which it was scrolled; without scripts it allows nothing else.
POLICY = (
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
    "frame-ancestors 'self'"
)


@bp.get("/issues/<int:id>/preview.html")
def saved(id: int) -> Any:
    """Show an issue as it was saved, in one of its languages."""
    issue: Issue = db.session.get(Issue, id) or abort(404)
    form = ReaderForm(request.args, meta={"csrf": False})
    text = issue.text_in(request.args.get("language", issue.language))
    return _shown(issue, text, form)


@bp.post("/issues/preview")
def typed() -> Any:
    """Show an issue as it stands in the fields of the page around it. Nothing is saved."""
    form = PreviewForm()
    if not form.validate() and {"csrf_token", "language"} & set(form.errors):
        # All else is shown as far as it goes: who writes is not done yet.
        abort(400)
    language = form.language.data
    words = {
        name: (form[name].data or "")[:LONGEST_PREVIEWED]
        for name in ("title", "subject", "preview", "source")
    }
    text = IssueText(language=language, **{**words, "subject": words["subject"] or words["title"]})
    # Of no session: it is forgotten with the answer.
    issue = Issue(id=0, slug=form.slug.data or "…", language=language, texts=[text])
    return _shown(issue, text, form)


def _shown(issue: Issue, text: IssueText, form: ReaderForm) -> Response:
    name = "" if form.reader_name.errors else form.reader_name.data or ""
    country = form.reader_country.data or ""
    city = "" if form.reader_city.errors else form.reader_city.data or ""
    place = cities.find(city[:80], country) if city else None
    reader = Recipient(None, name[:75], text.language, country[:2], place.id if place else None)
    mode = Mode(form.mode.data) if form.mode.data in set(Mode) else Mode.MAIL
    return _answer(mails.seen_by(issue, text, reader, now=clock.now()), mode)


def _answer(seen: Text, mode: Mode) -> Response:
    if mode is Mode.TEXT:
        answer = Response(seen.text, mimetype="text/plain")
    else:
        answer = Response(with_colour_scheme(seen.html, mode))
    answer.headers["Content-Security-Policy"] = POLICY
    return answer
