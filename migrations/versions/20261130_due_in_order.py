"""The indexes of what is due know the ids, so that a claim may look on from one."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_DUE = {
    "ix_outbox_message_due_urgent": (
        ["due_at"],
        "batch_id IS NULL AND state IN ('waiting', 'retry')",
    ),
    "ix_outbox_message_due_bulk": (
        ["batch_id", "due_at"],
        "batch_id IS NOT NULL AND state IN ('waiting', 'retry')",
    ),
}


def upgrade() -> None:
    """Let the indexes end with the id."""
    _make_anew(["id"])


def downgrade() -> None:
    """Let the indexes end with the moment."""
    _make_anew([])


def _make_anew(end: list[str]) -> None:
    for name, (columns, where) in _DUE.items():
        op.drop_index(name, "outbox_message")
        op.create_index(
            name,
            "outbox_message",
            [*columns, *end],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
