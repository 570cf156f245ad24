"""What is owed to files that were uploaded: read in turns by a worker, forgotten after a month."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from flask import current_app

from campaign import clock, jobs
from campaign.db import db
from campaign.imports import queries, verbs
from campaign.imports.chunks import cutting
from campaign.imports.chunks import verbs as chunks_verbs
from campaign.imports.models import Import
from campaign.imports.policy import FILES_KEPT, TURN
from campaign.imports.statuses import UnclearColumn
from campaign.jobs import duty

READ = "imports.read"


def folder() -> Path:
    """Give the folder in which uploaded files wait, made where it is missing."""
    place = Path(current_app.config["INSTANCE"]) / "imports"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def work(run: Import, file: Path) -> Iterator[Import]:
    """Read an import to its end, giving it back after every chunk that was saved.

    Broken off at any moment, it goes on after the last chunk. Where another reads it too, it stops.
    Raises `UnclearColumn` where somebody has to say first what a column tells.
    """
    try:
        for chunk in cutting.read(run, file, now=clock.now()):
            # Nothing is held while the rows are read.
            if not chunks_verbs.take(run, chunk, now=clock.now()):
                db.session.rollback()
                return
            db.session.commit()
            yield run
    except UnclearColumn as refusal:
        verbs.ask_about(run, refusal.at)
        db.session.commit()
        raise
    verbs.finish(run, now=clock.now())
    db.session.commit()


@duty(READ, every=timedelta(minutes=1))
def read() -> None:
    """Read on in the files that wait, for a turn."""
    until = time.monotonic() + TURN
    for run in queries.waiting():
        file = folder() / run.file
        db.session.commit()
        # It lies on another host, whose worker reads it.
        if not file.is_file():
            continue
        # What is not clear is asked for on the import's own page.
        with suppress(UnclearColumn):
            for _ in work(run, file):
                if time.monotonic() > until:
                    jobs.wake(READ)
                    return
        if not run.is_open and not run.is_running:
            file.unlink(missing_ok=True)


@duty("people.forget-imports", every=timedelta(hours=6))
def forget() -> None:
    """Forget imports after a month, the rows they refused and the files nobody imported."""
    now = clock.now()
    old = queries.older_than(now - FILES_KEPT, abandoned=now - 2 * FILES_KEPT)
    files = [folder() / run.file for run in old if run.file]
    verbs.forget_old(old)
    db.session.commit()
    for file in files:
        with suppress(OSError):
            file.unlink()
