"""Pages that are the index of a folder."""

import sqlalchemy as sa
from alembic import op

revision = "words"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("page", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_index", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    # The model gives the value of a new page; the database needs one for those that are there.
    with op.batch_alter_table("page", schema=None) as batch_op:
        batch_op.alter_column("is_index", server_default=None)


def downgrade():
    with op.batch_alter_table("page", schema=None) as batch_op:
        batch_op.drop_column("is_index")
