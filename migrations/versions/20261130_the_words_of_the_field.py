"""Tables, columns and states take the field's words."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


TABLES = {
    "outbox_lane": "outbox_throttle",
    "person_source_count": "attribution_count",
    "person_segment": "segment",
    "person_import": "import_run",
    "person_import_refused": "import_refused",
    "newsletter_automatic": "newsletter_automation",
    "newsletter_automatic_text": "newsletter_automation_text",
    "newsletter_series_start": "newsletter_enrolment",
    "newsletter_series_turn": "newsletter_step_sent",
    "newsletter_digest_month": "newsletter_digest_sent",
}
# By the table's new name.
COLUMNS = {
    "outbox_throttle": {"given_until": "reserved_until"},
    "outbox_message": {"posted_at": "queued_at", "place": "city_id"},
    "outbox_bounce_cause": {"held_at": "withheld_at"},
    "person": {"place": "city_id"},
    "attribution_count": {"deed": "conversion"},
    "import_run": {"standing": "status", "held": "left_out"},
    "newsletter_step_sent": {"posted_at": "queued_at"},
    "newsletter_digest_sent": {"posted_at": "queued_at"},
    "newsletter_issue": {"withdrawn_at": "taken_down_at"},
    "event": {"erased_places": "erased_seats"},
    "sign_up": {"told_sequence": "notified_sequence"},
}
# By the table's new name: the columns of an index that is called after what changed its name.
INDEXES = {
    "outbox_throttle": {
        "ix_outbox_lane_paused_until": ("ix_outbox_throttle_paused_until", ["paused_until"])
    },
    "import_run": {"ix_person_import_fingerprint": ("ix_import_run_fingerprint", ["fingerprint"])},
    "newsletter_enrolment": {
        "ix_newsletter_series_start_started_at": (
            "ix_newsletter_enrolment_started_at",
            ["started_at"],
        )
    },
    "newsletter_step_sent": {
        "ix_newsletter_series_turn_person_id": ("ix_newsletter_step_sent_person_id", ["person_id"])
    },
    "sign_up": {
        "ix_sign_up_event_standing": (
            "ix_sign_up_event_status",
            ["event_id", "withdrawn_at", "notified_sequence"],
        )
    },
    "sign_up_ask": {
        "ix_sign_up_ask_held": ("ix_sign_up_ask_reserved", ["event_id", "asked_at"]),
    },
}
STATES = {"left": "sent", "leaving": "sending"}
KINDS = {"issue-trial": "issue-test", "automatic-trial": "automation-test"}


def _is_postgresql():
    return op.get_bind().dialect.name == "postgresql"


def _rename_table(old, new):
    op.rename_table(old, new)
    if _is_postgresql():
        op.execute(sa.text(f"ALTER SEQUENCE IF EXISTS {old}_id_seq RENAME TO {new}_id_seq"))


def _rename_constraints(tables):
    """Let the names of constraints follow: of these tables, and of those that point to them.

    SQLite keeps the old ones in the words of its tables: it could but make the tables anew.
    """
    if not _is_postgresql():
        return
    found = op.get_bind().execute(
        sa.text(
            "SELECT c.conname, own.relname, other.relname FROM pg_constraint c"
            " JOIN pg_class own ON own.oid = c.conrelid"
            " LEFT JOIN pg_class other ON other.oid = c.confrelid"
            " WHERE c.connamespace = CAST(current_schema() AS regnamespace)"
        )
    )
    before = {new: old for old, new in tables.items()}
    for name, table, other in found.all():
        renamed = name
        kind, _, rest = name.partition("_")
        if table in before and rest.startswith(before[table]):
            renamed = f"{kind}_{table}{rest.removeprefix(before[table])}"
        if other in before and renamed.endswith(f"_{before[other]}"):
            renamed = renamed.removesuffix(before[other]) + other
        if renamed != name:
            op.execute(sa.text(f'ALTER TABLE {table} RENAME CONSTRAINT "{name}" TO "{renamed}"'))


def _rename_index(table, old, new, columns):
    if _is_postgresql():
        op.execute(sa.text(f"ALTER INDEX {old} RENAME TO {new}"))
    else:
        op.drop_index(old, table_name=table)
        op.create_index(new, table, columns)


def _claimed(name, state):
    """Make anew the index of what senders hold: it is asked for in the words of the state."""
    old = "ix_outbox_message_held" if name.endswith("claimed") else "ix_outbox_message_claimed"
    op.drop_index(old, table_name="outbox_message")
    where = sa.text(f"state = '{state}'")
    op.create_index(
        name, "outbox_message", ["claimed_by"], sqlite_where=where, postgresql_where=where
    )


def _say(table, column, words):
    for old, new in words.items():
        op.execute(
            sa.text(f"UPDATE {table} SET {column} = :new WHERE {column} = :old").bindparams(  # noqa: S608
                new=new, old=old
            )
        )


def _unique(table, old, new):
    """Rename the one constraint whose name SQLite compares, in a table of a few rows."""
    if not _is_postgresql():
        with op.batch_alter_table(table, recreate="always") as batch:
            batch.drop_constraint(old, type_="unique")
            batch.create_unique_constraint(new, ["name"])


def upgrade():
    for old, new in TABLES.items():
        _rename_table(old, new)
    _rename_constraints(TABLES)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(sa.text(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"))
    for table, indexes in INDEXES.items():
        for old, (new, columns) in indexes.items():
            _rename_index(table, old, new, columns)
    _unique("segment", "uq_person_segment_name", "uq_segment_name")
    _claimed("ix_outbox_message_claimed", "sending")
    _say("outbox_message", "state", STATES)
    for table in ("outbox_message", "outbox_batch"):
        _say(table, "kind", KINDS)


def downgrade():
    for table in ("outbox_message", "outbox_batch"):
        _say(table, "kind", {new: old for old, new in KINDS.items()})
    _say("outbox_message", "state", {new: old for old, new in STATES.items()})
    _claimed("ix_outbox_message_held", "leaving")
    _unique("segment", "uq_segment_name", "uq_person_segment_name")
    for table, indexes in INDEXES.items():
        for old, (new, columns) in indexes.items():
            _rename_index(table, new, old, columns)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(sa.text(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}"))
    for old, new in TABLES.items():
        _rename_table(new, old)
    _rename_constraints({new: old for old, new in TABLES.items()})
