"""What the senders' time goes into is kept by the minute."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of timings."""
    op.create_table(
        "outbox_timing",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("relay", sa.Double(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("database", sa.Double(), nullable=False),
        sa.Column("processor", sa.Double(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", name="pk_outbox_timing"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("outbox_timing")
