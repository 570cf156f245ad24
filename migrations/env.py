"""How migrations run: against the application's own engine, one at a time over all hosts."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from campaign import clock
from campaign.counts import triggers
from campaign.counts.registry import known
from campaign.counts.verbs import count_anew
from campaign.db import Moment

extension = current_app.extensions["migrate"]
ONE_AT_A_TIME = 4_813_2027


def render_item(kind, item, autogen_context):
    """Write our own column type as what it is in the database, so migrations import no model."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def say_nothing_when_nothing_changed(migration, revision, directives):
    """Make no empty migration."""
    if directives and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def is_on_its_way():
    """Tell whether tables are about to change."""
    try:
        destination = context.get_revision_argument()
    except KeyError:
        # Somebody only asks how it stands, or writes a migration.
        return False
    heads = context.get_context().get_current_heads()
    return set(heads) != {destination} if isinstance(destination, str) else heads != destination


def keep_counts(connection):
    """Put the triggers of the counts on the tables as they are now, and count what is there.

    So no migration says anything of what is counted.
    """
    is_newest = set(context.get_context().get_current_heads()) == set(context.get_head_revisions())
    if is_newest and not triggers.are_in_place(connection):
        triggers.install(connection)
        count_anew(connection, known(), now=clock.now())


# What is changed here is no news to strangers, and the table that would say so may be missing yet.
options = {"raises_public_revision": False}
with extension.db.engine.connect().execution_options(**options) as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # A table that is made anew under its name would take with it all that points to it. Told
        # to the driver, since within a transaction SQLite does not hear it.
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=off")
    context.configure(
        connection=connection,
        target_metadata=extension.db.metadata,
        render_item=render_item,
        process_revision_directives=say_nothing_when_nothing_changed,
        **extension.configure_args,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        if is_on_its_way():
            # They name columns that a migration may change.
            triggers.remove(connection)
            if is_sqlite:
                connection.commit()
        context.run_migrations()
        keep_counts(connection)
        if is_sqlite:
            # There each migration is a transaction of its own.
            connection.commit()
        if is_sqlite and connection.execute(text("PRAGMA foreign_key_check")).first():
            raise RuntimeError("a migration left rows that point to nothing")
    if is_sqlite:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=on")
