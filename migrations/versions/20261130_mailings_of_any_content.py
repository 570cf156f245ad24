"""What goes out to many is a mailing, of an issue or of anything else."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What kept its name, and what got another: old -> new.
SAME = (
    "id", "version", "segment_id", "rule", "starts_at", "at_local_hour", "on_local_day", "rate",
    "is_for_the_unreached", "approved_at", "approved_by_id", "batch_id", "asked_at", "asked_by_id",
    "queued_at", "called_off_at", "called_off_because",
)  # fmt: skip
RENAMED = {
    "issue_id": "content_id",
    "trial_subject": "second_subject",
    "trial_hours": "ab_test_hours",
    "trial_batch_id": "ab_test_batch_id",
    "trial_decided_at": "ab_test_decided_at",
    "trial_winner": "ab_test_winner",
}
PROGRESS = {
    "sending_id": "mailing_id", "read_at": "sampled_at", "left": "sent", "still_open": "still_open",
}  # fmt: skip
YES, NO = {"archive": "yes"}, {"archive": "no"}


def _moment(name, *, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name, *, nullable=False):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _gone(table, column, target):
    """Say that a row outlives the other end of a key."""
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(name), ondelete="SET NULL")


def _create(table, *, first, second, own):
    """Make a table of goings-out; `second` is what the columns of a second subject begin with."""
    subject = "second_subject" if second == "ab_test" else f"{second}_subject"
    return op.create_table(
        table,
        _number("id"),
        *first,
        _number("version"),
        _number("segment_id", nullable=True),
        sa.Column("rule", sa.JSON(), nullable=False),
        _moment("starts_at"),
        _number("at_local_hour", nullable=True),
        sa.Column("on_local_day", sa.Date(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("is_for_the_unreached", sa.Boolean(), nullable=False),
        sa.Column(subject, sa.String(length=255), nullable=False),
        _number(f"{second}_hours"),
        _number(f"{second}_batch_id", nullable=True),
        _moment(f"{second}_decided_at", nullable=True),
        sa.Column(f"{second}_winner", sa.String(length=1), nullable=False),
        _moment("approved_at", nullable=True),
        _number("approved_by_id", nullable=True),
        _number("batch_id", nullable=True),
        _moment("asked_at"),
        _number("asked_by_id", nullable=True),
        _moment("queued_at", nullable=True),
        _moment("called_off_at", nullable=True),
        sa.Column("called_off_because", sa.String(length=500), nullable=False),
        *own,
        _gone(table, "segment_id", "segment"),
        _gone(table, f"{second}_batch_id", "outbox_batch"),
        _gone(table, "approved_by_id", "organiser"),
        _gone(table, "batch_id", "outbox_batch"),
        _gone(table, "asked_by_id", "organiser"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _create_progress(table, names, target):
    key, moment, number, still_open = names
    return op.create_table(
        table,
        _number(key),
        _moment(moment),
        _number(number),
        _number(still_open),
        sa.ForeignKeyConstraint(
            [key], [f"{target}.id"], name=op.f(f"fk_{table}_{key}_{target}"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(key, moment, name=op.f(f"pk_{table}")),
    )


def _table(name):
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())


def _copy(old, new, columns, *, where=None, **more):
    """Fill a table from another: by the column of the new one, what it is made of."""
    chosen = {**{ours: old.c[theirs] for theirs, ours in columns.items()}, **more}
    query = sa.select(*chosen.values())
    if where is not None:
        query = query.where(where)
    op.execute(sa.insert(new).from_select(list(chosen), query))


def _count_on(table):
    """Let the next row get the id after the last that was copied."""
    if op.get_bind().dialect.name == "postgresql":
        last = op.get_bind().scalar(sa.select(sa.func.max(table.c.id)))
        if last is not None:
            op.execute(
                sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), last))
            )


def upgrade():
    kind = sa.Column("content_kind", sa.String(length=20), nullable=False)
    options = sa.Column("options", sa.JSON(), nullable=False)
    new = _create("mailing", first=[kind, _number("content_id")], second="ab_test", own=[options])
    op.create_index("ix_mailing_content", "mailing", ["content_kind", "content_id"])
    progress = _create_progress("mailing_progress", PROGRESS.values(), "mailing")
    old = _table("newsletter_sending")
    _copy(
        old,
        new,
        {**{name: name for name in SAME}, **RENAMED},
        content_kind=sa.literal("issue"),
        options=sa.case(
            (old.c.in_archive.is_(sa.true()), sa.literal(YES, sa.JSON())),
            else_=sa.literal(NO, sa.JSON()),
        ),
    )
    _copy(_table("newsletter_reading"), progress, PROGRESS)
    _count_on(new)
    op.drop_table("newsletter_reading")
    op.drop_table("newsletter_sending")
    op.add_column("outbox_variant", _number("about_id", nullable=True))
    _create_event_mail()


def _create_event_mail():
    op.create_table(
        "event_mail",
        _number("id"),
        _number("event_id"),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _number("version"),
        _moment("written_at"),
        _number("written_by_id", nullable=True),
        _moment("sent_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["event.id"],
            name=op.f("fk_event_mail_event_id_event"),
            ondelete="CASCADE",
        ),
        _gone("event_mail", "written_by_id", "organiser"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_mail")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_event_mail_event_id"), "event_mail", ["event_id"])


def downgrade():
    op.drop_table("event_mail")
    op.drop_column("outbox_variant", "about_id")
    issue = sa.ForeignKeyConstraint(
        ["issue_id"],
        ["newsletter_issue.id"],
        name=op.f("fk_newsletter_sending_issue_id_newsletter_issue"),
        ondelete="CASCADE",
    )
    in_archive = sa.Column("in_archive", sa.Boolean(), nullable=False)
    old = _create(
        "newsletter_sending", first=[_number("issue_id")], second="trial", own=[in_archive, issue]
    )
    op.create_index(op.f("ix_newsletter_sending_issue_id"), "newsletter_sending", ["issue_id"])
    reading = _create_progress("newsletter_reading", PROGRESS, "newsletter_sending")
    new = _table("mailing")
    # What was sent of anything else has no place there.
    of_issues = new.c.content_kind == "issue"
    _copy(
        new,
        old,
        {**{name: name for name in SAME}, **{ours: theirs for theirs, ours in RENAMED.items()}},
        where=of_issues,
        in_archive=sa.cast(new.c.options, sa.Text).like('%"yes"%'),
    )
    progress = _table("mailing_progress")
    _copy(
        progress,
        reading,
        {ours: theirs for theirs, ours in PROGRESS.items()},
        where=progress.c.mailing_id.in_(sa.select(new.c.id).where(of_issues)),
    )
    _count_on(old)
    op.drop_table("mailing_progress")
    op.drop_table("mailing")
