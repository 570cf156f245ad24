"""Bounces have a cause, which a person can judge."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "outbox_bounce_cause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("domain", sa.String(length=200), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_outbox_bounce_cause_batch_id_outbox_batch"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["organiser.id"],
            name=op.f("fk_outbox_bounce_cause_decided_by_id_organiser"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_bounce_cause")),
    )
    op.create_index(
        op.f("ix_outbox_bounce_cause_batch_id"), "outbox_bounce_cause", ["batch_id"], unique=False
    )
    op.create_table(
        "outbox_bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.String(length=200), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("is_certain", sa.Boolean(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cause_id"],
            ["outbox_bounce_cause.id"],
            name=op.f("fk_outbox_bounce_cause_id_outbox_bounce_cause"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["outbox_message.id"],
            name=op.f("fk_outbox_bounce_message_id_outbox_message"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_outbox_bounce_batch_id_outbox_batch"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_bounce")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_bounce_message_id")),
    )
    for column in ("cause_id", "batch_id", "address_hash", "domain"):
        op.create_index(op.f(f"ix_outbox_bounce_{column}"), "outbox_bounce", [column], unique=False)
    with op.batch_alter_table("outbox_suppression") as table:
        table.add_column(sa.Column("cause_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_outbox_suppression_cause_id_outbox_bounce_cause"),
            "outbox_bounce_cause",
            ["cause_id"],
            ["id"],
            ondelete="SET NULL",
        )
        table.create_index(op.f("ix_outbox_suppression_cause_id"), ["cause_id"])


def downgrade():
    with op.batch_alter_table("outbox_suppression") as table:
        table.drop_index(op.f("ix_outbox_suppression_cause_id"))
        table.drop_constraint(
            op.f("fk_outbox_suppression_cause_id_outbox_bounce_cause"), type_="foreignkey"
        )
        table.drop_column("cause_id")
    op.drop_table("outbox_bounce")
    op.drop_table("outbox_bounce_cause")
