"""Doors of the newsletter for organisers: who subscribes; writing, trying and sending issues."""

from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.newsletter import mails, queries, verbs
from campaign.newsletter.forms import ArchiveForm, DiscardForm, IssueForm, SendForm, TrialForm
from campaign.newsletter.models import Issue
from campaign.outbox.ledger import STATES
from campaign.outbox.queries import counts
from campaign.people.models import Subscription
from campaign.people.queries import by_email
from campaign.tables import Column

bp = Blueprint("newsletter", __name__, url_prefix="/newsletter")

# A mail's style stands in its elements, so it is shown apart: nothing runs, nothing is loaded but
# our own images, and only our own pages may frame it (CSP Level 3).
PREVIEW_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'"
)


def _standing(issue: Issue) -> str:
    if not issue.is_sent:
        return str(_("draft"))
    return str(_("sent") if issue.is_public else _("sent, not in the archive"))


def _link(issue: Issue) -> Markup:
    href = url_for("office.newsletter.issue", number=issue.id)
    return Markup('<a href="{}">{}</a>').format(href, issue.title)


ISSUES = [
    Column("title", _l("Title"), lambda row: row.title, cell=_link),
    Column("subject", _l("Subject"), lambda row: row.subject),
    Column("standing", _l("Standing"), _standing),
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


STANDINGS = {"active": _l("subscribed"), "pending": _l("not confirmed"), "left": _l("left")}


def _standing_of(subscription: Subscription) -> str:
    if subscription.is_active:
        return "active"
    return "pending" if subscription.is_pending else "left"


SUBSCRIBERS = [
    Column("email", _l("Address"), lambda row: row.person.email),
    Column("name", _l("Name"), lambda row: row.person.name),
    Column("standing", _l("Standing"), _standing_of, cell=lambda row: STANDINGS[_standing_of(row)]),
    Column("asked_at", _l("Asked"), lambda row: row.asked_at),
    Column("confirmed_at", _l("Confirmed"), lambda row: row.confirmed_at),
    Column("left_at", _l("Left"), lambda row: row.left_at),
]


@bp.get("/subscribers")
def subscribers() -> Any:
    """List who subscribes, who has not confirmed, and who left."""
    standing = request.args.get("standing", "")
    query = queries.search_subscribers(request.args.get("q", ""), standing=standing)
    if request.args.get("format") == "csv":
        return tables.download(query, SUBSCRIBERS, name="subscribers")
    return render_template(
        "newsletter/office/subscribers.html",
        table=tables.page(query, SUBSCRIBERS, arguments=request.args, path=request.path),
        standings=STANDINGS,
        standing=standing,
    )


@bp.get("/issues/new")
def new() -> Any:
    """Show an empty issue."""
    return render_template("newsletter/office/write.html", form=IssueForm(), issue=None)


@bp.post("/issues/new")
def draft() -> Any:
    """Begin an issue."""
    form = IssueForm()
    if not form.validate():
        return _write(form, None), form.refusal_status()
    try:
        issue = verbs.draft(**_written(form), by=g.organiser.id, now=clock.now())
    except (verbs.HoldsAField, verbs.AddressTaken) as refusal:
        return _mend(form, None, refusal)
    db.session.commit()
    flash(_("Saved as a draft."), "done")
    return redirect(url_for("office.newsletter.issue", number=issue.id), 303)


def _written(form: IssueForm) -> dict[str, Any]:
    names = ("title", "slug", "subject", "preview", "source", "language")
    return {name: form[name].data for name in names}


def _write(form: IssueForm, issue: Issue | None) -> str:
    return render_template("newsletter/office/write.html", form=form, issue=issue)


def _mend(form: IssueForm, issue: Issue | None, refusal: Any) -> tuple[str, int]:
    """Show the form again with what was typed and the refusal beside its field."""
    db.session.rollback()
    field = form.slug if isinstance(refusal, verbs.AddressTaken) else form.source
    field.errors = [*field.errors, refusal.sentence]
    return _write(form, issue), refusal.status


@bp.get("/issues/<int:number>")
def issue(number: int) -> Any:
    """Show an issue as readers will get it, and what became of it."""
    return _issue(_found(number), TrialForm())


def _found(number: int) -> Issue:
    found: Issue = db.session.get(Issue, number) or abort(404)
    return found


def _issue(found: Issue, form: Any) -> str:
    return render_template(
        "newsletter/office/issue.html",
        issue=found,
        standing=_standing(found),
        text=mails.preview(found)[0],
        ledger=counts(batch_id=found.batch_id) if found.batch_id else {},
        states=STATES,
        form=form,
        trial_form=TrialForm(formdata=None),
        archive_form=ArchiveForm(formdata=None),
        address=g.organiser.email,
    )


@bp.get("/issues/<int:number>/preview.html")
def preview(number: int) -> Any:
    """Give the mail's HTML alone, for the frame of the issue's page."""
    _text, html = mails.preview(_found(number))
    return Response(html, headers={"Content-Security-Policy": PREVIEW_POLICY})


@bp.get("/issues/<int:number>/edit")
def edit(number: int) -> Any:
    """Show a draft for writing. A sent issue is shown as it is."""
    found = _found(number)
    if found.is_sent:
        return redirect(url_for("office.newsletter.issue", number=number), 303)
    return _write(IssueForm(obj=found), found)


@bp.post("/issues/<int:number>/edit")
def change(number: int) -> Any:
    """Save a draft, unless somebody else did so meanwhile."""
    found = _found(number)
    form = IssueForm()
    if not form.validate():
        return _write(form, found), form.refusal_status()
    try:
        verbs.change(
            found,
            version=form.version.data,
            **_written(form),
            by=g.organiser.id,
            now=clock.now(),
        )
    except (verbs.HoldsAField, verbs.AddressTaken, verbs.ChangedMeanwhile) as refusal:
        return _mend(form, found, refusal)
    db.session.commit()
    flash(_("Saved."), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


@bp.post("/issues/<int:number>/trial")
def trial(number: int) -> Any:
    """Mail the issue to the organiser who asks."""
    found = _found(number)
    form = TrialForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    to = g.organiser.email
    person = by_email(to)
    verbs.send_trial(found, to=to, person_id=person.id if person else mails.NOBODY, now=clock.now())
    db.session.commit()
    flash(_("A copy is on its way to %(address)s.", address=to), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


@bp.get("/issues/<int:number>/send")
def confirm_send(number: int) -> Any:
    """Ask once more before an issue goes to all, saying to how many."""
    found = _found(number)
    if found.is_sent:
        return redirect(url_for("office.newsletter.issue", number=number), 303)
    return _confirm_send(found, SendForm(version=found.version))


def _confirm_send(found: Issue, form: SendForm) -> str:
    return render_template(
        "newsletter/office/send.html",
        issue=found,
        form=form,
        readers=queries.size_of_audience(),
    )


@bp.post("/issues/<int:number>/send")
def send(number: int) -> Any:
    """Queue an issue for all its readers, once."""
    found = _found(number)
    form = SendForm()
    if not form.validate():
        return _confirm_send(found, form), form.refusal_status()
    verbs.send(found, version=form.version.data, now=clock.now())
    db.session.commit()
    flash(_("The issue is on its way to its readers."), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


@bp.post("/issues/<int:number>/withdraw")
def withdraw(number: int) -> Any:
    """Take a sent issue out of the public archive."""
    found = _found(number)
    form = ArchiveForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    verbs.withdraw(found, now=clock.now())
    db.session.commit()
    flash(_("It no longer stands in the archive."), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


@bp.post("/issues/<int:number>/put-back")
def put_back(number: int) -> Any:
    """Put a sent issue into the public archive again."""
    found = _found(number)
    form = ArchiveForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    verbs.put_back(found)
    db.session.commit()
    flash(_("It stands in the archive again."), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


@bp.get("/issues/<int:number>/discard")
def confirm_discard(number: int) -> Any:
    """Ask once more before a draft is thrown away."""
    return render_template(
        "newsletter/office/discard.html", issue=_found(number), form=DiscardForm()
    )


@bp.post("/issues/<int:number>/discard")
def discard(number: int) -> Any:
    """Throw a draft away."""
    found = _found(number)
    form = DiscardForm()
    if not form.validate():
        page = render_template("newsletter/office/discard.html", issue=found, form=form)
        return page, form.refusal_status()
    verbs.discard(found)
    db.session.commit()
    flash(_("The draft is gone."), "done")
    return redirect(url_for("office.newsletter.index"), 303)
