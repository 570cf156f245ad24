"""Doors of the versions of an issue: list them, compare, put one back."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.languages import _, language_name
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.models import Issue
from campaign.newsletter.versions import queries, verbs
from campaign.newsletter.versions.differences import differences
from campaign.newsletter.versions.forms import RestoreForm
from campaign.newsletter.versions.models import IssueVersion
from campaign.tables import Column

bp = Blueprint("versions", __name__)

PARTS = {
    "title": _l("Title"),
    "subject": _l("Subject of the mail"),
    "preview": _l("Preview"),
    "source": _l("Text"),
}


def _found(id: int) -> Issue:
    found: Issue = db.session.get(Issue, id) or abort(404)
    return found


def _columns(issue: Issue) -> list[Column]:
    names = queries.names_of_writers(issue)

    def link(row: IssueVersion) -> Markup:
        href = url_for("office.newsletter.versions.version", id=issue.id, version=row.number)
        words = _("Version %(number)s", number=row.number)
        return Markup('<a href="{}">{}</a>').format(href, words)

    return [
        Column("version", _l("Version"), lambda row: row.number, cell=link),
        Column("saved_at", _l("Saved"), lambda row: row.saved_at),
        Column("saved_by", _l("By"), lambda row: names.get(row.saved_by_id, "")),
        Column("languages", _l("Languages"), lambda row: ", ".join(sorted(row.texts))),
        Column("title", _l("Title"), lambda row: _title(issue, row)),
    ]


def _title(issue: Issue, row: IssueVersion) -> str:
    words: dict[str, str] = row.texts.get(issue.language) or next(iter(row.texts.values()), {})
    return str(words.get("title", ""))


@bp.get("/issues/<int:id>/versions")
def index(id: int) -> Any:
    """List what an issue said each time it was saved, newest first."""
    found = _found(id)
    columns = _columns(found)
    query = queries.versions_of(found)
    if request.args.get("format") == "csv":
        return tables.download(query, columns, name=f"versions-{found.slug}")
    return render_template(
        "newsletter/office/versions.html",
        issue=found,
        table=tables.page(query, columns, arguments=request.args, path=request.path),
    )


@bp.get("/issues/<int:id>/versions/<int:version>")
def version(id: int, version: int) -> Any:
    """Show what an issue said in one version, and what has changed since."""
    found = _found(id)
    earlier = queries.version(found, version) or abort(404)
    return _version(found, earlier, RestoreForm(data={"version": found.version}))


def _version(found: Issue, earlier: IssueVersion, form: RestoreForm) -> str:
    now_words = {text.language: text.words for text in found.texts}
    languages = list(dict.fromkeys([*earlier.texts, *now_words]))
    return render_template(
        "newsletter/office/version.html",
        issue=found,
        earlier=earlier,
        form=form,
        parts=PARTS,
        texts=[
            (
                language_name(language),
                {
                    part: differences(
                        earlier.texts.get(language, {}).get(part, ""),
                        now_words.get(language, {}).get(part, ""),
                    )
                    for part in PARTS
                },
            )
            for language in languages
        ],
    )


@bp.post("/issues/<int:id>/versions/<int:version>")
def restore(id: int, version: int) -> Any:
    """Put a version back."""
    found = _found(id)
    earlier = queries.version(found, version) or abort(404)
    form = RestoreForm()
    if not form.validate():
        return _version(found, earlier, form), form.refusal_status()
    verbs.restore(found, earlier, version=form.version.data, by=g.organiser.id, now=clock.now())
    db.session.commit()
    flash(_("Version %(number)s is back, as a new version.", number=version), "done")
    return redirect(url_for("office.newsletter.issue", id=id), 303)
