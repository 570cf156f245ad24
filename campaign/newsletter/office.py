"""Doors of the newsletter for organisers: the issues and who subscribes; an issue's own page."""

from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup

from campaign import approval, clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, language_name
from campaign.languages import lazy_gettext as _l
from campaign.newsletter import mails, queries, verbs
from campaign.newsletter.approvals.verbs import approve as approve_issue
from campaign.newsletter.fields import NOBODY
from campaign.newsletter.models import Issue
from campaign.newsletter.versions.forms import ApproveForm
from campaign.newsletter.versions.queries import names_of_writers
from campaign.people.models import Status
from campaign.people.queries import by_email
from campaign.tables import Column

bp = Blueprint("newsletter", __name__, url_prefix="/newsletter")


def _status(issue: Issue) -> str:
    if not issue.is_sent:
        return str(_("draft"))
    return str(_("sent") if issue.is_public else _("sent, not in the archive"))


def _link(issue: Issue) -> Markup:
    href = url_for("office.newsletter.issue", id=issue.id)
    return Markup('<a href="{}">{}</a>').format(href, issue.title)


ISSUES = [
    Column("title", _l("Title"), lambda row: row.title, cell=_link),
    Column("subject", _l("Subject"), lambda row: row.text.subject),
    Column("status", _l("Status"), _status),
    Column("changed_at", _l("Changed"), lambda row: row.changed_at),
    Column("sent_at", _l("Sent"), lambda row: row.queued_at),
]


@bp.get("")
def index() -> Any:
    """List the issues, drafts first."""
    query = queries.search_issues(request.args.get("q", ""))
    if request.args.get("format") == "csv":
        return tables.download(query, ISSUES, name="issues")
    return render_template(
        "newsletter/office/index.html",
        table=tables.page(query, ISSUES, arguments=request.args, path=request.path),
        subscribers=queries.number_of_subscribers(),
    )


STATUSES = {
    Status.ACTIVE: _l("subscribed"),
    Status.PENDING: _l("not confirmed"),
    Status.LEFT: _l("left"),
}


SUBSCRIBERS = [
    Column("email", _l("Address"), lambda row: row.person.email),
    Column("name", _l("Name"), lambda row: row.person.name),
    Column("status", _l("Status"), lambda row: row.status, cell=lambda row: STATUSES[row.status]),
    Column("asked_at", _l("Asked"), lambda row: row.asked_at),
    Column("confirmed_at", _l("Confirmed"), lambda row: row.confirmed_at),
    Column("left_at", _l("Left"), lambda row: row.left_at),
]


@bp.get("/subscribers")
def subscribers() -> Any:
    """List who subscribes, who has not confirmed, and who left."""
    status = request.args.get("status", "")
    all_of_them = queries.search_subscribers(status=status)
    query = queries.search_subscribers(
        request.args.get("q", ""), status=status, everywhere=tables.is_everywhere(request.args)
    )
    if request.args.get("format") == "csv":
        return tables.download(query, SUBSCRIBERS, name="subscribers")
    return render_template(
        "newsletter/office/subscribers.html",
        table=tables.page(
            query,
            SUBSCRIBERS,
            arguments=request.args,
            path=request.path,
            is_narrowed=tables.finds_some(all_of_them, request.args, "q"),
        ),
        statuses=STATUSES,
        status=status,
    )


@bp.get("/issues/<int:id>")
def issue(id: int) -> Any:
    """Show an issue as readers will get it, and where it stands."""
    return _issue(_found(id), ButtonForm())


def _found(id: int) -> Issue:
    found: Issue = db.session.get(Issue, id) or abort(404)
    return found


def _issue(found: Issue, form: Any) -> str:
    return render_template(
        "newsletter/office/issue.html",
        issue=found,
        status=_status(found),
        plain={
            code: mails.preview(found, language=code, now=clock.now())[0]
            for code in found.languages
        },
        form=form,
        test_form=ButtonForm(formdata=None),
        archive_form=ButtonForm(formdata=None),
        approve_form=ApproveForm(formdata=None, data={"version": found.version}),
        asks_for_approval=approval.is_asked_for(),
        is_own=found.changed_by_id == g.organiser.id,
        names=names_of_writers(found),
        languages=[(code, language_name(code)) for code in found.languages],
        address=g.organiser.email,
    )


@bp.post("/issues/<int:id>/test")
def send_test(id: int) -> Any:
    """Mail the issue to the organiser who asks, a copy for each of its languages."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    to = g.organiser.email
    person = by_email(to)
    for language in found.languages:
        verbs.send_test(
            found,
            language=language,
            to=to,
            person_id=person.id if person else NOBODY,
            now=clock.now(),
        )
    db.session.commit()
    flash(_("A copy is on its way to %(address)s.", address=to), "done")
    return redirect(url_for("office.newsletter.issue", id=id), 303)


@bp.post("/issues/<int:id>/take-down")
def take_down(id: int) -> Any:
    """Take a sent issue out of the public archive."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    verbs.take_down(found, now=clock.now())
    db.session.commit()
    flash(_("It no longer stands in the archive."), "done")
    return redirect(url_for("office.newsletter.issue", id=id), 303)


@bp.post("/issues/<int:id>/put-back")
def put_back(id: int) -> Any:
    """Put a sent issue into the public archive again."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    verbs.put_back(found)
    db.session.commit()
    flash(_("It stands in the archive."), "done")
    return redirect(url_for("office.newsletter.issue", id=id), 303)


@bp.post("/issues/<int:id>/approve")
def approve(id: int) -> Any:
    """Approve an issue as it stands, written by somebody else."""
    found = _found(id)
    form = ApproveForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    approve_issue(found, version=form.version.data, by=g.organiser.id, now=clock.now())
    db.session.commit()
    flash(_("Approved. After a change it has to be approved anew."), "done")
    return redirect(url_for("office.newsletter.issue", id=id), 303)
