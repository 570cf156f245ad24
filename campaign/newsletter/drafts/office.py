"""Doors of the drafts: begin an issue, write it in each language, throw it away."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, url_for

from campaign import clock
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, language_name
from campaign.mailings import merge_checks
from campaign.mailings.rendering import has_stray_braces
from campaign.newsletter import verbs
from campaign.newsletter.drafts.forms import (
    DropForm,
    IssueForm,
    TextForm,
)
from campaign.newsletter.models import Issue
from campaign.newsletter.policy import PREVIEW_SEEN, SUBJECT_SEEN
from campaign.newsletter.previews.forms import ReaderForm
from campaign.newsletter.previews.modes import offers
from campaign.refusals import Refusal

bp = Blueprint("drafts", __name__)


def _found(id: int) -> Issue:
    found: Issue = db.session.get(Issue, id) or abort(404)
    return found


def _form(**shown: Any) -> IssueForm:
    return IssueForm(topics=current_app.config["TOPICS"], **shown)


@bp.get("/issues/new")
def new() -> Any:
    """Show an empty issue."""
    return _write(_form(), None)


@bp.post("/issues/new")
def draft() -> Any:
    """Begin an issue."""
    form = _form()
    if not form.validate():
        return _write(form, None), form.refusal_status()
    try:
        issue = verbs.draft(**_words(form), **_kind(form), by=g.organiser.id, now=clock.now())
    except MENDABLE as refusal:
        return _mend(form, None, refusal)
    db.session.commit()
    flash(_("Saved as a draft."), "done")
    return redirect(url_for("office.newsletter.issue", id=issue.id), 303)


# What the writer can mend beside the field; the text itself, where no other field is named.
MENDABLE = (
    verbs.AddressTaken,
    verbs.WrittenAlready,
    merge_checks.FieldInTitle,
    merge_checks.FieldInTag,
    merge_checks.UnknownField,
    merge_checks.StrayBraces,
    verbs.ChangedMeanwhile,
)
_BESIDE: dict[type[Refusal], str] = {
    verbs.AddressTaken: "slug",
    verbs.WrittenAlready: "language",
    merge_checks.FieldInTitle: "title",
}


WORDS = ("title", "subject", "preview", "source")


def _words(form: TextForm) -> dict[str, Any]:
    return {name: form[name].data for name in WORDS}


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
    written_in = language or (issue.language if issue else offered[0])
    for name in WORDS:
        # So that spelling is checked, and read aloud, in the language of the text.
        spoken = {"lang": written_in.replace("_", "-"), "dir": "auto"}
        form[name].render_kw = {**(form[name].render_kw or {}), **spoken}
    return render_template(
        "newsletter/office/write.html",
        form=form,
        issue=issue,
        # Empty: the issue's own language. (`language` is that of the page.)
        text_language=language,
        languages=[(code, language_name(code)) for code in offered],
        theirs=theirs,
        reader_form=ReaderForm(),
        seen={"subject": SUBJECT_SEEN, "preview": PREVIEW_SEEN},
        fields=offers(written_in, now=clock.now()),
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
        spaceless = typed.replace(" ", "")
        if isinstance(refusal, merge_checks.UnknownField) and f"{{{{{refusal.name}" in spaceless:
            return name
        if isinstance(refusal, merge_checks.StrayBraces) and has_stray_braces(typed):
            return name
    return "source"


@bp.get("/issues/<int:id>/edit")
def edit(id: int) -> Any:
    """Show a draft for writing. A sent issue is shown as it is."""
    found = _found(id)
    if found.is_sent:
        return redirect(url_for("office.newsletter.issue", id=id), 303)
    about = {name: getattr(found, name) for name in ABOUT}
    return _write(_form(data={**found.text.words, **about}), found)


ABOUT = ("slug", "language", "topic", "is_monthly", "version")


@bp.post("/issues/<int:id>/edit")
def change(id: int) -> Any:
    """Save a draft, unless somebody else did so meanwhile."""
    found = _found(id)
    form = _form()
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
    return redirect(url_for("office.newsletter.issue", id=id), 303)


def _other_language(found: Issue, language: str) -> None:
    if language not in current_app.config["LANGUAGES"] or language == found.language:
        abort(404)


@bp.get("/issues/<int:id>/edit/<language>")
def edit_text(id: int, language: str) -> Any:
    """Show the text for the readers of one more language, written or not."""
    found = _found(id)
    _other_language(found, language)
    if found.is_sent:
        return redirect(url_for("office.newsletter.issue", id=id), 303)
    words = found.text_in(language).words if found.has_text_in(language) else {}
    return _write(TextForm(data={**words, "version": found.version}), found, language)


@bp.post("/issues/<int:id>/edit/<language>")
def translate(id: int, language: str) -> Any:
    """Save the text for the readers of one more language."""
    found = _found(id)
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
    return redirect(url_for("office.newsletter.issue", id=id), 303)


@bp.get("/issues/<int:id>/edit/<language>/drop")
def confirm_drop(id: int, language: str) -> Any:
    """Ask once more before a language is taken out of an issue."""
    found = _found(id)
    _other_language(found, language)
    return _drop(found, language, DropForm(data={"version": found.version}))


def _drop(found: Issue, language: str, form: DropForm) -> str:
    return render_template(
        "newsletter/office/drop.html",
        issue=found,
        form=form,
        text_language=language,
        name=language_name(language),
    )


@bp.post("/issues/<int:id>/edit/<language>/drop")
def do_drop(id: int, language: str) -> Any:
    """Take a language out of an issue."""
    found = _found(id)
    _other_language(found, language)
    form = DropForm()
    if not form.validate():
        return _drop(found, language, form), form.refusal_status()
    verbs.drop_text(
        found, version=form.version.data, language=language, by=g.organiser.id, now=clock.now()
    )
    db.session.commit()
    flash(_("The text is gone. Its readers get the issue's own."), "done")
    return redirect(url_for("office.newsletter.issue", id=id), 303)


@bp.get("/issues/<int:id>/discard")
def confirm_discard(id: int) -> Any:
    """Ask once more before a draft is thrown away."""
    return render_template("newsletter/office/discard.html", issue=_found(id), form=ButtonForm())


@bp.post("/issues/<int:id>/discard")
def do_discard(id: int) -> Any:
    """Throw a draft away."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        page = render_template("newsletter/office/discard.html", issue=found, form=form)
        return page, form.refusal_status()
    verbs.discard(found)
    db.session.commit()
    flash(_("The draft is gone."), "done")
    return redirect(url_for("office.newsletter.index"), 303)
