"""The floors in Python: the least a Flask view can do for a page and for a sign-up."""

import json
import os
import re
import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, Response, redirect, request
from itsdangerous import URLSafeTimedSerializer

# What the floors are told by the environment.
PAGE, DATABASE = "BENCH_PAGE", "BENCH_DATABASE"
TOKEN = URLSafeTimedSerializer("a secret of the floors", salt="sign-up")
ADDRESS = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def page() -> Flask:
    """Make an application that answers with bytes it holds, compressed already."""
    app = Flask(__name__)
    body = Path(os.environ[PAGE]).read_bytes()
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}

    @app.get("/page")
    def show() -> Response:
        return Response(body, mimetype="text/html", headers=headers)

    return app


def sign_up() -> Flask:
    """Make an application that checks a form and writes two rows in one durable commit."""
    app = Flask(__name__)
    url = os.environ[DATABASE]
    save = _save_in_postgresql if url.startswith("postgresql:") else _save_in_sqlite

    @app.post("/sign-up")
    def do() -> Any:
        fields = request.form
        TOKEN.loads(fields.get("csrf_token", ""), max_age=3600)
        name, email = fields.get("name", "").strip(), fields.get("email", "").strip().lower()
        if not (0 < len(name) <= 75 and len(email) <= 254 and ADDRESS.fullmatch(email)):
            return "invalid", 422
        save(url, name, email, secrets.token_urlsafe(16))
        return redirect("/signed-up", 303)

    return app


def prepare(url: str) -> None:
    """Make the two tables that a sign-up fills."""
    is_postgresql = url.startswith("postgresql:")
    key = "bigserial" if is_postgresql else "integer"
    statements = [
        f"CREATE TABLE lean_sign_up (id {key} PRIMARY KEY, event_id integer NOT NULL,"
        " name text NOT NULL, email text NOT NULL, token text NOT NULL,"
        " created text NOT NULL, UNIQUE (event_id, email))",
        f"CREATE TABLE lean_outbox (id {key} PRIMARY KEY, kind text NOT NULL,"
        " payload text NOT NULL, due text NOT NULL)",
        "CREATE INDEX lean_outbox_due ON lean_outbox (due)",
    ]
    connection = _postgresql(url) if is_postgresql else _sqlite(url)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def count(url: str) -> int:
    """Count the sign-ups that were saved."""
    connection: Any = _postgresql(url) if url.startswith("postgresql:") else _sqlite(url)
    try:
        return int(connection.execute("SELECT count(*) FROM lean_sign_up").fetchone()[0])
    finally:
        connection.close()


_held = threading.local()


def _save_in_sqlite(url: str, name: str, email: str, token: str) -> None:
    connection = getattr(_held, "connection", None)
    if connection is None:
        connection = _held.connection = _sqlite(url)
    now = datetime.now(UTC).isoformat(" ")
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "INSERT INTO lean_sign_up (event_id, name, email, token, created)"
            " VALUES (1, ?, ?, ?, ?)",
            (name, email, token, now),
        )
        connection.execute(
            "INSERT INTO lean_outbox (kind, payload, due) VALUES ('invitation', ?, ?)",
            (json.dumps({"to": email, "token": token}), now),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _save_in_postgresql(url: str, name: str, email: str, token: str) -> None:
    connection = getattr(_held, "connection", None)
    if connection is None:
        connection = _held.connection = _postgresql(url)
    now = datetime.now(UTC).isoformat(" ")
    with connection.transaction():
        connection.execute(
            "INSERT INTO lean_sign_up (event_id, name, email, token, created)"
            " VALUES (1, %s, %s, %s, %s)",
            (name, email, token, now),
        )
        connection.execute(
            "INSERT INTO lean_outbox (kind, payload, due) VALUES ('invitation', %s, %s)",
            (json.dumps({"to": email, "token": token}), now),
        )


def _sqlite(url: str) -> sqlite3.Connection:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=20)
    # As durable as the campaign's own.
    for pragma in ("journal_mode=wal", "synchronous=full"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _postgresql(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True, prepare_threshold=0)
