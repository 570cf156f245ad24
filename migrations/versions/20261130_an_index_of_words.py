"""What is found by words has an index; `campaign migrate` fills it with what is there."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE VIRTUAL TABLE search_words USING fts5(title, body, tokenize='ascii', columnsize=0)",
    "CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN "
    "DELETE FROM search_words WHERE rowid = old.id; END",
)
POSTGRESQL = (
    "CREATE TABLE search_words (rowid INTEGER CONSTRAINT pk_search_words PRIMARY KEY CONSTRAINT "
    "fk_search_words_rowid_search_entry REFERENCES search_entry (id) ON DELETE CASCADE, "
    "words TSVECTOR NOT NULL)",
    "CREATE INDEX ix_search_words_words ON search_words USING gin (words) WITH (fastupdate = off)",
)


def upgrade():
    op.create_table(
        "search_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("thing", sa.String(20), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("day_number", sa.Integer(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sa.UniqueConstraint(
            "thing",
            "thing_id",
            "language",
            name=op.f("uq_search_entry_thing_thing_id_language"),
        ),
    )
    op.create_table(
        "search_word",
        sa.Column("word", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
    )
    op.create_table(
        "search_spelling",
        sa.Column("spelling", sa.String(7), nullable=False),
        sa.Column("word", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["word"],
            ["search_word.word"],
            name=op.f("fk_search_spelling_word_search_word"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("spelling", "word", name=op.f("pk_search_spelling")),
    )
    with op.batch_alter_table("search_spelling") as batch:
        batch.create_index(batch.f("ix_search_spelling_word"), ["word"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade():
    op.drop_table("search_spelling")
    op.drop_table("search_word")
    op.execute("DROP TABLE search_words")
    op.drop_table("search_entry")
