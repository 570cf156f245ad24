"""A newsletter for a million."""

import hashlib
import hmac

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# Every batch of the first form was an issue, in its own language.
_MOVE = (
    """
    INSERT INTO newsletter_issue_text
        (issue_id, language, title, subject, preview, source, html)
    SELECT id, language, title, subject, preview, source, html FROM newsletter_issue ORDER BY id
    """,
    """
    INSERT INTO outbox_variant (batch_id, key, language, code, subject, text, html)
    SELECT b.id, coalesce(i.language, 'en'), coalesce(i.language, 'en'), '', b.subject, b.text, b.html
    FROM outbox_batch b LEFT JOIN newsletter_issue i ON i.batch_id = b.id
    """,
    """
    INSERT INTO newsletter_sending
        (issue_id, version, rule, starts_at, rate, is_for_the_unreached, trial_subject, trial_hours,
         trial_winner, batch_id, asked_at, queued_at, called_off_because)
    SELECT id, version, '{}', queued_at, 0, false, '', 4, '', batch_id, queued_at, queued_at, ''
    FROM newsletter_issue WHERE queued_at IS NOT NULL
    """,
)


def _move_issues():
    for statement in _MOVE:
        op.execute(sa.text(statement))


_COMPLETE = (
    """
    UPDATE outbox_message SET variant =
        (SELECT v.key FROM outbox_variant v WHERE v.batch_id = outbox_message.batch_id)
    WHERE batch_id IS NOT NULL
    """,
    """
    UPDATE outbox_batch SET finished_at = queued_at WHERE NOT EXISTS (
        SELECT 1 FROM outbox_message m
        WHERE m.batch_id = outbox_batch.id AND m.state IN ('waiting', 'leaving', 'retry'))
    """,
)


def _complete():
    """Fill what the new columns hold of the rows that are there."""
    for statement in _COMPLETE:
        op.execute(sa.text(statement))
    connection = op.get_bind()
    key = f"{current_app.config['SECRET_KEY']}:address".encode()
    people = sa.table("person", sa.column("id"), sa.column("email"), sa.column("address_hash"))
    for one in connection.execute(sa.select(people.c.id, people.c.email)).all():
        known_by = hmac.new(key, one.email.lower().encode(), hashlib.sha256).hexdigest()
        connection.execute(
            sa.update(people).where(people.c.id == one.id).values(address_hash=known_by)
        )


def _back():
    for column in ("title", "subject", "preview", "source", "html"):
        op.execute(
            sa.text(
                f"UPDATE newsletter_issue SET {column} = (SELECT t.{column} "  # noqa: S608
                "FROM newsletter_issue_text t WHERE t.issue_id = newsletter_issue.id "
                "AND t.language = newsletter_issue.language)"
            )
        )
    for column in ("text", "html"):
        op.execute(
            sa.text(
                f"UPDATE outbox_batch SET {column} = coalesce((SELECT v.{column} "  # noqa: S608
                "FROM outbox_variant v WHERE v.batch_id = outbox_batch.id ORDER BY v.key LIMIT 1), '')"
            )
        )
    op.execute(
        sa.text(
            "UPDATE newsletter_issue SET batch_id = (SELECT max(s.batch_id) "
            "FROM newsletter_sending s WHERE s.issue_id = newsletter_issue.id)"
        )
    )


def upgrade():
    op.create_table(
        "person_source_count",
        sa.Column("code", sa.String(length=90), nullable=False),
        sa.Column("deed", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", "deed", name=op.f("pk_person_source_count")),
    )
    op.create_table(
        "newsletter_automatic",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("switched_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"],
            ["organiser.id"],
            name=op.f("fk_newsletter_automatic_changed_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_newsletter_automatic")),
    )
    op.create_table(
        "newsletter_digest_month",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_newsletter_digest_month_batch_id_outbox_batch"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_newsletter_digest_month")),
    )
    op.create_table(
        "newsletter_image",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"],
            ["organiser.id"],
            name=op.f("fk_newsletter_image_uploaded_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter_image")),
        sa.UniqueConstraint("name", name=op.f("uq_newsletter_image_name")),
    )
    op.create_table(
        "newsletter_series_start",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_newsletter_series_start_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_newsletter_series_start")),
    )
    with op.batch_alter_table("newsletter_series_start", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_newsletter_series_start_started_at"), ["started_at"], unique=False
        )

    op.create_table(
        "newsletter_series_turn",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_newsletter_series_turn_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "person_id", name=op.f("pk_newsletter_series_turn")),
    )
    with op.batch_alter_table("newsletter_series_turn", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_newsletter_series_turn_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "outbox_variant",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=90), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_outbox_variant_batch_id_outbox_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "key", name=op.f("pk_outbox_variant")),
    )
    op.create_table(
        "person_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("header", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("standing", sa.String(length=12), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("subscribed", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["organiser.id"],
            name=op.f("fk_person_import_made_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_import")),
    )
    with op.batch_alter_table("person_import", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_person_import_fingerprint"), ["fingerprint"], unique=False
        )

    op.create_table(
        "person_refused_topic",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_person_refused_topic_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "topic", name=op.f("pk_person_refused_topic")),
    )
    op.create_table(
        "person_segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["organiser.id"],
            name=op.f("fk_person_segment_made_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_segment")),
        sa.UniqueConstraint("name", name=op.f("uq_person_segment_name")),
    )
    op.create_table(
        "person_tag",
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_person_tag_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tag", "person_id", name=op.f("pk_person_tag")),
    )
    with op.batch_alter_table("person_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_tag_person_id"), ["person_id"], unique=False)

    op.create_table(
        "inbound_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("envelope_sender", sa.String(length=254), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("made", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("settled_as", sa.String(length=10), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["outbox_message.id"],
            name=op.f("fk_inbound_mail_message_id_outbox_message"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_inbound_mail_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"],
            ["organiser.id"],
            name=op.f("fk_inbound_mail_settled_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
        sa.UniqueConstraint("digest", name=op.f("uq_inbound_mail_digest")),
        info={"is_mail": True},
    )
    with op.batch_alter_table("inbound_mail", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbound_mail_counted",
            ["address_hash"],
            unique=False,
            sqlite_where=sa.text("address_hash <> ''"),
            postgresql_where=sa.text("address_hash <> ''"),
        )
        batch_op.create_index(
            batch_op.f("ix_inbound_mail_message_id"), ["message_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_inbound_mail_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "ix_inbound_mail_waiting",
            ["received_at"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "newsletter_automatic_text",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key"],
            ["newsletter_automatic.key"],
            name=op.f("fk_newsletter_automatic_text_key_newsletter_automatic"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "language", name=op.f("pk_newsletter_automatic_text")),
    )
    op.create_table(
        "newsletter_issue_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("preview", sa.String(length=150), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["newsletter_issue.id"],
            name=op.f("fk_newsletter_issue_text_issue_id_newsletter_issue"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter_issue_text")),
        sa.UniqueConstraint(
            "issue_id", "language", name=op.f("uq_newsletter_issue_text_issue_id_language")
        ),
    )
    op.create_table(
        "newsletter_issue_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["newsletter_issue.id"],
            name=op.f("fk_newsletter_issue_version_issue_id_newsletter_issue"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["saved_by_id"],
            ["organiser.id"],
            name=op.f("fk_newsletter_issue_version_saved_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter_issue_version")),
        sa.UniqueConstraint(
            "issue_id", "number", name=op.f("uq_newsletter_issue_version_issue_id_number")
        ),
    )
    op.create_table(
        "newsletter_sending",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at_local_hour", sa.Integer(), nullable=True),
        sa.Column("on_local_day", sa.Date(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("is_for_the_unreached", sa.Boolean(), nullable=False),
        sa.Column("trial_subject", sa.String(length=255), nullable=False),
        sa.Column("trial_hours", sa.Integer(), nullable=False),
        sa.Column("trial_batch_id", sa.Integer(), nullable=True),
        sa.Column("trial_decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trial_winner", sa.String(length=1), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_off_because", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"],
            ["organiser.id"],
            name=op.f("fk_newsletter_sending_asked_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_newsletter_sending_batch_id_outbox_batch"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["newsletter_issue.id"],
            name=op.f("fk_newsletter_sending_issue_id_newsletter_issue"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["person_segment.id"],
            name=op.f("fk_newsletter_sending_segment_id_person_segment"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["trial_batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_newsletter_sending_trial_batch_id_outbox_batch"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter_sending")),
    )
    with op.batch_alter_table("newsletter_sending", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_newsletter_sending_issue_id"), ["issue_id"], unique=False
        )

    op.create_table(
        "person_import_refused",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["person_import.id"],
            name=op.f("fk_person_import_refused_import_id_person_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_person_import_refused")),
    )
    op.create_table(
        "newsletter_reading",
        sa.Column("sending_id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("still_open", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sending_id"],
            ["newsletter_sending.id"],
            name=op.f("fk_newsletter_reading_sending_id_newsletter_sending"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sending_id", "read_at", name=op.f("pk_newsletter_reading")),
    )
    _move_issues()
    with op.batch_alter_table("newsletter_issue", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("topic", sa.String(length=40), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(
            sa.Column("is_monthly", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("approved_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("approved_by_id", sa.Integer(), nullable=True))
        batch_op.drop_constraint(
            batch_op.f("fk_newsletter_issue_batch_id_outbox_batch"), type_="foreignkey"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_newsletter_issue_approved_by_id_organiser"),
            "organiser",
            ["approved_by_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.drop_column("source")
        batch_op.drop_column("preview")
        batch_op.drop_column("title")
        batch_op.drop_column("subject")
        batch_op.drop_column("html")
        batch_op.drop_column("batch_id")

    with op.batch_alter_table(
        "outbox_batch", schema=None, table_kwargs={"sqlite_autoincrement": True}
    ) as batch_op:
        batch_op.add_column(
            sa.Column(
                "kind", sa.String(length=40), nullable=False, server_default=sa.text("'newsletter'")
            )
        )
        batch_op.add_column(
            sa.Column("rate", sa.Double(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.add_column(sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_column("text")
        batch_op.drop_column("html")

    with op.batch_alter_table("outbox_lane", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column(
            "name",
            existing_type=sa.VARCHAR(length=40),
            type_=sa.String(length=220),
            existing_nullable=False,
        )
        batch_op.create_index(
            batch_op.f("ix_outbox_lane_paused_until"), ["paused_until"], unique=False
        )

    with op.batch_alter_table(
        "outbox_message", schema=None, table_kwargs={"sqlite_autoincrement": True}
    ) as batch_op:
        batch_op.add_column(
            sa.Column("variant", sa.String(length=20), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(
            sa.Column("country", sa.String(length=2), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(sa.Column("place", sa.Integer(), nullable=True))
        batch_op.drop_index(batch_op.f("ix_outbox_message_address_hash"))
        batch_op.drop_index(batch_op.f("ix_outbox_message_due"))
        batch_op.drop_index(batch_op.f("ix_outbox_message_person_id"))
        batch_op.drop_constraint(batch_op.f("uq_outbox_message_batch_id_person_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_outbox_message_token"), type_="unique")
        batch_op.create_index(
            "ix_outbox_message_address",
            ["address_hash"],
            unique=False,
            sqlite_where=sa.text("batch_id IS NULL"),
            postgresql_where=sa.text("batch_id IS NULL"),
        )
        batch_op.create_index("ix_outbox_message_batch", ["batch_id", "state"], unique=False)
        batch_op.create_index(
            "ix_outbox_message_due_bulk",
            ["batch_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("batch_id IS NOT NULL AND state IN ('waiting', 'retry')"),
            postgresql_where=sa.text("batch_id IS NOT NULL AND state IN ('waiting', 'retry')"),
        )
        batch_op.create_index(
            "ix_outbox_message_due_urgent",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("batch_id IS NULL AND state IN ('waiting', 'retry')"),
            postgresql_where=sa.text("batch_id IS NULL AND state IN ('waiting', 'retry')"),
        )
        batch_op.create_index(
            "ix_outbox_message_held",
            ["claimed_by"],
            unique=False,
            sqlite_where=sa.text("state = 'leaving'"),
            postgresql_where=sa.text("state = 'leaving'"),
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_outbox_message_person_id_batch_id"), ["person_id", "batch_id"]
        )
        batch_op.drop_column("token")
        batch_op.drop_column("fields")
        batch_op.drop_column("priority")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("city", sa.String(length=80), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(sa.Column("place", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "timezone", sa.String(length=40), nullable=False, server_default=sa.text("''")
            )
        )
        batch_op.add_column(
            sa.Column(
                "address_hash", sa.String(length=64), nullable=False, server_default=sa.text("''")
            )
        )
        batch_op.create_index(batch_op.f("ix_person_address_hash"), ["address_hash"], unique=False)

    with op.batch_alter_table("person_subscription", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "rhythm", sa.String(length=10), nullable=False, server_default=sa.text("'all'")
            )
        )
        batch_op.create_index(
            "ix_person_subscription_left",
            ["left_at"],
            unique=False,
            sqlite_where=sa.text("left_at IS NOT NULL"),
            postgresql_where=sa.text("left_at IS NOT NULL"),
        )

    _complete()


def downgrade():
    with op.batch_alter_table("person_subscription", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_person_subscription_left",
            sqlite_where=sa.text("left_at IS NOT NULL"),
            postgresql_where=sa.text("left_at IS NOT NULL"),
        )
        batch_op.drop_column("rhythm")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_address_hash"))
        batch_op.drop_column("address_hash")
        batch_op.drop_column("timezone")
        batch_op.drop_column("place")
        batch_op.drop_column("city")

    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("priority", sa.INTEGER(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.add_column(
            sa.Column("fields", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
        )
        batch_op.add_column(
            sa.Column("token", sa.VARCHAR(length=32), nullable=False, server_default=sa.text("''"))
        )
        batch_op.drop_constraint(batch_op.f("uq_outbox_message_person_id_batch_id"), type_="unique")
        batch_op.drop_index(
            "ix_outbox_message_held",
            sqlite_where=sa.text("state = 'leaving'"),
            postgresql_where=sa.text("state = 'leaving'"),
        )
        batch_op.drop_index(
            "ix_outbox_message_due_urgent",
            sqlite_where=sa.text("batch_id IS NULL AND state IN ('waiting', 'retry')"),
            postgresql_where=sa.text("batch_id IS NULL AND state IN ('waiting', 'retry')"),
        )
        batch_op.drop_index(
            "ix_outbox_message_due_bulk",
            sqlite_where=sa.text("batch_id IS NOT NULL AND state IN ('waiting', 'retry')"),
            postgresql_where=sa.text("batch_id IS NOT NULL AND state IN ('waiting', 'retry')"),
        )
        batch_op.drop_index("ix_outbox_message_batch")
        batch_op.drop_index(
            "ix_outbox_message_address",
            sqlite_where=sa.text("batch_id IS NULL"),
            postgresql_where=sa.text("batch_id IS NULL"),
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_outbox_message_batch_id_person_id"), ["batch_id", "person_id"]
        )
        batch_op.create_index(
            batch_op.f("ix_outbox_message_person_id"), ["person_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outbox_message_due"), ["state", "priority", "due_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outbox_message_address_hash"), ["address_hash"], unique=False
        )
        batch_op.drop_column("place")
        batch_op.drop_column("country")
        batch_op.drop_column("variant")
    op.execute(sa.text("UPDATE outbox_message SET token = CAST(id AS VARCHAR(32))"))
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_outbox_message_token"), ["token"])

    with op.batch_alter_table("outbox_lane", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_lane_paused_until"))
        batch_op.alter_column(
            "name",
            existing_type=sa.String(length=220),
            type_=sa.VARCHAR(length=40),
            existing_nullable=False,
        )
        batch_op.drop_column("given_until")

    with op.batch_alter_table("outbox_batch", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("html", sa.TEXT(), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(
            sa.Column("text", sa.TEXT(), nullable=False, server_default=sa.text("''"))
        )
        batch_op.drop_column("finished_at")
        batch_op.drop_column("stopped_at")
        batch_op.drop_column("rate")
        batch_op.drop_column("kind")

    with op.batch_alter_table("newsletter_issue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.INTEGER(), nullable=True))
        batch_op.add_column(
            sa.Column("html", sa.TEXT(), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(
            sa.Column(
                "subject", sa.VARCHAR(length=255), nullable=False, server_default=sa.text("''")
            )
        )
        batch_op.add_column(
            sa.Column("title", sa.VARCHAR(length=200), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(
            sa.Column(
                "preview", sa.VARCHAR(length=150), nullable=False, server_default=sa.text("''")
            )
        )
        batch_op.add_column(
            sa.Column("source", sa.TEXT(), nullable=False, server_default=sa.text("''"))
        )
        batch_op.drop_constraint(
            batch_op.f("fk_newsletter_issue_approved_by_id_organiser"), type_="foreignkey"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_newsletter_issue_batch_id_outbox_batch"),
            "outbox_batch",
            ["batch_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.drop_column("approved_by_id")
        batch_op.drop_column("approved_at")
        batch_op.drop_column("approved_version")
        batch_op.drop_column("is_monthly")
        batch_op.drop_column("topic")

    _back()
    op.drop_table("newsletter_reading")
    op.drop_table("person_import_refused")
    with op.batch_alter_table("newsletter_sending", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_newsletter_sending_issue_id"))

    op.drop_table("newsletter_sending")
    op.drop_table("newsletter_issue_version")
    op.drop_table("newsletter_issue_text")
    op.drop_table("newsletter_automatic_text")
    with op.batch_alter_table("inbound_mail", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inbound_mail_waiting",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_inbound_mail_person_id"))
        batch_op.drop_index(batch_op.f("ix_inbound_mail_message_id"))
        batch_op.drop_index(
            "ix_inbound_mail_counted",
            sqlite_where=sa.text("address_hash <> ''"),
            postgresql_where=sa.text("address_hash <> ''"),
        )

    op.drop_table("inbound_mail")
    with op.batch_alter_table("person_tag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_tag_person_id"))

    op.drop_table("person_tag")
    op.drop_table("person_segment")
    op.drop_table("person_refused_topic")
    with op.batch_alter_table("person_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_import_fingerprint"))

    op.drop_table("person_import")
    op.drop_table("outbox_variant")
    with op.batch_alter_table("newsletter_series_turn", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_newsletter_series_turn_person_id"))

    op.drop_table("newsletter_series_turn")
    with op.batch_alter_table("newsletter_series_start", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_newsletter_series_start_started_at"))

    op.drop_table("newsletter_series_start")
    op.drop_table("newsletter_image")
    op.drop_table("newsletter_digest_month")
    op.drop_table("newsletter_automatic")
    op.drop_table("person_source_count")
