"""Verbs of chunks: count what one would do, or save it with how far the import is.

Long, for a chunk is one transaction: its few statements share the staged rows and their columns.
"""

import hashlib
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from campaign import tokens
from campaign.db import Moment, bulk_insert, db, enlarge_cache, upsert
from campaign.imports.chunks.cutting import Chunk
from campaign.imports.models import Import, Refused, Stage
from campaign.imports.statuses import (
    BOUNCED,
    COMPLAINED,
    LEFT,
    NEVER,
    SUBSCRIBED,
)
from campaign.outbox.suppressions.models import Suppression
from campaign.outbox.suppressions.verbs import suppress_hash
from campaign.people.models import NOT_ME, Consent, Person, Purpose, Rhythm, Subscription, Tag
from campaign.people.subscriptions.verbs import leave

FORM = "import"
# Those who came with a file sit in a temporary table of their own first; from there a chunk needs
# a handful of statements, however many it holds.
_STAGING = MetaData()
_staged = Table(
    "import_row",
    _STAGING,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("email", String(254)),
    Column("name", String(75)),
    Column("country", String(2)),
    Column("city", String(80)),
    Column("city_id", Integer),
    Column("timezone", String(40)),
    Column("language", String(12)),
    Column("address_hash", String(64)),
    Column("status", String(12)),
    Column("at", Moment()),
    # Found in the tables: who they are, whether they may be written to, whether they subscribe.
    Column("person_id", Integer),
    Column("suppressed", String(40)),
    Column("stands", String(12)),
    prefixes=["TEMPORARY"],
)
_staged_tag = Table(
    "import_row_tag",
    _STAGING,
    Column("number", Integer),
    Column("tag", String(40)),
    prefixes=["TEMPORARY"],
)
_ACTIVE, _PENDING = "active", "pending"
# In the words of the outbox.
_REASONS = {BOUNCED: "bounce", COMPLAINED: "complaint", NEVER: "never"}


def take(run: Import, chunk: Chunk, *, now: datetime) -> bool:
    """Save one chunk, or only count what it would do while the file is checked.

    Returns False, and saves nothing, where another worker has saved it meanwhile.
    """
    before, saves = run.rows, run.stage == Stage.IMPORTING
    enlarge_cache()
    connection = db.session.connection()
    _STAGING.create_all(connection, checkfirst=False)
    found = _stage(run, chunk, now=now)
    if saves:
        _save(run, chunk, now=now)
    _STAGING.drop_all(connection, checkfirst=False)
    values: dict[str, Any] = {
        "rows": before + chunk.rows,
        "line": chunk.line,
        "made": run.made + len(chunk.people) - found["known"],
        # Whoever stands in the file twice is known the second time.
        "known": run.known + chunk.rows - len(chunk.refused) - len(chunk.people) + found["known"],
        "subscribed": run.subscribed + found["subscribed"],
        "left_out": run.left_out + found["held"],
        "refused": run.refused + len(chunk.refused),
        "notes": {
            name: run.notes.get(name, 0) + chunk.notes.get(name, 0)
            for name in {*run.notes, *chunk.notes}
        },
    }
    # On PostgreSQL two workers meet at this row, and the second finds that it has moved on.
    mine = db.session.execute(
        update(Import)
        .where(Import.id == run.id, Import.rows == before, Import.stage == run.stage)
        .values(values)
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    if mine.first() is None:
        return False
    db.session.refresh(run)
    if chunk.refused:
        db.session.execute(
            insert(Refused),
            [
                {"import_id": run.id, "line": line, "reason": reason, "text": shown}
                for line, reason, shown in chunk.refused
            ],
        )
    return True


def _stage(run: Import, chunk: Chunk, *, now: datetime) -> dict[str, int]:
    """Lay the chunk's people out beside the tables; count whom we know and who would subscribe."""
    hashed = tokens.hasher("address")
    agreed = datetime.combine(run.agreed_on, time(), UTC) if run.agreed_on else None
    people = list(enumerate(chunk.people.values()))
    if people:
        bulk_insert(
            _staged,
            (
                (
                    number, row.email, row.name, row.country, row.city, row.city_id, row.timezone,
                    row.language, hashed(row.email), row.status,
                    row.at or (agreed if row.status == SUBSCRIBED else None), None, None, None,
                )
                for number, row in people
            ),
        )  # fmt: skip
    tags = [(number, tag) for number, row in people for tag in row.tags]
    if tags:
        bulk_insert(_staged_tag, tags)
    _find_people()
    stands = case(
        (Subscription.left_at.is_not(None), LEFT),
        (Subscription.confirmed_at.is_not(None), _ACTIVE),
        else_=_PENDING,
    )
    theirs = select(stands).where(
        Subscription.person_id == _staged.c.person_id,
        Subscription.purpose == Purpose.NEWSLETTER,
    )
    reason = select(Suppression.reason).where(Suppression.address_hash == _staged.c.address_hash)
    db.session.execute(
        update(_staged).values(suppressed=reason.scalar_subquery(), stands=theirs.scalar_subquery())
    )
    wanted = and_(_staged.c.status == SUBSCRIBED, literal(bool(run.wording)))
    known, held, new = db.session.execute(
        select(
            func.count(_staged.c.person_id),
            func.count(case((and_(wanted, _is_held()), 1))),
            func.count(case((and_(wanted, _may_subscribe()), 1))),
        )
    ).one()
    return {"known": known, "held": held, "subscribed": new}


def _is_held() -> Any:
    return or_(_staged.c.suppressed.is_not(None), _staged.c.stands == LEFT)


def _may_subscribe() -> Any:
    free = or_(_staged.c.stands.is_(None), _staged.c.stands == _PENDING)
    return and_(_staged.c.suppressed.is_(None), free)


def _find_people() -> None:
    """Note who is known. Asked for one by one, so that no planner reads all people at once."""
    found = select(Person.id).where(Person.email == _staged.c.email).scalar_subquery()
    db.session.execute(update(_staged).where(_staged.c.person_id.is_(None)).values(person_id=found))


def _save(run: Import, chunk: Chunk, *, now: datetime) -> None:
    """Save what is laid out, in a handful of statements."""
    _remember(now=now)
    _find_people()
    _tag()
    statuses = {row.status for row in chunk.people.values()}
    if statuses & _REASONS.keys():
        _suppress(run, now=now)
    if LEFT in statuses:
        _let_leave(now=now)
    if run.wording and SUBSCRIBED in statuses:
        _subscribe(run, now=now)


def _remember(*, now: datetime) -> None:
    """Make people known, and fill what was empty of those who are; what is known is kept."""
    columns = (
        "email",
        "name",
        "country",
        "city",
        "city_id",
        "timezone",
        "language",
        "address_hash",
    )
    people: Select[Any] = select(
        *(_staged.c[name] for name in columns), literal(now, Moment()).label("remembered_at")
    ).where(or_(_staged.c.suppressed.is_(None), _staged.c.suppressed != NOT_ME))
    # In one order, so that two imports of the same people wait for each other and never cross.
    people = people.order_by(_staged.c.email)
    statement = upsert(Person).from_select([*columns, "remembered_at"], people)
    new, old = statement.excluded, Person.__table__.c
    # A city of another country than theirs is somebody else's idea of them.
    is_same = or_(old.country == "", new.country == "", old.country == new.country)
    moves = and_(is_same, old.city == "", new.city != "")
    filled = {
        "name": case((old.name == "", new.name), else_=old.name),
        "language": case((old.language == "", new.language), else_=old.language),
        "country": case((old.country == "", new.country), else_=old.country),
        "city": case((moves, new.city), else_=old.city),
        "city_id": case((moves, new.city_id), else_=old.city_id),
        "timezone": case(
            (and_(moves, new.city_id.is_not(None)), new.timezone),
            (and_(is_same, old.timezone == ""), new.timezone),
            else_=old.timezone,
        ),
    }
    is_filled = or_(
        moves,
        *(and_(old[name] == "", new[name] != "") for name in ("name", "language", "country")),
        and_(is_same, old.timezone == "", new.timezone != ""),
    )
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["email"], set_=filled, where=is_filled)
    )


def _tag() -> None:
    tags = (
        select(_staged_tag.c.tag, _staged.c.person_id)
        .join(_staged, _staged.c.number == _staged_tag.c.number)
        .where(_staged.c.person_id.is_not(None))
        .distinct()
    )
    db.session.execute(upsert(Tag).from_select(["tag", "person_id"], tags).on_conflict_do_nothing())


def _suppress(run: Import, *, now: datetime) -> None:
    failed = db.session.execute(
        select(_staged.c.address_hash, _staged.c.status).where(
            _staged.c.status.in_(list(_REASONS)), _staged.c.suppressed.is_(None)
        )
    )
    for hashed, status in failed.all():
        suppress_hash(hashed, reason=_REASONS[status], evidence=f"import: {run.name}", now=now)


def _let_leave(*, now: datetime) -> None:
    """Take out who left elsewhere, unless they agreed with us after that."""
    left = _staged.c.status == LEFT
    strangers: Select[Any] = select(
        _staged.c.person_id,
        literal(Purpose.NEWSLETTER.value),
        func.coalesce(_staged.c.at, literal(now, Moment())),
        func.coalesce(_staged.c.at, literal(now, Moment())),
        literal(Rhythm.ALL.value),
    ).where(left, _staged.c.stands.is_(None), _staged.c.person_id.is_not(None))
    db.session.execute(
        upsert(Subscription)
        .from_select(["person_id", "purpose", "asked_at", "left_at", "rhythm"], strangers)
        .on_conflict_do_nothing()
    )
    readers = (
        select(_staged.c.person_id)
        .join(Subscription, Subscription.person_id == _staged.c.person_id)
        .where(
            left,
            Subscription.purpose == Purpose.NEWSLETTER,
            Subscription.left_at.is_(None),
            or_(
                _staged.c.at.is_(None),
                Subscription.confirmed_at.is_(None),
                Subscription.confirmed_at <= _staged.c.at,
            ),
        )
    )
    for person_id in db.session.scalars(readers).all():
        leave(person_id, Purpose.NEWSLETTER, through=FORM, now=now)


def _subscribe(run: Import, *, now: datetime) -> None:
    """Record the consent of those who gave one and neither left nor subscribe already."""
    wording = stated(run)
    given = func.coalesce(_staged.c.at, literal(now, Moment()))
    who = and_(_staged.c.status == SUBSCRIBED, _may_subscribe(), _staged.c.person_id.is_not(None))
    consents: Select[Any] = select(
        _staged.c.person_id,
        literal(Purpose.NEWSLETTER.value),
        literal(wording),
        literal(hashlib.sha256(wording.encode()).hexdigest()[:12]),
        literal(FORM),
        given,
        given,
        literal(""),
    ).where(who)
    db.session.execute(
        upsert(Consent).from_select(
            ["person_id", "purpose", "wording", "wording_version", "form", "asked_at", "given_at",
             "withdrawn_through"],
            consents,
        )
    )  # fmt: skip
    subscriptions: Select[Any] = select(
        _staged.c.person_id,
        literal(Purpose.NEWSLETTER.value),
        given,
        given,
        literal(Rhythm.ALL.value),
    ).where(who)
    statement = upsert(Subscription).from_select(
        ["person_id", "purpose", "asked_at", "confirmed_at", "rhythm"], subscriptions
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "purpose"],
            set_={"confirmed_at": statement.excluded.confirmed_at},
            where=and_(Subscription.confirmed_at.is_(None), Subscription.left_at.is_(None)),
        )
    )


def stated(run: Import) -> str:
    """Give the wording that is recorded: what they agreed to, and who says so."""
    return f"{run.wording}\n\n{run.source}".strip()
