"""The `campaign` command: the operators' table of contents.

Long, for a table of contents stands in one place: each command is a few lines and calls a room.
"""

import contextlib
import ctypes
import errno
import os
import secrets
import socket
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import ScriptInfo
from sqlalchemy.exc import DBAPIError, OperationalError

from campaign import clock, config, jobs, private_files, supervisor
from campaign.app import COMMANDS, create_app
from campaign.db import db
from campaign.events.verbs import load_starter as load_events
from campaign.letters.verbs import load_starter as load_letters
from campaign.newsletter.verbs import load_starter as load_newsletter
from campaign.newsletter.verbs import render_anew as render_drafts
from campaign.organisers.models import Role
from campaign.organisers.queries import first_administrator
from campaign.organisers.verbs import add, make_link
from campaign.pages.verbs import load_starter as load_pages
from campaign.pages.verbs import render_anew as render_pages
from campaign.refusals import Refusal
from campaign.search.queries import pieces as findable_pieces
from campaign.search.verbs import keep as keep_findable
from campaign.summits.verbs import load_starter as load_summits

LOOPBACK = "127.0.0.1"
# What a worker does as soon as it starts: what was left by a fall waits for no full minute.
AT_ONCE = (
    "outbox.send", "sign_ups.answer", "letters.answer", "people.answer", "organisers.send-links",
)  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def campaign() -> None:
    """Run a public campaign: its pages, protests, letters and newsletter.

    Example: campaign serve --port 8000
    """


def _port_option(command: Any) -> Any:
    return click.option(
        "--port",
        type=click.IntRange(1, 65535),
        envvar="PORT",
        default=8000,
        show_default=True,
        help="Port to listen on.",
    )(command)


def _host_option(command: Any) -> Any:
    return click.option(
        "--host", default=LOOPBACK, show_default=True, help="Address to listen on."
    )(command)


@campaign.command()
@_host_option
@_port_option
def serve(host: str, port: int) -> None:
    """Serve the site and send its mail: web and worker, supervised.

    With INBOUND_PORT set, also the server for mail that comes in.

    Example: campaign serve --port 8080
    """
    settings = config.load()
    _refuse_taken(host, port)
    more = {"inbound": ["inbound"]} if settings["INBOUND_PORT"] else {}
    sys.exit(_supervise(host, port, os.environ, **more))


def _supervise(host: str, port: int, environment: Any, **more: list[str]) -> int:
    return supervisor.supervise(
        {
            "web": ["web", "--host", host, "--port", str(port)],
            "worker": ["worker"],
            **more,
        },
        environment=environment,
    )


@campaign.command()
@_host_option
@_port_option
def web(host: str, port: int) -> None:
    """Serve the site only.

    Example: campaign web --port 8080
    """
    # Imported here: the worker and the other commands have no use for a web server.
    from campaign import web_server

    _refuse_taken(host, port)
    web_server.serve(create_app(), host=host, port=port)


@campaign.command()
def worker() -> None:
    """Send mail and keep the timetable. Any number may run, on any number of hosts.

    Example: campaign worker
    """
    _keep_to_one_arena()
    app = create_app()
    with app.app_context():
        jobs.prepare()
        consumer = jobs.queue().create_consumer(
            workers=app.config["MAIL_THREADS"] + 2,
            initial_delay=0.05,
            max_delay=0.5,
            graceful_signal="TERM",
            shutdown_timeout=3,
        )
        # Senders look at the engine's own flag, so that they stop when it does.
        jobs.stopping = consumer.stop_flag
        for duty in (
            "outbox.send",
            "sign_ups.answer",
            "people.answer",
            "organisers.send-links",
            "letters.answer",
        ):
            jobs.wake(duty)
    consumer.run()


def _keep_to_one_arena() -> None:
    """Let all threads share one arena of glibc's: each of their own would take megabytes more."""
    m_arena_max = -8  # malloc.h of glibc; other C libraries have no such call
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(m_arena_max, 1)


@campaign.command()
def migrate() -> None:
    """Bring the database to the newest form, or make it.

    Example: campaign migrate
    """
    with create_app().app_context():
        _migrate()


def _migrate() -> None:
    # Imported here: the web server and the worker have no use for it.
    from flask_migrate import upgrade

    _close_to_others()
    upgrade(directory=str(config.ROOT / "migrations"))
    jobs.prepare()
    # What is kept rendered was made by the version before, with its faults.
    for render in (render_pages, render_drafts):
        render(now=clock.now())
    db.session.commit()
    # Nor what it parted and folded; and of a new table, all is to be found.
    for findable, ids in findable_pieces():
        keep_findable(findable, ids)
        db.session.commit()


def _close_to_others() -> None:
    settings = current_app.config
    private_files.close_to_others(
        Path(settings["INSTANCE"]), settings["DATABASE_URL"], settings["QUEUE_URL"]
    )


@campaign.command()
def starter() -> None:
    """Load the starter campaign: each part only where there is nothing yet.

    Example: campaign starter
    """
    with create_app().app_context():
        _load_starter()


def _load_starter() -> None:
    folder = files("campaign.starter")
    for load in (load_pages, load_summits, load_events, load_letters, load_newsletter):
        load(folder, now=clock.now())
        db.session.commit()


@campaign.command()
@_port_option
def run(port: int) -> None:
    """Try the campaign out on this machine: everything set up, mail kept in a local mailbox.

    Example: PORT=9000 make run
    """
    _refuse_taken(LOOPBACK, port)
    instance = Path(os.environ.get("CAMPAIGN_INSTANCE") or config.SETTINGS["INSTANCE"].default)
    _make_instance(instance)
    os.environ["CAMPAIGN_BASE_URL"] = f"http://{LOOPBACK}:{port}"
    # Tried out, nothing leaves this machine, whatever the settings say.
    os.environ["CAMPAIGN_MAIL_SERVER"] = ""
    app = create_app()
    with app.app_context():
        _migrate()
        _load_starter()
        link = _first_link()
    base = app.config["BASE_URL"]
    click.echo(f"The site       {base}/")
    click.echo(f"The office     {base}/office/")
    click.echo(f"The mailbox    {base}/mailbox")
    click.echo(f"Sign in once   {link}")
    click.echo("Ctrl-C stops everything.")
    sys.stdout.flush()
    sys.exit(_supervise(LOOPBACK, port, os.environ))


def _first_link() -> str:
    """Make a sign-in link for the first organiser of a campaign being tried out."""
    now = clock.now()
    account = first_administrator() or add(
        "organiser@campaign.example", role=Role.ADMINISTRATOR, now=now
    )
    link = make_link(account, now=now)
    db.session.commit()
    return link


def _make_instance(folder: Path) -> None:
    """Make the instance folder with a secret of its own, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "settings.toml"
    if file.exists() or os.environ.get("CAMPAIGN_SECRET_KEY"):
        return
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w") as stream:
        stream.write("# Settings of this campaign; docs/operators explains each.\n")
        stream.write(f'secret_key = "{secrets.token_hex(32)}"\n')


class PortTaken(Refusal):
    sentence = "Another program is listening on port {port}: stop it, or choose another with PORT=."


class NoSuchHost(Refusal):
    sentence = "{host} is no address of this machine: choose another with --host."


def _refuse_taken(host: str, port: int) -> None:
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise PortTaken(f"Port {port} is reserved: choose one above 1023 with PORT=.") from None
        except OSError as trouble:
            if trouble.errno == errno.EADDRINUSE:
                raise PortTaken(PortTaken.sentence.format(port=port)) from None
            raise NoSuchHost(NoSuchHost.sentence.format(host=host)) from None


for _command in COMMANDS:
    campaign.add_command(_command)


def main() -> None:
    """Run the command; what stops it is one sentence on stderr and status 1."""
    private_files.make_private()
    try:
        campaign(prog_name="campaign", obj=ScriptInfo(create_app=create_app))
    except (Refusal, config.WrongSetting) as trouble:
        sentence = str(trouble)
    except OSError as trouble:
        sentence = f"{trouble.filename or 'The system'}: {trouble.strerror or trouble}."
    except Exception as trouble:  # the edge of a process
        sentence = _of_the_database(trouble)
        if not sentence:
            raise
    else:
        return
    print(sentence, file=sys.stderr)
    sys.exit(1)


def _of_the_database(trouble: Exception) -> str:
    """Say what is wrong with a database, never with which row: rows name people.

    Nothing is said of other faults. The queue's drivers raise theirs unwrapped.
    """
    driver = trouble.orig if isinstance(trouble, DBAPIError) else trouble
    kind = type(driver).__name__
    if type(driver).__module__.partition(".")[0] not in {"sqlite3", "psycopg"}:
        return ""
    if kind in {"UndefinedTable", "UndefinedColumn"} or str(driver).startswith("no such "):
        return "The database is not of the newest form: run `campaign migrate` first."
    if isinstance(trouble, DBAPIError) and not isinstance(trouble, OperationalError):
        return f"The database refused ({kind}). Nothing was changed."
    first = (str(driver).strip().splitlines() or [kind])[0].strip().rstrip(".:")
    return f"The database cannot be used: {first}. Look at DATABASE_URL and QUEUE_URL."
