"""The office finds and sorts a million by indexes: keys of names, and the order of its lists."""

import sqlalchemy as sa
from alembic import op

from campaign.folding import fold_name

revision = "0018"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEY_LENGTH = 80
_AT_ONCE = 5000
_PENDING = "confirmed_at IS NULL AND left_at IS NULL OR asked_at > left_at"
_INDEXES = (
    ("ix_person_country", "person", ["country", "id"], "country <> ''"),
    ("ix_person_name_key", "person", ["name_key"], "name_key <> ''"),
    ("ix_person_last_name_key", "person", ["last_name_key"], "name_key <> ''"),
    ("ix_person_subscription_asked", "person_subscription", ["asked_at"], None),
    ("ix_person_subscription_pending", "person_subscription", ["asked_at"], _PENDING),
)


def upgrade():
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    key = sa.String(_KEY_LENGTH, collation="C" if is_postgresql else None)
    for name in ("name_key", "last_name_key"):
        op.add_column("person", sa.Column(name, key, nullable=False, server_default=""))
    if is_postgresql:
        op.execute('ALTER TABLE person ALTER COLUMN email TYPE VARCHAR(254) COLLATE "C"')
    _fill()
    for name, table, columns, where in _INDEXES:
        condition = sa.text(where) if where else None
        op.create_index(
            name, table, columns, postgresql_where=condition, sqlite_where=condition
        )


def _fill():
    """Note the keys of all names, some thousands at a time."""
    person = sa.table(
        "person", sa.column("id"), sa.column("name"), sa.column("name_key"),
        sa.column("last_name_key"),
    )  # fmt: skip
    connection, last = op.get_bind(), 0
    named = sa.select(person.c.id, person.c.name).where(person.c.name != "")
    update = (
        sa.update(person)
        .where(person.c.id == sa.bindparam("number"))
        .values(name_key=sa.bindparam("whole"), last_name_key=sa.bindparam("last"))
    )
    while rows := connection.execute(
        named.where(person.c.id > last).order_by(person.c.id).limit(_AT_ONCE)
    ).all():
        keys = [(number, fold_name(name)) for number, name in rows]
        connection.execute(
            update,
            [
                {
                    "number": number,
                    "whole": folded[:_KEY_LENGTH].rstrip(),
                    "last": folded.rpartition(" ")[2][:_KEY_LENGTH],
                }
                for number, folded in keys
            ],
        )
        last = rows[-1].id


def downgrade():
    for name, table, _columns, _where in reversed(_INDEXES):
        op.drop_index(name, table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE person ALTER COLUMN email TYPE VARCHAR(254) COLLATE "default"')
    for name in ("last_name_key", "name_key"):
        op.drop_column("person", name)
