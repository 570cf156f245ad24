"""Applications beside the one that all tests share: on an empty file, or without a database."""

from pathlib import Path
from typing import Any

from flask import Flask

from campaign import create_app
from campaign.db import db


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


def close(app: Flask) -> None:
    """Close what an application holds open."""
    with app.app_context():
        db.engine.dispose()
