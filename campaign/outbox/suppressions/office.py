"""Suppressions for organisers: the addresses that are not written to, why, and how that ends."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import tables
from campaign.db import db
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.outbox.masking import masked
from campaign.outbox.suppressions import queries, verbs
from campaign.outbox.suppressions.forms import LiftForm
from campaign.outbox.suppressions.models import Suppression
from campaign.tables import Column

bp = Blueprint("suppressions", __name__, url_prefix="/suppressions")


def _fingerprint(suppression: Suppression) -> Markup:
    href = url_for("office.outbox.suppressions.suppression", known_by=suppression.address_hash)
    return Markup('<a href="{}">{}</a>').format(href, suppression.address_hash[:12])


SUPPRESSIONS = [
    Column(
        "address_hash",
        _l("Fingerprint of the address"),
        lambda row: row.address_hash,
        cell=_fingerprint,
    ),
    Column("reason", _l("Reason"), lambda row: row.reason),
    Column("evidence", _l("Evidence"), lambda row: masked(row.evidence)),
    Column("since", _l("Since"), lambda row: row.since),
]


@bp.get("")
def index() -> Any:
    """List the addresses that are not written to."""
    query = queries.search(request.args.get("q", ""), everywhere=tables.is_everywhere(request.args))
    if request.args.get("format") == "csv":
        return tables.download(query, SUPPRESSIONS, name="suppressions")
    return render_template(
        "outbox/office/suppressions.html",
        table=tables.page(
            query,
            SUPPRESSIONS,
            arguments=request.args,
            path=request.path,
            is_narrowed=tables.finds_some(queries.search(), request.args, "q"),
        ),
    )


@bp.get("/<known_by>")
def suppression(known_by: str) -> Any:
    """Show why an address is not written to, and ask before it is again."""
    return _suppression_page(known_by, LiftForm(known_by))


def _suppression_page(known_by: str, form: LiftForm) -> Any:
    found = queries.known(known_by) or abort(404)
    return render_template("outbox/office/suppression.html", suppression=found, form=form)


@bp.post("/<known_by>")
def lift(known_by: str) -> Any:
    """Write to an address again."""
    form = LiftForm(known_by)
    if not form.validate():
        return _suppression_page(known_by, form), form.refusal_status()
    verbs.lift(form.email.data)
    db.session.commit()
    flash(_("This address is written to again."), "done")
    return redirect(url_for("office.outbox.suppressions.index"), 303)
