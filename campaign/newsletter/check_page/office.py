"""Doors of the check before sending: what is found by looking, and by asking other sites."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask, abort, current_app, render_template

from campaign import clock
from campaign.content_checks.link_checker import CheckedLink, check_others, check_ours
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import language_name
from campaign.newsletter.check_page import queries
from campaign.newsletter.models import Issue

bp = Blueprint("check_page", __name__)


def _found(id: int) -> Issue:
    found: Issue = db.session.get(Issue, id) or abort(404)
    return found


@bp.get("/issues/<int:id>/check")
def check(id: int) -> Any:
    """Show what is found in an issue, and whether our own pages that it names are there."""
    return _check(_found(id), ButtonForm())


def _check(found: Issue, form: ButtonForm, checked: Sequence[CheckedLink] | None = None) -> str:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    ours, others = queries.addresses_of(found)
    return render_template(
        "newsletter/office/check.html",
        issue=found,
        form=form,
        texts=[
            (
                language_name(text.language),
                queries.findings(found, text, now=clock.now()),
            )
            for text in map(found.text_in, found.languages)
        ],
        ours=check_ours(app, ours),
        others=others,
        checked=checked,
    )


@bp.post("/issues/<int:id>/check")
def ask(id: int) -> Any:
    """Ask other sites whether the pages are there that an issue names. Nothing is kept."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _check(found, form), form.refusal_status()
    _ours, others = queries.addresses_of(found)
    # No transaction stays open while other sites take their time.
    db.session.rollback()
    return _check(_found(id), form, check_others(others))
