"""Who left has left still, while somebody asks again in their name."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Until now the question took the place of what was known; the consents kept it for most.
_KEPT = """
    UPDATE person_subscription SET left_at = (
        SELECT max(person_consent.withdrawn_at) FROM person_consent
        WHERE person_consent.person_id = person_subscription.person_id
            AND person_consent.purpose = person_subscription.purpose
            AND person_consent.given_at IS NOT NULL
    )
    WHERE confirmed_at IS NULL AND left_at IS NULL
"""


def upgrade():
    op.execute(sa.text(_KEPT))


def downgrade():
    op.execute(
        sa.text(
            "UPDATE person_subscription SET left_at = NULL, confirmed_at = NULL "
            "WHERE asked_at > left_at"
        )
    )
