"""Segments in the office: put together, counted as one goes, saved, renamed, deleted."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup

from campaign import clock, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.languages import _, country_name, languages
from campaign.languages import lazy_gettext as _l
from campaign.people.models import Person, Purpose
from campaign.segments import builder, queries, rules, verbs
from campaign.segments.builder import Group
from campaign.segments.forms import SegmentForm
from campaign.segments.models import Segment
from campaign.segments.policy import PEOPLE_SHOWN
from campaign.tables import Column

bp = Blueprint("segments", __name__, url_prefix="/segments")


def _link(segment: Segment) -> Markup:
    href = url_for("office.segments.edit", id=segment.id)
    return Markup('<a href="{}">{}</a>').format(href, segment.name)


def _who(segment: Segment) -> str:
    try:
        return rules.in_words(segment.rule)
    except rules.WrongRule as wrong:
        # A condition that a later version no longer offers.
        return str(wrong.sentence)


SEGMENTS = [
    Column("name", _l("Name"), lambda row: row.name, cell=_link),
    Column("who", _l("Who is in it"), _who),
    Column("made_at", _l("Made"), lambda row: row.made_at),
]


@bp.get("")
def index() -> Any:
    """List the saved segments, each said in words."""
    query = queries.segments_by_name()
    if request.args.get("format") == "csv":
        return tables.download(query, SEGMENTS, name="segments")
    return render_template(
        "segments/office/index.html",
        table=tables.page(query, SEGMENTS, arguments=request.args, path=request.path),
    )


@bp.get("/new")
def new() -> Any:
    """Put a new segment together: every button but the last shows the page again."""
    return _builder(None, builder.read(request.args), SegmentForm(formdata=None))


@bp.post("/new")
def save_new() -> Any:
    """Save a new segment."""
    return _save(None)


@bp.get("/<int:id>")
def edit(id: int) -> Any:
    """Show a saved segment, to change it."""
    found = _found(id)
    is_begun = "match" in request.args
    draft = builder.read(request.args) if is_begun else builder.draft_of(found.rule)
    return _builder(found, draft, SegmentForm(formdata=None, name=found.name))


@bp.post("/<int:id>")
def save(id: int) -> Any:
    """Save a segment that was changed."""
    return _save(_found(id))


@bp.get("/count")
def count() -> Any:
    """Say how many are meant, for the script that asks while fields change."""
    draft = builder.read(request.args)
    rule = builder.rule_of(draft)
    return render_template("segments/office/count.html", **_counted(rule, draft))


def _found(id: int) -> Segment:
    return queries.segment(id) or abort(404)


def _builder(found: Segment | None, draft: Group | None, form: SegmentForm) -> str:
    # What the page cannot show is shown in words, and its name can be changed.
    rule = found.rule if draft is None and found is not None else builder.rule_of(draft or Group())
    return render_template(
        "segments/office/segment.html",
        segment=found,
        draft=draft,
        form=form,
        conditions=rules.known().values(),
        matches=builder.MATCHES,
        **_counted(rule, draft),
    )


def _counted(rule: rules.Rule, draft: Group | None) -> dict[str, Any]:
    now = clock.now()
    people = queries.audience(Purpose.NEWSLETTER, rule=rule, now=now)
    return {
        "number": queries.size_of_audience(Purpose.NEWSLETTER, rule=rule, now=now),
        "who": rules.in_words(rule),
        "sample": [_initials(person) for person in queries.latest_of(people, most=PEOPLE_SHOWN)],
        "is_incomplete": any(row.is_empty or row.error for row in draft.rows) if draft else False,
    }


def _initials(person: Person) -> str:
    """Say of a person what tells whether the rule means the right ones, and not who they are."""
    letters = [f"{word[0].upper()}." for word in person.name.split()[:3] if word[0].isalpha()]
    language = dict(languages()).get(person.language, person.language)
    country = country_name(person.country) if person.country else ""
    parts = [" ".join(letters) or str(_("no name")), country, language]
    return ", ".join(part for part in parts if part)


def _save(found: Segment | None) -> Any:
    form = SegmentForm()
    draft = _draft_sent(found)
    rule = (
        found.rule if draft is None and found else builder.rule_of(draft or Group(), is_final=True)
    )
    is_valid = form.validate()
    if draft and any(row.error for row in draft.rows):
        form.form_errors = [row.error for row in draft.rows if row.error]
        return _builder(found, draft, form), 422
    if not is_valid:
        return _builder(found, draft, form), form.refusal_status()
    try:
        saved = verbs.save_segment(
            found, name=form.name.data, rule=rule, by=g.organiser.id, now=clock.now()
        )
    except (verbs.NameTaken, rules.WrongRule) as refusal:
        db.session.rollback()
        form.name.errors = [*form.name.errors, refusal.sentence]
        return _builder(found, draft, form), refusal.status
    db.session.commit()
    flash(_("The segment “%(name)s” is saved.", name=saved.name), "done")
    return redirect(url_for("office.segments.edit", id=saved.id), 303)


def _draft_sent(found: Segment | None) -> Group | None:
    if found is not None and "match" not in request.form:
        return None
    return builder.read(request.form)


@bp.get("/<int:id>/delete")
def confirm_delete(id: int) -> Any:
    """Ask once more before a segment is deleted."""
    return _delete_page(_found(id), ButtonForm())


def _delete_page(found: Segment, form: ButtonForm) -> str:
    return render_template("segments/office/delete.html", segment=found, form=form)


@bp.post("/<int:id>/delete")
def do_delete(id: int) -> Any:
    """Delete a segment."""
    found = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _delete_page(found, form), form.refusal_status()
    verbs.delete_segment(found)
    db.session.commit()
    flash(_("The segment is deleted."), "done")
    return redirect(url_for("office.segments.index"), 303)
