"""A place asked for and a place confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "sign_up_ask",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("sign_up_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=75), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("news", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=90), nullable=False),
        sa.Column("is_in_vain", sa.Boolean(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("client_hash", sa.String(length=64), nullable=False),
        sa.Column("mailbox_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["event.id"],
            name=op.f("fk_sign_up_ask_event_id_event"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sign_up_id"],
            ["sign_up.id"],
            name=op.f("fk_sign_up_ask_sign_up_id_sign_up"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up_ask")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sign_up_ask") as batch_op:
        batch_op.create_index("ix_sign_up_ask_held", ["event_id", "asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_up_ask_sign_up_id"), ["sign_up_id"], unique=False)
        batch_op.create_index(
            "ix_sign_up_ask_due",
            ["id"],
            unique=False,
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )
    with op.batch_alter_table("sign_up") as batch_op:
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_sign_up_confirmed_at"), ["confirmed_at"], unique=False)
    # Until now a form was enough: who came by one comes still.
    op.execute(sa.text("UPDATE sign_up SET confirmed_at = signed_up_at"))
    op.create_table(
        "person_ask",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=75), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_ask")),
    )
    with op.batch_alter_table("person_subscription") as batch_op:
        batch_op.add_column(
            sa.Column("asked_name", sa.String(length=75), nullable=False, server_default="")
        )
    with op.batch_alter_table("outbox_message") as batch_op:
        batch_op.add_column(
            sa.Column("mailbox_hash", sa.String(length=64), nullable=False, server_default="")
        )
        batch_op.create_index(
            "ix_outbox_message_mailbox",
            ["mailbox_hash"],
            unique=False,
            sqlite_where=sa.text("batch_id IS NULL"),
            postgresql_where=sa.text("batch_id IS NULL"),
        )
    # The same for an address that is written plainly, as nearly all are.
    op.execute(
        sa.text("UPDATE outbox_message SET mailbox_hash = address_hash WHERE batch_id IS NULL")
    )


def downgrade():
    with op.batch_alter_table("outbox_message") as batch_op:
        batch_op.drop_index("ix_outbox_message_mailbox")
        batch_op.drop_column("mailbox_hash")
    with op.batch_alter_table("person_subscription") as batch_op:
        batch_op.drop_column("asked_name")
    op.drop_table("person_ask")
    # What was only asked for is no sign-up to the code of before.
    op.execute(sa.text("DELETE FROM sign_up WHERE confirmed_at IS NULL"))
    with op.batch_alter_table("sign_up") as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_up_confirmed_at"))
        batch_op.drop_column("confirmed_at")
    with op.batch_alter_table("sign_up_ask") as batch_op:
        batch_op.drop_index("ix_sign_up_ask_due")
        batch_op.drop_index(batch_op.f("ix_sign_up_ask_sign_up_id"))
        batch_op.drop_index("ix_sign_up_ask_held")
    op.drop_table("sign_up_ask")
