"""Doors of imports for organisers: upload, look, settle, check, import; and everybody as a file."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from markupsafe import Markup
from sqlalchemy import Select
from werkzeug.datastructures import MultiDict

from campaign import clock, jobs, tables
from campaign.db import db
from campaign.forms import ButtonForm
from campaign.imports import csv_files, formats, queries, verbs
from campaign.imports.duties import READ, folder
from campaign.imports.forms import (
    COLUMN,
    SettleForm,
    UploadForm,
    mapping_of,
    settle_form,
    status_of,
)
from campaign.imports.models import Import, Refused, Stage
from campaign.imports.policy import SAMPLES
from campaign.imports.rows import NOTES, REASONS
from campaign.imports.statuses import NO_STATUS, UNCLEAR
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.people import exports
from campaign.people.queries import everybody
from campaign.refusals import Refusal
from campaign.tables import Column

bp = Blueprint("imports", __name__, url_prefix="/imports")

_LOOK_AGAIN = 3

STAGES = {
    Stage.UPLOADED: _l("uploaded"),
    Stage.CHECKING: _l("being checked"),
    Stage.CHECKED: _l("checked"),
    Stage.IMPORTING: _l("being imported"),
    Stage.DONE: _l("imported"),
    Stage.STOPPED: _l("stopped"),
}


def _link(run: Import) -> Markup:
    href = url_for("office.imports.show", id=run.id)
    return Markup('<a href="{}">{}</a>').format(href, run.name)


def _once_done(name: str) -> Callable[[Import], int | str]:
    # Before, it is what would happen.
    return lambda run: int(getattr(run, name)) if run.is_over else ""


IMPORTS = [
    Column("name", _l("File"), lambda row: row.name, cell=_link),
    Column("stage", _l("State"), lambda row: row.stage, cell=lambda row: STAGES[row.stage]),
    Column("made", _l("New people"), _once_done("made"), is_number=True),
    Column("subscribed", _l("Subscribed"), _once_done("subscribed"), is_number=True),
    Column("refused", _l("Refused"), _once_done("refused"), is_number=True),
    Column("uploaded_at", _l("Uploaded"), lambda row: row.uploaded_at),
]

REFUSED = [
    Column("line", _l("Line"), lambda row: row.line),
    Column("reason", _l("Why"), lambda row: REASONS[row.reason]),
    Column("row", _l("The row begins"), lambda row: row.text),
]


@bp.get("")
def index() -> Any:
    """List the imports beneath the form that begins one."""
    if request.args.get("format") == "csv":
        return tables.download(queries.newest_first(), IMPORTS, name="imports")
    return _list(UploadForm())


def _list(form: UploadForm) -> str:
    table = tables.page(queries.newest_first(), IMPORTS, arguments=request.args, path=request.path)
    return render_template("imports/office/index.html", form=form, table=table)


@bp.post("")
def upload() -> Any:
    """Take in a file. Nobody in it is imported yet."""
    # An office form takes words only; here one of its fields is a file.
    words_and_file: MultiDict[str, Any] = MultiDict(request.form)
    words_and_file.setlist("file", request.files.getlist("file"))
    form = UploadForm(words_and_file)
    if not form.validate():
        return _list(form), form.refusal_status()
    sent = form.file.data
    file = folder() / f"{secrets.token_hex(8)}.csv"
    file.touch(mode=0o600)
    is_kept = False
    try:
        sent.save(file)
        run = verbs.take_in(
            file,
            name=Path(sent.filename or "").name or file.name,
            file=file.name,
            by=g.organiser.id,
            now=clock.now(),
        )
        db.session.commit()
        is_kept = True
    except csv_files.Unreadable as refusal:
        form.file.errors = [*form.file.errors, refusal.sentence]
        return _list(form), refusal.status
    finally:
        # Whatever went wrong, no list of people is left lying about.
        if not is_kept:
            file.unlink(missing_ok=True)
    return redirect(url_for("office.imports.show", id=run.id), 303)


@bp.get("/<int:id>")
def show(id: int) -> Any:
    """Show an import: how it is read, how far it is, or what came of it."""
    run = _found(id)
    page = make_response(_page(run, _form(run, filled=True) if run.is_open else None))
    if run.is_running:
        page.headers["Refresh"] = str(_LOOK_AGAIN)
    return page


def _found(id: int) -> Import:
    run: Import | None = db.session.get(Import, id)
    return run if run and run.file else abort(404)


def _form(run: Import, *, filled: bool) -> SettleForm:
    return settle_form(run, _samples(run), filled=filled)


def _samples(run: Import) -> list[list[str]]:
    file = folder() / run.file
    shape = csv_files.Shape(run.encoding, run.delimiter, run.header)
    return csv_files.samples(file, shape, SAMPLES)


def _page(run: Import, form: SettleForm | None) -> str:
    columns = [form[f"{COLUMN}_{at}"] for at in range(len(run.header))] if form else []
    unclear = [form["everybody"]] if form and "everybody" in form else []
    unclear += [
        field
        for field, guessed in zip(columns, run.mapping, strict=False)
        if guessed in {UNCLEAR, NO_STATUS} and field.data in {UNCLEAR, NO_STATUS}
    ]
    return render_template(
        "imports/office/import.html",
        run=run,
        form=form,
        settled=[form.wording, form.source, form.agreed_on] if form else [],
        unclear=unclear,
        must_ask=UNCLEAR in run.mapping or run.status == UNCLEAR,
        taken=[field for field in columns if field.data and field not in unclear],
        left_out=[field for field in columns if not field.data],
        button=ButtonForm(formdata=None),
        stage=STAGES[Stage(run.stage)],
        format=formats.FORMATS[run.format],
        notes=[(NOTES[name], number) for name, number in sorted(run.notes.items()) if number],
        reasons=[(REASONS[reason], number) for reason, number in queries.reasons(run)],
    )


@bp.post("/<int:id>/check")
def check(id: int) -> Any:
    """Settle how the file is read, and let a worker look at every row of it."""
    run = _found(id)
    form = _form(run, filled=False)
    if not form.validate():
        return _page(run, form), form.refusal_status()
    try:
        verbs.settle(
            run,
            mapping=mapping_of(form, run),
            status=status_of(form),
            wording=form.wording.data,
            source=form.source.data,
            agreed_on=form.agreed_on.data,
        )
        verbs.check(run)
    except Refusal as refusal:
        db.session.rollback()
        form.form_errors.append(refusal.sentence)
        return _page(run, form), refusal.status
    jobs.wake_after_commit(READ)
    db.session.commit()
    return redirect(url_for("office.imports.show", id=id), 303)


@bp.post("/<int:id>/start")
def start(id: int) -> Any:
    """Import the people of a file that was checked."""
    run = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _page(run, _form(run, filled=True)), form.refusal_status()
    if run.stage == Stage.UPLOADED:
        raise verbs.NotChecked
    verbs.start(run)
    jobs.wake_after_commit(READ)
    db.session.commit()
    return redirect(url_for("office.imports.show", id=id), 303)


@bp.post("/<int:id>/stop")
def stop(id: int) -> Any:
    """Read no further in a file. Who was imported stays."""
    run = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _page(run, None), form.refusal_status()
    verbs.stop(run)
    db.session.commit()
    flash(_("It is read no further."), "done")
    return redirect(url_for("office.imports.show", id=id), 303)


@bp.post("/<int:id>/discard")
def discard(id: int) -> Any:
    """Throw an import away: its file and the rows it refused. Who was imported stays."""
    run = _found(id)
    form = ButtonForm()
    if not form.validate():
        return _page(run, _form(run, filled=True)), form.refusal_status()
    file = folder() / run.file
    verbs.discard(run)
    db.session.commit()
    file.unlink(missing_ok=True)
    flash(_("The file is gone. Whoever was imported from it stays."), "done")
    return redirect(url_for("office.imports.index"), 303)


@bp.get("/<int:id>/refused.csv")
def refused(id: int) -> Response:
    """Give the rows that were not taken, with why, to be mended and uploaded again."""
    rows: Select[Refused] = queries.refused(_found(id))
    return tables.download(rows, REFUSED, name="refused")


@bp.get("/people.csv")
def export() -> Response:
    """Give everybody we know as a file that can be imported again."""
    return Response(
        stream_with_context(exports.lines(everybody())),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="people.csv"'},
    )
