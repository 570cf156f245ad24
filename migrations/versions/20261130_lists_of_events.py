"""Lists of events: what they ask for stands in the order in which they show it."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("event") as batch_op:
        batch_op.create_index("ix_event_by_day", ["starts_on", "country", "city", "zone", "ends"])
        batch_op.create_index("ix_event_by_country", ["country", "starts_on", "city"])
        batch_op.create_index("ix_event_of_action", ["action_id", "country", "city"])
        batch_op.drop_index("ix_event_starts_on")
        batch_op.drop_index("ix_event_country")
        batch_op.drop_index("ix_event_action_id")


def downgrade():
    with op.batch_alter_table("event") as batch_op:
        batch_op.create_index("ix_event_action_id", ["action_id"])
        batch_op.create_index("ix_event_country", ["country"])
        batch_op.create_index("ix_event_starts_on", ["starts_on"])
        batch_op.drop_index("ix_event_of_action")
        batch_op.drop_index("ix_event_by_country")
        batch_op.drop_index("ix_event_by_day")
