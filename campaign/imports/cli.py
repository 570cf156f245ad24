"""The operators' command that takes people over from a file: `campaign people import`."""

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from campaign import clock
from campaign.db import db
from campaign.imports import formats, queries, statuses, verbs
from campaign.imports.chunks import cutting
from campaign.imports.duties import work
from campaign.imports.models import Import, Stage
from campaign.imports.rows import NOTES, REASONS
from campaign.people.cli import cli as cli
from campaign.people.policy import TOLD_EVERY
from campaign.spreadsheets import guarded

# What may be said of all in a file.
EVERYBODY = {
    "left": statuses.LEFT,
    "bounced": statuses.BOUNCED,
    "complained": statuses.COMPLAINED,
    "not-subscribed": statuses.KNOWN,
    "as-stated": "",
}
_SHOWN = 10


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option(
    "--map",
    "chosen",
    multiple=True,
    metavar="COLUMN=FIELD",
    help=f"What a column holds: {', '.join(formats.FIELDS)}; or nothing, to leave it out because "
    "it says nothing of who may be written to.",
)
@click.option(
    "--everybody",
    type=click.Choice(list(EVERYBODY)),
    help="What the people in the file are, where its name says that they are no subscribers; "
    "as-stated: what its columns say.",
)
@click.option("--consent", default="", help="What they agreed to, word for word.")
@click.option("--consent-source", default="", help="Where and how they agreed.")
@click.option(
    "--consent-date",
    type=click.DateTime(["%Y-%m-%d"]),
    help="When they agreed, where the file does not say.",
)
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the rows that were refused to this file, with why.",
)
def import_(
    file: Path,
    dry_run: bool,
    chosen: tuple[str, ...],
    everybody: str | None,
    consent: str,
    consent_source: str,
    consent_date: datetime | None,
    refused: Path | None,
) -> None:
    """Take over the people of FILE (CSV): ours, or an export of Substack and the like.

    Nobody is subscribed unless --consent says what they agreed to, and never who has left. A column
    that may say who has left, and is not understood, stops the import until --map says what it is.
    Broken off, the same command goes on where it stopped.

    Example: campaign people import list.csv --dry-run
    """
    agreed_on = consent_date.date() if consent_date else None
    told = [sorted(chosen), everybody, consent, consent_source, str(agreed_on), file.name]
    fingerprint = _fingerprint(file, told)
    run = None if dry_run else queries.broken_off(fingerprint)
    if run is None:
        run = verbs.take_in(file, name=file.name, fingerprint=fingerprint, now=clock.now())
        with _explained(run):
            verbs.settle(
                run,
                mapping=_mapping(run, chosen),
                status=EVERYBODY[everybody] if everybody else None,
                wording=consent.strip(),
                source=consent_source.strip()[:200],
                agreed_on=agreed_on,
            )
            # All of it, before anybody of it is saved.
            cutting.look_through(run, file)
        (verbs.check if dry_run else verbs.start)(run)
        db.session.commit()
    else:
        click.echo(f"Going on after row {run.rows}.", err=True)
    _tell_how_it_is_read(run)
    try:
        with _progress(run) as show:
            for _ in work(run, file):
                show()
        _tell(run, refused)
    finally:
        if dry_run:
            verbs.forget_old([run])
            db.session.commit()


@contextmanager
def _explained(run: Import) -> Iterator[None]:
    """Say with which option to answer where it is not clear who has left; nothing is kept."""
    try:
        yield
    except statuses.UnclearColumn as refusal:
        db.session.rollback()
        kinds = ", ".join(sorted(statuses.FIELDS))
        raise click.ClickException(
            f'{refusal} --map "{refusal.name}=FIELD" says what it means (one of {kinds}), '
            f'--map "{refusal.name}=" that it is no status.'
        ) from None
    except statuses.UnclearName as refusal:
        db.session.rollback()
        raise click.ClickException(f"{refusal} --everybody {'|'.join(EVERYBODY)}") from None


def _fingerprint(file: Path, told: list[Any]) -> str:
    """Tell a file and how it is to be read from every other."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(json.dumps(told).encode())
    return digest.hexdigest()


def _mapping(run: Import, chosen: tuple[str, ...]) -> list[str]:
    mapping = list(run.mapping)
    for said in chosen:
        column, _, field = said.rpartition("=")
        if column not in run.header:
            raise click.BadParameter(f"{column!r} is not a column of the file.")
        if field and field not in formats.FIELDS:
            raise click.BadParameter(f"{field!r} is none of {', '.join(formats.FIELDS)}.")
        at = run.header.index(column)
        if field and field not in statuses.SEVERAL:
            # What somebody says counts for more than what we guessed.
            mapping = ["" if known == field else known for known in mapping]
        mapping[at] = field or statuses.NO_STATUS
        if not field or field in statuses.SEVERAL:
            # Columns of one name cannot be told apart, so all of them are meant.
            for other, name in enumerate(run.header):
                if name == column:
                    mapping[other] = mapping[at]
    return mapping


def _tell_how_it_is_read(run: Import) -> None:
    click.echo(f"Format: {formats.FORMATS[run.format]}")
    for column, field in zip(run.header, run.mapping, strict=True):
        click.echo(f"  {column} -> {formats.in_words(field)}")


@contextmanager
def _progress(run: Import) -> Iterator[Any]:
    """Show a bar on a terminal, and plain lines elsewhere; it is told after every chunk."""
    if not sys.stderr.isatty():
        told = run.rows

        def line() -> None:
            nonlocal told
            if run.rows - told >= TOLD_EVERY:
                told = run.rows
                click.echo(f"{run.rows} rows read ({run.percent} %)", err=True)

        yield line
        return
    with click.progressbar(length=max(run.lines, 1), label="Reading", file=sys.stderr) as bar:
        bar.update(run.line)
        yield lambda: bar.update(run.line - bar.pos)


def _tell(run: Import, file: Path | None) -> None:
    would = "would be " if run.stage == Stage.CHECKED else ""
    click.echo(f"{run.rows} rows: {run.made} people {would}new, {run.known} known already.")
    click.echo(f"{run.subscribed} {would}subscribed to the newsletter.")
    if run.left_out:
        click.echo(f"{run.left_out} not subscribed: they have left, or must not be written to.")
    if not run.wording:
        click.echo("Nobody is subscribed without --consent: what they agreed to, word for word.")
    for note, number in sorted(run.notes.items()):
        click.echo(f"{number} x {NOTES[note]}")
    if not run.refused:
        return
    click.echo(f"{run.refused} rows {would}refused:", err=True)
    rows = db.session.scalars(queries.refused(run).limit(_SHOWN))
    for row in rows:
        click.echo(f"  line {row.line}: {REASONS[row.reason]}", err=True)
    if file:
        _write_refused(run, file)
        click.echo(f"All of them are in {file}.", err=True)
    elif run.refused > _SHOWN:
        click.echo("  … --refused FILE writes all of them to a file.", err=True)


def _write_refused(run: Import, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["line", "reason", "row"])
        rows = db.session.scalars(queries.refused(run).execution_options(yield_per=500))
        for row in rows:
            writer.writerow([row.line, str(REASONS[row.reason]), guarded(row.text)])
