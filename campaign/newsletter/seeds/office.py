"""Doors of tests for organisers: an issue to seed addresses, before its readers get it."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, url_for

from campaign import clock
from campaign.db import db
from campaign.languages import _
from campaign.newsletter.models import Issue
from campaign.newsletter.seeds import verbs
from campaign.newsletter.seeds.forms import SeedsForm
from campaign.organisers.queries import by_email

bp = Blueprint("seeds", __name__)


def _found(id: int) -> Issue:
    found: Issue = db.session.get(Issue, id) or abort(404)
    return found


@bp.get("/issues/<int:id>/seeds")
def seeds(id: int) -> Any:
    """Ask to which addresses a test of an issue goes."""
    return _page(_found(id), SeedsForm())


def _page(issue: Issue, form: SeedsForm) -> str:
    return render_template(
        "newsletter/office/seeds.html",
        issue=issue,
        form=form,
        seeds=current_app.config["NEWSLETTER_SEEDS"],
        test_prefix=verbs.TEST.strip(),
    )


@bp.post("/issues/<int:id>/seeds")
def send(id: int) -> Any:
    """Send an issue to the seed addresses the way its readers would get it."""
    issue = _found(id)
    form = SeedsForm()
    if not form.validate():
        return _page(issue, form), form.refusal_status()
    listed: list[str] = current_app.config["NEWSLETTER_SEEDS"]
    strangers = [each for each in form.addresses if each not in listed and by_email(each) is None]
    if strangers:
        form.more.errors = [_("%(address)s is not an organiser’s.", address=strangers[0])]
        return _page(issue, form), 422
    try:
        verbs.send_to_seeds(issue, list(dict.fromkeys([*listed, *form.addresses])), now=clock.now())
    except verbs.NoSeeds as refusal:
        db.session.rollback()
        form.more.errors = [refusal.sentence]
        return _page(issue, form), refusal.status
    db.session.commit()
    flash(_("The test is on its way."), "done")
    return redirect(url_for("office.newsletter.seeds.seeds", id=id), 303)
