"""The list of organisers, for administrators: add, give a role, remove."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.organisers import queries, verbs
from campaign.organisers.forms import ROLES, AddForm, RoleForm
from campaign.organisers.models import Organiser
from campaign.refusals import Refusal
from campaign.tables import Column

bp = Blueprint("organisers", __name__, url_prefix="/organisers")


class OnlyAdministrators(Refusal):
    status = 403
    sentence = _l("Only administrators decide who has an account.")


@bp.before_request
def _only_administrators() -> None:
    # The office's guard has looked before: there is an organiser.
    if not g.organiser.is_administrator:
        raise OnlyAdministrators


def _link(organiser: Organiser) -> Markup:
    href = url_for("office.organisers.organiser", id=organiser.id)
    return Markup('<a href="{}">{}</a>').format(href, organiser.email)


ORGANISERS = [
    Column("email", _l("Address"), lambda row: row.email, cell=_link),
    Column("role", _l("Role"), lambda row: row.role, cell=lambda row: ROLES[row.role]),
    Column("added_at", _l("Added"), lambda row: row.added_at),
    Column("last_seen_at", _l("Last at work"), lambda row: row.last_seen_at),
]


@bp.get("")
def index() -> Any:
    """List who has an account."""
    if request.args.get("format") == "csv":
        query = queries.search(request.args.get("q", ""))
        return tables.download(query, ORGANISERS, name="organisers")
    return _list_page(AddForm())


def _list_page(form: AddForm) -> str:
    query = queries.search(request.args.get("q", ""))
    path = url_for("office.organisers.index")
    return render_template(
        "organisers/office/index.html",
        table=tables.page(query, ORGANISERS, arguments=request.args, path=path),
        form=form,
    )


@bp.post("")
def add() -> Any:
    """Give somebody an account, and mail them the link that lets them in."""
    form = AddForm()
    if not form.validate():
        return _list_page(form), form.refusal_status()
    now = clock.now()
    try:
        verbs.invite(form.email.data, role=form.role.data, now=now)
    except verbs.AlreadyAnOrganiser as refusal:
        form.email.errors = [refusal.sentence]
        return _list_page(form), refusal.status
    db.session.commit()
    flash(_("Added. A link that works for 24 hours is on its way."), "done")
    return redirect(url_for("office.organisers.index"), 303)


@bp.get("/<int:id>")
def organiser(id: int) -> Any:
    """Show one organiser, to change what they may do."""
    found = _found(id)
    return _page(found, RoleForm(data={"role": found.role}))


def _found(id: int) -> Organiser:
    return db.session.get(Organiser, id) or abort(404)


def _page(found: Organiser, form: RoleForm) -> str:
    return render_template("organisers/office/organiser.html", organiser=found, form=form)


@bp.post("/<int:id>/role")
def change_role(id: int) -> Any:
    """Let an organiser do more, or less."""
    found = _found(id)
    form = RoleForm()
    if not form.validate():
        return _page(found, form), form.refusal_status()
    try:
        verbs.change_role(found, role=form.role.data)
    except verbs.LastAdministrator as refusal:
        form.role.errors = [refusal.sentence]
        return _page(found, form), refusal.status
    db.session.commit()
    flash(_("The role is changed."), "done")
    return redirect(url_for("office.organisers.organiser", id=id), 303)


@bp.get("/<int:id>/remove")
def confirm_remove(id: int) -> Any:
    """Ask once more, naming who loses access."""
    return _remove_page(_found(id), ButtonForm())


def _remove_page(found: Organiser, form: ButtonForm) -> str:
    return render_template(
        "organisers/office/remove.html", organiser=found, role=ROLES[found.role], form=form
    )


@bp.post("/<int:id>/remove")
def do_remove(id: int) -> Any:
    """Take an account away, and sign it out everywhere."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _remove_page(found, form), form.refusal_status()
    try:
        verbs.remove(found)
    except verbs.LastAdministrator as refusal:
        form.form_errors = [refusal.sentence]
        return _remove_page(found, form), refusal.status
    db.session.commit()
    flash(_("%(email)s has no account any more.", email=found.email), "done")
    return redirect(url_for("office.organisers.index"), 303)
