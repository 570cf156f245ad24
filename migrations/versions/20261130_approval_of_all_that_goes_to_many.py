"""Approval of automatic mails and second subjects; the archive for everyone; one tag a word."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("newsletter_automatic") as table:
        table.add_column(sa.Column("written_by_id", sa.Integer(), nullable=True))
        table.add_column(
            sa.Column("approved_words", sa.String(length=64), nullable=False, server_default="")
        )
        table.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("approved_by_id", sa.Integer(), nullable=True))
        for column in ("written_by_id", "approved_by_id"):
            table.create_foreign_key(
                op.f(f"fk_newsletter_automatic_{column}_organiser"),
                "organiser",
                [column],
                ["id"],
                ondelete="SET NULL",
            )
    with op.batch_alter_table("newsletter_automatic") as table:
        table.alter_column("approved_words", server_default=None)
    with op.batch_alter_table("newsletter_sending") as table:
        # Until now every issue stood in the archive.
        table.add_column(
            sa.Column("in_archive", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        table.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("approved_by_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_newsletter_sending_approved_by_id_organiser"),
            "organiser",
            ["approved_by_id"],
            ["id"],
            ondelete="SET NULL",
        )
    with op.batch_alter_table("newsletter_sending") as table:
        table.alter_column("in_archive", server_default=None)
    _approve_what_is_on()
    _merge_tags()


def _approve_what_is_on():
    """Let what goes out already go on: nobody could approve it before."""
    bind = op.get_bind()
    for key in bind.execute(sa.text("SELECT key FROM newsletter_automatic WHERE is_on")).scalars():
        texts = bind.execute(
            sa.text(
                "SELECT language, subject, source FROM newsletter_automatic_text WHERE key = :key"
            ),
            {"key": key},
        )
        said = sorted(list(text) for text in texts)
        bind.execute(
            sa.text(
                "UPDATE newsletter_automatic SET approved_words = :mark, "
                "written_by_id = changed_by_id, approved_at = changed_at WHERE key = :key"
            ),
            {"key": key, "mark": hashlib.sha256(json.dumps(said).encode()).hexdigest()},
        )


def _merge_tags():
    """Write each tag in one way, and let who had it in two have it once."""
    bind = op.get_bind()
    for tag in list(bind.execute(sa.text("SELECT DISTINCT tag FROM person_tag")).scalars()):
        plain = " ".join(tag.casefold().split())[:40]
        if plain == tag:
            continue
        names = {"tag": tag, "plain": plain}
        bind.execute(
            sa.text(
                "INSERT INTO person_tag (tag, person_id) "
                "SELECT :plain, person_id FROM person_tag AS old WHERE tag = :tag AND NOT EXISTS "
                "(SELECT 1 FROM person_tag AS new "
                "WHERE new.tag = :plain AND new.person_id = old.person_id)"
            ).bindparams(sa.bindparam("plain", type_=sa.String)),
            names,
        )
        bind.execute(sa.text("DELETE FROM person_tag WHERE tag = :tag"), {"tag": tag})


def downgrade():
    # Tags stay as they are written now: nobody knows any more who wrote them how.
    with op.batch_alter_table("newsletter_sending") as table:
        table.drop_constraint(
            op.f("fk_newsletter_sending_approved_by_id_organiser"), type_="foreignkey"
        )
        for column in ("approved_by_id", "approved_at", "in_archive"):
            table.drop_column(column)
    with op.batch_alter_table("newsletter_automatic") as table:
        for column in ("written_by_id", "approved_by_id"):
            table.drop_constraint(
                op.f(f"fk_newsletter_automatic_{column}_organiser"), type_="foreignkey"
            )
        for column in ("approved_by_id", "approved_at", "approved_words", "written_by_id"):
            table.drop_column(column)
