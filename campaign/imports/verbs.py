"""Verbs of imports: take in a file, settle how it is read, let it be checked and imported."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, or_, update

from campaign.db import db
from campaign.imports import csv_files, formats, statuses
from campaign.imports.models import Import, Refused, Stage
from campaign.languages import lazy_gettext as _l
from campaign.people.models import Person
from campaign.people.verbs import erases
from campaign.refusals import Refusal


class NoAddressColumn(Refusal):
    status = 422
    sentence = _l("No column is said to hold the e-mail addresses. Choose one.")


class TwoColumns(Refusal):
    status = 422
    sentence = _l("Two columns are said to hold the same. Choose one of them.")


class NotChecked(Refusal):
    sentence = _l("Check the file first: nobody is imported before you have seen what happens.")


class IsRunning(Refusal):
    sentence = _l("This import is being read. Wait until it is done.")


class IsOver(Refusal):
    sentence = _l("This import is done. To import more, upload a file again.")


def take_in(
    path: Path,
    *,
    name: str,
    file: str = "",
    fingerprint: str = "",
    by: int | None = None,
    now: datetime,
) -> Import:
    """Take in a file of people; nobody in it is known yet. Raises `csv_files.Unreadable`.

    `file` is what it is called in the folder of imports, where it is kept there.
    """
    shape = csv_files.look(path)
    service, mapping = formats.recognised(shape.header)
    run = Import(
        name="".join(one for one in name if one.isprintable())[-200:] or "?",
        file=file,
        fingerprint=fingerprint,
        format=service,
        encoding=shape.encoding,
        delimiter=shape.delimiter,
        header=shape.header,
        mapping=mapping,
        status=formats.status_of(name, service=service),
        stage=Stage.UPLOADED,
        lines=csv_files.number_of_lines(path),
        notes={},
        uploaded_at=now,
        made_by_id=by,
    )
    _begin_anew(run)
    db.session.add(run)
    db.session.flush()
    return run


def _lock(run: Import) -> None:
    """Let one verb about an import happen at a time, and see how it stands now."""
    # Or what another verb has just decided would be read over.
    db.session.flush()
    db.session.refresh(run, with_for_update=True)


def settle(
    run: Import,
    *,
    mapping: list[str] | None = None,
    status: str | None = None,
    wording: str = "",
    source: str = "",
    agreed_on: date | None = None,
) -> None:
    """Settle which column fills which field, and how those in the file agreed.

    `status` is what somebody says of all in the file, "" for nothing. `wording` is what they
    agreed to, word for word. Raises `NoAddressColumn`, `TwoColumns`, and `UnclearColumn` or
    `UnclearName` where nobody has said yet who has left.
    """
    _lock(run)
    if run.is_running:
        raise IsRunning
    if not run.is_open:
        raise IsOver
    chosen = run.mapping if mapping is None else mapping
    if "email" not in chosen:
        raise NoAddressColumn
    # It may stand in several columns when they agreed, and whether they may be written to.
    fields = [field for field in chosen if field in formats.FIELDS.keys() - statuses.SEVERAL]
    if len(fields) > len(set(fields)):
        raise TwoColumns
    _refuse_unclear(run.header, chosen)
    said = run.status if status is None else status
    if said == statuses.UNCLEAR:
        raise statuses.UnclearName
    run.mapping, run.status = chosen, said
    run.wording, run.source, run.agreed_on = wording, source, agreed_on
    run.stage = Stage.UPLOADED


def _refuse_unclear(header: list[str], mapping: list[str]) -> None:
    if statuses.UNCLEAR in mapping:
        at = mapping.index(statuses.UNCLEAR)
        raise statuses.UnclearColumn(at, header[at])


def ask_about(run: Import, column: int) -> None:
    """Read no further before somebody has said what a column tells: it names people who left."""
    _lock(run)
    mapping = list(run.mapping)
    mapping[column] = statuses.UNCLEAR
    run.mapping = mapping
    # What is saved of it cannot be settled anew.
    run.stage = Stage.STOPPED if run.stage == Stage.IMPORTING and run.rows else Stage.UPLOADED


def check(run: Import) -> None:
    """Let the file be read to its end once, so that it is known what an import would do."""
    _lock(run)
    if run.is_running:
        raise IsRunning
    if not run.is_open:
        raise IsOver
    _begin_anew(run)
    db.session.execute(delete(Refused).where(Refused.import_id == run.id))
    run.stage = Stage.CHECKING


def start(run: Import) -> None:
    """Let the people of a file be imported. Started twice it runs once."""
    _lock(run)
    if run.stage == Stage.IMPORTING:
        return
    if run.is_running:
        raise IsRunning
    if not run.is_open:
        raise IsOver
    if "email" not in run.mapping:
        raise NoAddressColumn
    _refuse_unclear(run.header, run.mapping)
    if run.status == statuses.UNCLEAR:
        raise statuses.UnclearName
    _begin_anew(run)
    db.session.execute(delete(Refused).where(Refused.import_id == run.id))
    run.stage = Stage.IMPORTING


def _begin_anew(run: Import) -> None:
    run.rows = run.line = run.made = run.known = run.subscribed = run.left_out = run.refused = 0
    run.notes = {}


def finish(run: Import, *, now: datetime) -> None:
    """Note that the file is read to its end, unless it was begun anew meanwhile."""
    is_check = run.stage == Stage.CHECKING
    values: dict[str, Any] = {"stage": Stage.CHECKED if is_check else Stage.DONE, "line": run.lines}
    if not is_check:
        values["finished_at"] = now
    db.session.execute(
        update(Import)
        .where(Import.id == run.id, Import.stage == run.stage, Import.rows == run.rows)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(run)


def stop(run: Import) -> None:
    """Read no further. Who was imported stays; a check may be begun again."""
    _lock(run)
    if run.stage == Stage.CHECKING:
        run.stage = Stage.UPLOADED
    elif run.stage == Stage.IMPORTING:
        run.stage = Stage.STOPPED


def discard(run: Import) -> None:
    """Forget an import with the rows it refused; who was imported stays."""
    _lock(run)
    if run.is_running:
        raise IsRunning
    db.session.delete(run)


def forget_old(runs: Iterable[Import]) -> None:
    """Forget imports with what they refused: those rows are people, too."""
    for run in runs:
        db.session.delete(run)


# A shorter name stands in rows of other people, too.
_SHORTEST_NAME = 5


@erases
def forget_refused(email: str, person: Person | None) -> None:
    """Erase the refused rows in which somebody is named who asked to be forgotten."""
    text = func.lower(Refused.text)
    named = [text.contains(email.lower(), autoescape=True)]
    if person is not None and len(person.name) >= _SHORTEST_NAME:
        named.append(text.contains(person.name.lower(), autoescape=True))
    db.session.execute(delete(Refused).where(or_(*named)))
