"""Whose files they are: what the campaign writes is its own user's, and nobody else's."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import structlog

log = structlog.get_logger()

OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private() -> None:
    """Have everything this process makes from now on belong to its user alone.

    One place for all of them: the database and what SQLite puts beside it, the queue, the mailbox,
    journals, lists of people.
    """
    os.umask(OF_OTHERS)


def close_to_others(instance: Path, *databases: str) -> None:
    """Close to others what an earlier version or a careless hand has left open.

    What belongs to somebody else cannot be closed, and is said.
    """
    for place in _places(instance, databases):
        try:
            mode = place.lstat().st_mode
            if mode & OF_OTHERS and not stat.S_ISLNK(mode):
                place.chmod(stat.S_IMODE(mode) & ~OF_OTHERS)
        except FileNotFoundError:
            continue
        except OSError as trouble:
            log.warning("file.open_to_others", file=place.name, fault=type(trouble).__name__)


def _places(instance: Path, databases: tuple[str, ...]) -> Iterator[Path]:
    yield instance
    if instance.is_dir():
        yield from (place for place in instance.iterdir())
        yield from instance.glob("mailbox/*.eml")
    for url in databases:
        if url.startswith("sqlite:///"):
            file = Path(url.removeprefix("sqlite:///"))
            for name in (file.name, f"{file.stem}-queue.sqlite"):
                yield from (
                    file.with_name(name + more)
                    for more in ("", "-wal", "-shm", "-journal", "-turn")
                )
