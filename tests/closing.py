"""Closing: whoever makes an application in a test closes what it holds open."""

from flask import Flask

from campaign import jobs
from campaign.db import db


def close(app: Flask) -> None:
    """Close the database and the queue of an application, as far as this thread has opened them.

    Left to the garbage collector, they would be a fault of whichever test runs at that moment.
    """
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        jobs.queue().storage.close()
