"""Pages made for a test, as an operator would: by a page file."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask

from campaign.db import db
from campaign.pages import files, verbs

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def keep(app: Flask, name: str, text: str, *, now: datetime = NOW) -> None:
    """Save the page that a file of this name and text describes."""
    with app.app_context():
        verbs.save(files.read(name, text.encode()), now=now)
        db.session.commit()


def page(title: str = "A page", body: str = "Some words.", **matter: Any) -> str:
    """Write a page file."""
    lines = "".join(f"{name}: {value}\n" for name, value in matter.items())
    return f"---\ntitle: {title}\n{lines}---\n\n{body}\n"
