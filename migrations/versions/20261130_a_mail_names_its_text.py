"""A mail names its text: what all mails say that are alike stands once, beside those to many."""

import hashlib
import json
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEY = "fk_outbox_message_text_id_outbox_text"
# So many mails at a time are held in memory.
AT_ONCE = 200
# What a single mail said in its own row.
SAID = (
    "sender_name", "reply_to", "subject", "text", "html", "calendar", "calendar_method", "headers",
)  # fmt: skip
_WORDS = {
    "sender_name": sa.String(75),
    "reply_to": sa.String(254),
    "subject": sa.String(255),
    "text": sa.Text(),
    "html": sa.Text(),
    "calendar": sa.Text(),
    "calendar_method": sa.String(10),
}
# The texts of mails written until now hold what is one person's: gone as soon as nobody names them.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _table(name, *columns):
    typed = {"headers": sa.JSON(), "fields": sa.JSON(none_as_null=True)}
    typed |= {"queued_at": sa.DateTime(timezone=True), "used_at": sa.DateTime(timezone=True)}
    return sa.table(name, *[sa.column(column, typed.get(column)) for column in columns])


MESSAGE = _table(
    "outbox_message", "id", "batch_id", "text_id", "fields", "person_id", "to_address", "to_name",
    "country", "city_id", "queued_at", *SAID,
)  # fmt: skip
OF_TEXT = ("language", "code", "about_id", *SAID)
TEXT = _table("outbox_text", "id", "batch_id", "key", "fingerprint", "used_at", *OF_TEXT)
VARIANT = _table(
    "outbox_variant", "batch_id", "key", "language", "code", "about_id", "subject", "text", "html"
)
BATCH = _table("outbox_batch", "id", "headers", "queued_at")
_SHARED = ("batch_id", "key", "language", "code", "about_id", "subject", "text", "html")


def upgrade():
    _create_texts()
    connection = op.get_bind()
    shared = sa.select(
        *[VARIANT.c[name] for name in _SHARED],
        BATCH.c.headers,
        BATCH.c.queued_at,
        *[sa.literal("") for _ in ("sender_name", "reply_to", "calendar", "calendar_method")],
    ).join_from(VARIANT, BATCH, BATCH.c.id == VARIANT.c.batch_id)
    columns = [*_SHARED, "headers", "used_at"]
    columns += ["sender_name", "reply_to", "calendar", "calendar_method"]
    connection.execute(TEXT.insert().from_select(columns, shared))
    op.drop_table("outbox_variant")
    op.drop_column("outbox_batch", "headers")
    op.add_column("outbox_message", sa.Column("text_id", sa.Integer(), nullable=True))
    op.add_column("outbox_message", sa.Column("fields", sa.JSON(), nullable=True))
    for rows in _chunks(MESSAGE.c.batch_id.is_(None)):
        _name_texts(connection, rows)
    with _message_table() as batch_op:
        for name in SAID:
            batch_op.drop_column(name)
        batch_op.create_foreign_key(KEY, "outbox_text", ["text_id"], ["id"], ondelete="RESTRICT")
    where = sa.text("text_id IS NOT NULL")
    op.create_index(
        "ix_outbox_message_text",
        "outbox_message",
        ["text_id"],
        sqlite_where=where,
        postgresql_where=where,
    )


@contextmanager
def _message_table():
    """Change the table; SQLite makes it anew, once for all of it."""
    number = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'outbox_message'")
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    last = op.get_bind().scalar(number) if is_sqlite else None
    kwargs = {"sqlite_autoincrement": True}
    with op.batch_alter_table("outbox_message", table_kwargs=kwargs) as batch_op:
        yield batch_op
    if last is not None:
        # No number is given twice, that of a message erased since neither: tokens are made of it.
        op.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'outbox_message'"))
        again = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox_message', :last)")
        op.execute(again.bindparams(last=last))


def _create_texts():
    op.create_table(
        "outbox_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=True),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("code", sa.String(90), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=True),
        *[
            sa.Column(name, kind if name == "calendar_method" else sa.Text(), nullable=False)
            for name, kind in _WORDS.items()
        ],
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_outbox_text_batch_id_outbox_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_text")),
        sa.UniqueConstraint("batch_id", "key", name=op.f("uq_outbox_text_batch_id_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_outbox_text_fingerprint")),
        sqlite_autoincrement=True,
    )


def _chunks(which):
    """Give the messages of a kind, some at a time."""
    last = 0
    while rows := (
        op.get_bind()
        .execute(
            sa.select(MESSAGE)
            .where(MESSAGE.c.id > last, which)
            .order_by(MESSAGE.c.id)
            .limit(AT_ONCE)
        )
        .mappings()
        .all()
    ):
        yield rows
        last = rows[-1]["id"]


def _name_texts(connection, rows):
    texts, named = {}, {}
    for row in rows:
        says = {name: row[name] for name in SAID} | {"language": "", "code": "", "about_id": None}
        says = {name: _literal(name, value) for name, value in says.items()}
        written = json.dumps(says, sort_keys=True).encode()
        fingerprint = named[row["id"]] = hashlib.sha256(written).hexdigest()
        texts[fingerprint] = {**says, "key": "", "fingerprint": fingerprint, "used_at": LONG_AGO}
    ids = _ids(connection, texts)
    if new := [text for fingerprint, text in texts.items() if fingerprint not in ids]:
        connection.execute(TEXT.insert(), new)
        ids = _ids(connection, texts)
    connection.execute(
        MESSAGE.update()
        .where(MESSAGE.c.id == sa.bindparam("number"))
        .values(text_id=sa.bindparam("named")),
        [{"number": id, "named": ids[fingerprint]} for id, fingerprint in named.items()],
    )


def _ids(connection, texts):
    found = sa.select(TEXT.c.fingerprint, TEXT.c.id).where(TEXT.c.fingerprint.in_(texts))
    return {row.fingerprint: row.id for row in connection.execute(found)}


def _literal(name, value):
    """Write what was said so that no two braces in it name a field."""
    if name == "calendar":
        return "\r\n".join(map(_literal_line, value.replace("\r\n ", "\0").split("\r\n")))
    if isinstance(value, dict):
        return {key: _literal(key, said) for key, said in value.items()}
    return value.replace("{{", "{{ braces }}") if isinstance(value, str) else value


def _literal_line(line):
    # A line with a field in it is folded once that is filled.
    whole = line.replace("\0", "")
    return _literal("line", whole) if "{{" in whole else line.replace("\0", "\r\n ")


def downgrade():
    connection = op.get_bind()
    for name, kind in _WORDS.items():
        op.add_column("outbox_message", sa.Column(name, kind, nullable=False, server_default=""))
    for table in ("outbox_message", "outbox_batch"):
        column = sa.Column("headers", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
        op.add_column(table, column)
    for rows in _chunks(MESSAGE.c.text_id.is_not(None)):
        _say_in_rows(connection, rows)
    _part_with_texts(connection)
    op.drop_index("ix_outbox_message_text", table_name="outbox_message")
    with _message_table() as batch_op:
        batch_op.drop_constraint(KEY, type_="foreignkey")
        batch_op.drop_column("text_id")
        batch_op.drop_column("fields")
    op.drop_table("outbox_text")


def _say_in_rows(connection, rows):
    # What a text leaves open is filled by the rooms: only the program that wrote it can say it.
    from campaign.outbox.fields import Recipient
    from campaign.outbox.filling import filled
    from campaign.outbox.mail import Content

    wanted = sa.select(TEXT).where(TEXT.c.id.in_({row["text_id"] for row in rows}))
    texts = {text["id"]: text for text in connection.execute(wanted).mappings()}
    said = []
    for row in rows:
        text = texts[row["text_id"]]
        reader = Recipient(
            row["person_id"], row["to_name"], text["language"], row["country"], row["city_id"],
            text["about_id"], row["to_address"], row["fields"] or {},
        )  # fmt: skip
        content = Content(**{name: text[name] for name in OF_TEXT})
        content = filled(content, reader, now=row["queued_at"])
        values = {name: getattr(content, name) for name in SAID}
        said.append({"number": row["id"], **{f"new_{name}": it for name, it in values.items()}})
    connection.execute(
        MESSAGE.update()
        .where(MESSAGE.c.id == sa.bindparam("number"))
        .values({name: sa.bindparam(f"new_{name}", type_=MESSAGE.c[name].type) for name in SAID}),
        said,
    )


def _part_with_texts(connection):
    op.create_table(
        "outbox_variant",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("code", sa.String(90), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["outbox_batch.id"],
            name=op.f("fk_outbox_variant_batch_id_outbox_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "key", name=op.f("pk_outbox_variant")),
    )
    shared = sa.select(*[TEXT.c[name] for name in _SHARED]).where(TEXT.c.batch_id.is_not(None))
    connection.execute(VARIANT.insert().from_select(list(_SHARED), shared))
    headers = sa.select(TEXT.c.headers).where(TEXT.c.batch_id == BATCH.c.id).limit(1)
    has_texts = sa.exists().where(TEXT.c.batch_id == BATCH.c.id)
    connection.execute(BATCH.update().where(has_texts).values(headers=headers.scalar_subquery()))
