"""Counts are kept in tables of their own.

What keeps them, and their first numbers, come after the last migration (`env.py`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MANY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "count_kept",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "key", name=op.f("pk_count_kept")),
    )
    op.create_table(
        "count_change",
        sa.Column("id", _MANY, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_change")),
    )
    op.create_index("ix_count_change_name", "count_change", ["name", "key"], unique=False)

    op.drop_index("ix_sign_up_ask_reserved", "sign_up_ask")
    op.create_index(
        "ix_sign_up_ask_reserved",
        "sign_up_ask",
        ["event_id", "asked_at"],
        sqlite_where=sa.text("seats > 0"),
        postgresql_where=sa.text("seats > 0"),
    )


def downgrade():
    op.drop_index("ix_sign_up_ask_reserved", "sign_up_ask")
    op.create_index("ix_sign_up_ask_reserved", "sign_up_ask", ["event_id", "asked_at"])
    op.drop_table("count_change")
    op.drop_table("count_kept")
