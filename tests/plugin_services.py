"""The servers of `tests.services` as fixtures: started when first asked for, shared, stopped.

`tests/conftest.py` loads it: loaded earlier, with `-p`, it would lose to pytest-playwright."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.services import (
    PostgreSQL,
    Signer,
    Sink,
    chromium_arguments,
    chromium_path,
    missing,
    opendkim,
    postfix,
)

# The folder that the processes of one run (pytest-xdist's workers and their controller) share.
_SHARED = pytest.StashKey[Path]()

_FIXTURE_MARKS = {
    "postgres_server": "postgresql",
    "chromium": "browser",
    "browser_type_launch_args": "browser",
    "postfix_relay": "postfix",
    "signing_relay": "postfix",
}


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that the workers share, or learn from the controller where it is."""
    given = getattr(config, "workerinput", None)
    folder = given["services"] if given else tempfile.mkdtemp(prefix="campaign-tests-")
    config.stash[_SHARED] = Path(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the shared folder is."""
    node.workerinput["services"] = str(node.config.stash[_SHARED])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the workers started: the controller is the last to leave."""
    if hasattr(config, "workerinput") or _SHARED not in config.stash:
        return
    shared = config.stash[_SHARED]
    running = _running(shared)
    if running is not None:
        running.stop()
    shutil.rmtree(shared, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with what it needs, so that `-m "not browser"` can be trusted."""
    for item in items:
        for name in getattr(item, "fixturenames", ()):
            if name in _FIXTURE_MARKS:
                item.add_marker(_FIXTURE_MARKS[name])


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> str:
    """Give the URL of the `postgres` database of the one PostgreSQL that all workers share."""
    needed("postgresql")
    shared = pytestconfig.stash[_SHARED]
    with open(shared / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = _running(shared)
        if server is None:
            server = PostgreSQL.start()
            said = asdict(server) | {"folder": str(server.folder)}
            (shared / "postgresql.json").write_text(json.dumps(said))
    return server.url


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database that belongs to this worker alone."""
    name = f"tests_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield postgres_server.removesuffix("postgres") + name
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of the distribution's Chromium."""
    needed("chromium")
    path = chromium_path()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict:
    """Have pytest-playwright start the distribution's Chromium, and keep that from calling home."""
    own = {"executable_path": chromium, "args": chromium_arguments()}
    return {**browser_type_launch_args, **own}


@pytest.fixture(scope="session")
def _postfix_and_sink() -> Iterator[tuple[Sink, int]]:
    needed("postfix")
    with Sink() as sink, postfix(sink.port) as port:
        yield sink, port


@pytest.fixture
def postfix_relay(_postfix_and_sink: tuple[Sink, int]) -> tuple[Sink, int]:
    """Give an empty, well-behaved sink and the port of the Postfix that relays everything to it."""
    sink, _port = _postfix_and_sink
    sink.behaviour = None
    sink.forget()
    return _postfix_and_sink


@pytest.fixture
def signing_relay() -> Iterator[tuple[Sink, int, Signer]]:
    """Give a sink, the port of a Postfix that relays to it, and the OpenDKIM that signs between."""
    needed("postfix")
    needed("opendkim")
    with (
        Sink() as sink,
        opendkim("campaign.example") as signer,
        postfix(sink.port, milter_port=signer.port) as port,
    ):
        yield sink, port, signer


def _running(shared: Path) -> PostgreSQL | None:
    state = shared / "postgresql.json"
    if not state.exists():
        return None
    said = json.loads(state.read_text())
    return PostgreSQL(**{**said, "folder": Path(said["folder"])})


def needed(service: str) -> None:
    """Skip the test with a word on what to install; where everything must run, fail."""
    word = missing(service)
    if word is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(word, pytrace=False)
    pytest.skip(word)
