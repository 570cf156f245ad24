"""Counts are kept in tables of their own.

What keeps them, and their first numbers, come after the last migration (`env.py`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


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
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_change")),
    )
    op.create_index("ix_count_change_name", "count_change", ["name", "key"], unique=False)


def downgrade():
    connection = op.get_bind()
    is_postgresql = connection.dialect.name == "postgresql"
    keepers = sa.text(
        "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        if is_postgresql
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    for name in connection.execute(keepers).scalars().all():
        if name.startswith("count_rows_of_"):
            op.execute(
                f"DROP FUNCTION {name}() CASCADE" if is_postgresql else f"DROP TRIGGER {name}"
            )
    op.drop_table("count_change")
    op.drop_table("count_kept")
