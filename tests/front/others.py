"""Applications beside the one that all tests share: on an empty file, or without a database."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from campaign import create_app


def other_app(folder: Path, **settings: Any) -> Flask:
    """Make an application whose SQLite file is in a folder and still empty."""
    return create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "a secret of the tests, long enough",
            "INSTANCE": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/campaign.sqlite",
            **settings,
        }
    )


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow, as on a full disk (EFBIG where that says ENOSPC)."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
