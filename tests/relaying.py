"""The application at work with a relay: sent to, and done with."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import update

from campaign import clock, jobs
from campaign.db import db
from campaign.delivery import mail_server, worker
from campaign.outbox.models import Message
from campaign.outbox.throttles.models import Throttle
from tests.services import Sink


def use(app: Flask, server: Sink, **settings: object) -> None:
    """Let the application send to a relay, from a connection of its own."""
    worker.hang_up()
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=server.port, **settings)
    mail_server.init_app(app)


@contextmanager
def relay_for(app: Flask) -> Iterator[Sink]:
    """Give a relay that keeps what it is given, and to which the application sends."""
    before = {name: app.config[name] for name in app.config if name.startswith("MAIL_")}
    with Sink() as server:
        use(app, server)
        try:
            yield server
        finally:
            worker.hang_up()
            app.config.update(before)
            mail_server.init_app(app)


def send(app: Flask) -> None:
    """Send what is due, as a worker does."""
    with app.app_context():
        worker.send_due()


def time_passes(app: Flask) -> None:
    """Let whatever waits be due, and no throttle rest."""
    with app.app_context():
        db.session.execute(update(Message).values(due_at=clock.now()))
        db.session.execute(update(Throttle).values(paused_until=None, reserved_until=None))
        db.session.commit()


def asked_to_stop(*workers: threading.Thread) -> None:
    """Ask workers to stop, as the end of their process does, and wait until they have."""
    jobs.stopping.set()
    try:
        for one in workers:
            one.join()
    finally:
        jobs.stopping.clear()
