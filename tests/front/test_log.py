"""The log of a whole process names no person, no path and no token, whatever happens in it."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from campaign import create_app
from campaign.db import db

app = create_app({
    "SECRET_KEY": "a secret of the tests, long enough",
    "INSTANCE": sys.argv[1],
})
with app.app_context():
    db.create_all()

@app.get("/break/<word>")
def fail(word):
    raise RuntimeError(f"hidden-words {word}")

@app.get("/twice/<word>")
def fail_twice(word):
    app.jinja_env.globals.pop("campaign")
    raise RuntimeError(f"hidden-words {word}")

client = app.test_client()
client.get("/confirm/hidden-token")
client.get("/hidden-path?email=hidden@example.org")
client.post("/newsletter/subscribe", data={"email": "hidden@example.org", "name": "Hidden Name"})
client.post("/events/hidden-event/sign-up", data={"email": "hidden@example.org"})
client.get("/unsubscribe/hidden-token", headers={"Cookie": "session=hidden-cookie"})
assert client.get("/break/hidden-token").status_code == 500
assert client.get("/twice/hidden-token").status_code == 500
"""


def test_nothing_private_reaches_the_log(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ran.returncode == 0, ran.stderr
    assert "hidden" not in (ran.stdout + ran.stderr).lower()
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert {"method", "rule", "status", "ms"} <= set(requests[0])
    faults = [line for line in lines if line["event"] == "request.failed"]
    assert [fault["fault"] for fault in faults] == ["RuntimeError", "RuntimeError"]
    assert faults[0]["places"]
