"""Doors of the newsletter for organisers: who subscribes; writing, trying and sending issues."""

from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.newsletter import mails, queries, verbs
from campaign.newsletter.fields import NOBODY
from campaign.newsletter.forms import (
    PREVIEW_SEEN,
    SUBJECT_SEEN,
    ArchiveForm,
    DiscardForm,
    DropForm,
    IssueForm,
    TextForm,
    TrialForm,
    language_name,
)
from campaign.newsletter.models import Issue
from campaign.newsletter.previews.forms import ReaderForm
from campaign.newsletter.previews.looks import offers
from campaign.newsletter.writing import has_stray_braces
from campaign.people.models import Subscription
from campaign.people.queries import by_email
from campaign.refusals import Refusal
from campaign.tables import Column

bp = Blueprint("newsletter", __name__, url_prefix="/newsletter")


def _standing(issue: Issue) -> str:
    if not issue.is_sent:
        return str(_("draft"))
    return str(_("sent") if issue.is_public else _("sent, not in the archive"))


def _link(issue: Issue) -> Markup:
    href = url_for("office.newsletter.issue", number=issue.id)
    return Markup('<a href="{}">{}</a>').format(href, issue.title)


ISSUES = [
    Column("title", _l("Title"), lambda row: row.title, cell=_link),
    Column("subject", _l("Subject"), lambda row: row.text.subject),
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
    return _write(IssueForm(), None)


@bp.post("/issues/new")
def draft() -> Any:
    """Begin an issue."""
    form = IssueForm()
    if not form.validate():
        return _write(form, None), form.refusal_status()
    try:
        issue = verbs.draft(**_words(form), **_kind(form), by=g.organiser.id, now=clock.now())
    except MENDABLE as refusal:
        return _mend(form, None, refusal)
    db.session.commit()
    flash(_("Saved as a draft."), "done")
    return redirect(url_for("office.newsletter.issue", number=issue.id), 303)


# What the writer can mend beside the field; the text itself, where no other field is named.
MENDABLE = (
    verbs.AddressTaken,
    verbs.WrittenAlready,
    verbs.FieldInTitle,
    verbs.FieldInTag,
    verbs.UnknownField,
    verbs.StrayBraces,
    verbs.ChangedMeanwhile,
)
_BESIDE: dict[type[Refusal], str] = {
    verbs.AddressTaken: "slug",
    verbs.WrittenAlready: "language",
    verbs.FieldInTitle: "title",
}


def _words(form: TextForm) -> dict[str, Any]:
    return {name: form[name].data for name in ("title", "subject", "preview", "source")}


def _kind(form: IssueForm) -> dict[str, Any]:
    return {
        "slug": form.slug.data,
        "language": form.language.data,
        "topic": form.topic.data if form.topic else "",
        "is_monthly": form.is_monthly.data,
    }


def _write(form: TextForm, issue: Issue | None, language: str = "", theirs: Any = None) -> str:
    """Show the desk of a writer; `theirs` is what somebody else has saved meanwhile."""
    offered: list[str] = current_app.config["LANGUAGES"]
    return render_template(
        "newsletter/office/write.html",
        form=form,
        issue=issue,
        # Empty: the issue's own language.
        language=language,
        languages=[(code, language_name(code)) for code in offered],
        theirs=theirs,
        reader_form=ReaderForm(),
        seen={"subject": SUBJECT_SEEN, "preview": PREVIEW_SEEN},
        fields=offers(language or (issue.language if issue else offered[0]), now=clock.now()),
    )


def _mend(
    form: TextForm, issue: Issue | None, refusal: Refusal, language: str = ""
) -> tuple[str, int]:
    """Show the form again with what was typed and the refusal beside its field."""
    db.session.rollback()
    theirs = None
    if isinstance(refusal, verbs.ChangedMeanwhile) and issue is not None:
        # Saved once more, it stands on top of what they have now before their eyes.
        form.version.raw_data, form.version.data = None, issue.version
        theirs = issue.text_in(language or issue.language)
        form.form_errors = [*form.form_errors, refusal.sentence]
    else:
        field = form[_BESIDE.get(type(refusal), _place_of(form, refusal))]
        field.errors = [*field.errors, refusal.sentence]
    return _write(form, issue, language, theirs), refusal.status


def _place_of(form: TextForm, refusal: Refusal) -> str:
    """Name the field in which a mistake of braces stands."""
    for name in ("subject", "preview"):
        typed = form[name].data
        if isinstance(refusal, verbs.UnknownField) and f"{{{{{refusal.name}" in typed.replace(
            " ", ""
        ):
            return name
        if isinstance(refusal, verbs.StrayBraces) and has_stray_braces(typed):
            return name
    return "source"


@bp.get("/issues/<int:number>")
def issue(number: int) -> Any:
    """Show an issue as readers will get it, and where it stands."""
    return _issue(_found(number), TrialForm())


def _found(number: int) -> Issue:
    found: Issue = db.session.get(Issue, number) or abort(404)
    return found


def _issue(found: Issue, form: Any) -> str:
    return render_template(
        "newsletter/office/issue.html",
        issue=found,
        standing=_standing(found),
        text=mails.preview(found, now=clock.now())[0],
        form=form,
        trial_form=TrialForm(formdata=None),
        archive_form=ArchiveForm(formdata=None),
        address=g.organiser.email,
    )


@bp.get("/issues/<int:number>/edit")
def edit(number: int) -> Any:
    """Show a draft for writing. A sent issue is shown as it is."""
    found = _found(number)
    if found.is_sent:
        return redirect(url_for("office.newsletter.issue", number=number), 303)
    about = {name: getattr(found, name) for name in ABOUT}
    return _write(IssueForm(data={**verbs.words_of(found.text), **about}), found)


ABOUT = ("slug", "language", "topic", "is_monthly", "version")


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
            **_words(form),
            **_kind(form),
            by=g.organiser.id,
            now=clock.now(),
        )
    except MENDABLE as refusal:
        return _mend(form, found, refusal)
    db.session.commit()
    flash(_("Saved."), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


def _other_language(found: Issue, language: str) -> None:
    if language not in current_app.config["LANGUAGES"] or language == found.language:
        abort(404)


@bp.get("/issues/<int:number>/edit/<language>")
def edit_text(number: int, language: str) -> Any:
    """Show the text for the readers of one more language, written or not."""
    found = _found(number)
    _other_language(found, language)
    if found.is_sent:
        return redirect(url_for("office.newsletter.issue", number=number), 303)
    words = verbs.words_of(found.text_in(language)) if found.has_text_in(language) else {}
    return _write(TextForm(data={**words, "version": found.version}), found, language)


@bp.post("/issues/<int:number>/edit/<language>")
def translate(number: int, language: str) -> Any:
    """Save the text for the readers of one more language."""
    found = _found(number)
    _other_language(found, language)
    form = TextForm()
    if not form.validate():
        return _write(form, found, language), form.refusal_status()
    try:
        verbs.translate(
            found,
            version=form.version.data,
            language=language,
            **_words(form),
            by=g.organiser.id,
            now=clock.now(),
        )
    except MENDABLE as refusal:
        return _mend(form, found, refusal, language)
    db.session.commit()
    flash(_("Saved."), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


@bp.get("/issues/<int:number>/edit/<language>/drop")
def confirm_drop(number: int, language: str) -> Any:
    """Ask once more before a language is taken out of an issue."""
    found = _found(number)
    _other_language(found, language)
    return _drop(found, language, DropForm(data={"version": found.version}))


def _drop(found: Issue, language: str, form: DropForm) -> str:
    return render_template(
        "newsletter/office/drop.html",
        issue=found,
        form=form,
        language=language,
        name=language_name(language),
    )


@bp.post("/issues/<int:number>/edit/<language>/drop")
def drop(number: int, language: str) -> Any:
    """Take a language out of an issue."""
    found = _found(number)
    _other_language(found, language)
    form = DropForm()
    if not form.validate():
        return _drop(found, language, form), form.refusal_status()
    verbs.drop_text(
        found, version=form.version.data, language=language, by=g.organiser.id, now=clock.now()
    )
    db.session.commit()
    flash(_("The text is gone. Its readers get the issue's own."), "done")
    return redirect(url_for("office.newsletter.issue", number=number), 303)


@bp.post("/issues/<int:number>/trial")
def trial(number: int) -> Any:
    """Mail the issue to the organiser who asks, a copy for each of its languages."""
    found = _found(number)
    form = TrialForm()
    if not form.validate():
        return _issue(found, form), form.refusal_status()
    to = g.organiser.email
    person = by_email(to)
    for language in found.languages:
        verbs.send_trial(
            found,
            language=language,
            to=to,
            person_id=person.id if person else NOBODY,
            now=clock.now(),
        )
    db.session.commit()
    flash(_("A copy is on its way to %(address)s.", address=to), "done")
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
