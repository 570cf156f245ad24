"""A part of a crowd: one process whose threads sign many people up for one event at once.

Takes the event's path, the first person's number and how many there are; waits for a line on its
input before it begins, so that several begin together; prints how often each answer came.
"""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from campaign import create_app
from tests.visitor import Visitor, forms_in

THREADS = 5


def insist(app: Flask, path: str, said: dict[str, str]) -> int:
    """Send a form until it is answered yes or no: a busy machine may ask to come back later."""
    while True:
        status = app.test_client().post(f"{path}/sign-up", data=said).status_code
        if status != 503:
            return int(status)


def token_of(app: Flask, path: str) -> str:
    """Give the form token of an event's page."""
    return str(forms_in(Visitor(app).open(path).text)[0]["fields"]["csrf_token"])


def main(path: str, first: int, number: int) -> None:
    """Sign the people up and print the answers."""
    app = create_app()
    token = token_of(app, path)
    print("ready", flush=True)
    sys.stdin.readline()

    def ask(at: int) -> int:
        said = {"name": "Ada", "email": f"ada{at}@example.org", "csrf_token": token}
        return insist(app, path, said)

    with ThreadPoolExecutor(THREADS) as crowd:
        answers = Counter(crowd.map(ask, range(first, first + number)))
    print(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
