"""The office's lists are found and sorted by indexes, however long they are."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_PENDING = "confirmed_at IS NULL AND left_at IS NULL OR asked_at > left_at"
_NOT_SENT = "state IN ('failed', 'withheld', 'bounced')"
# Within the one transaction of a migration, so none can be made CONCURRENTLY: each of the large
# tables is closed to writers for the seconds that it takes.
_INDEXES = (
    ("ix_person_country", "person", ["country", "id"], "country <> ''"),
    ("ix_person_subscription_pending", "person_subscription", ["asked_at"], _PENDING),
    ("ix_outbox_message_not_sent", "outbox_message", ["state", "id"], _NOT_SENT),
    ("ix_outbox_suppression_since", "outbox_suppression", ["since"], None),
    ("ix_sign_up_event_signed_up", "sign_up", ["event_id", "signed_up_at"], None),
    ("ix_inbound_mail_unverified", "inbound_mail", ["received_at"], "made = 'auth failure'"),
)
# Nothing asks by these: a list is of one event, and days are counted as they come.
_DROPPED = ("signed_up_at", "confirmed_at")


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        # Sorted by bytes, its unique index finds what an address begins with.
        op.execute('ALTER TABLE person ALTER COLUMN email TYPE VARCHAR(254) COLLATE "C"')
    for name, table, columns, where in _INDEXES:
        condition = sa.text(where) if where else None
        op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)
    for column in _DROPPED:
        op.drop_index(f"ix_sign_up_{column}", "sign_up")


def downgrade():
    for column in _DROPPED:
        op.create_index(f"ix_sign_up_{column}", "sign_up", [column])
    for name, table, _columns, _where in reversed(_INDEXES):
        op.drop_index(name, table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE person ALTER COLUMN email TYPE VARCHAR(254) COLLATE "default"')
