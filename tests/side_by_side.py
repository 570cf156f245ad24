"""Deeds done at the same moment, each in a thread and a transaction of its own."""

import threading
from collections.abc import Callable

from flask import Flask

from campaign.db import db


def at_once(app: Flask, *deeds: Callable[[], object]) -> list[Exception]:
    """Do deeds side by side; give what went wrong."""
    together = threading.Barrier(len(deeds))
    wrong: list[Exception] = []

    def do(deed: Callable[[], object]) -> None:
        with app.app_context():
            together.wait(10)
            try:
                deed()
                db.session.commit()
            except Exception as trouble:
                wrong.append(trouble)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong
