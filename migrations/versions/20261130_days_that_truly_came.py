"""When an event was moved, and when it truly took place."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("event") as table:
        table.add_column(sa.Column("moved_at", moment, nullable=True))
        table.add_column(sa.Column("took_place_at", moment, nullable=True))
    # Whose plans changed was moved no later than the last revision; so nothing is erased by a day
    # that was typed in when it had passed.
    op.execute("UPDATE event SET moved_at = revised_at WHERE sequence > 0")


def downgrade() -> None:
    with op.batch_alter_table("event") as table:
        table.drop_column("took_place_at")
        table.drop_column("moved_at")
