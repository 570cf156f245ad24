"""How the index follows: whatever a deed changes of what is found is kept with it, or not at all.

A row changed by the session is noted when it is written, and so are the rows that a statement of
the session changes; before the deed is saved, what is found of them is brought up to date in the
same transaction. So no verb can forget it. What is changed past every session (by hand, in the
database) is found by the daily duty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Delete, Insert, Update, event, func, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session

from campaign.search import verbs
from campaign.search.findings import Findable, by_name, known

_NOTED = "search"


@dataclass
class _Noted:
    """What a deed changed of one kind of thing: rows, and all that were added after some."""

    ids: set[int] = field(default_factory=set)
    # By table, its last row before the first statement that added some.
    added_after: dict[type[Any], int] = field(default_factory=dict)


def _noted(session: Session, findable: Findable) -> _Noted:
    noted: dict[str, _Noted] = session.info.setdefault(_NOTED, {})
    return noted.setdefault(findable.name, _Noted())


@event.listens_for(Session, "after_flush")
def _note_what_changes(session: Session, context: Any) -> None:
    for things, is_kept in (
        (session.new, False),
        (session.dirty, True),
        (session.deleted, False),
    ):
        for thing in things:
            for findable in known():
                id = _id_of_changed(findable, thing, is_kept=is_kept)
                if id is not None:
                    _noted(session, findable).ids.add(id)


def _id_of_changed(findable: Findable, thing: Any, *, is_kept: bool) -> int | None:
    """Give the id of the thing of which a row says something else now."""
    if type(thing) in findable.parts:
        id: int | None = getattr(thing, findable.parts[type(thing)])
        return id
    if type(thing) is not findable.model:
        return None
    # Of what neither comes nor goes, some columns matter: a seat taken changes nothing here.
    if findable.columns and is_kept:
        columns = inspect(thing).attrs
        if not any(columns[name].history.has_changes() for name in findable.columns):
            return None
    own: int = thing.id
    return own


@event.listens_for(Session, "do_orm_execute")
def _note_what_a_statement_changes(state: ORMExecuteState) -> None:
    statement = state.statement
    if not isinstance(statement, Insert | Update | Delete):
        return
    for findable in known():
        for model, column in _tables_of(findable):
            # What a statement of classes is about is a copy of their table.
            if getattr(statement.table, "name", "") != model.__tablename__:
                continue
            noted = _noted(state.session, findable)
            if isinstance(statement, Insert):
                last = state.session.scalar(select(func.max(model.id))) or 0
                noted.added_after.setdefault(model, last)
            elif _matters(findable, model, statement, state):
                noted.ids.update(_ids_changed(model, column, statement, state))


def _tables_of(findable: Findable) -> Iterator[tuple[type[Any], str]]:
    """Give the tables whose rows say what is found, with the column that says of which thing."""
    yield findable.model, "id"
    yield from findable.parts.items()


def _parameters(state: ORMExecuteState) -> list[Mapping[str, Any]]:
    given = state.parameters or {}
    return [given] if isinstance(given, Mapping) else list(given)


def _matters(
    findable: Findable, model: type[Any], statement: Update | Delete, state: ORMExecuteState
) -> bool:
    if isinstance(statement, Delete) or model is not findable.model or not findable.columns:
        return True
    set_to = {str(getattr(column, "key", column)) for column in statement._values or ()}
    return not findable.columns.isdisjoint(set_to.union(*_parameters(state)))


def _ids_changed(
    model: type[Any], column: str, statement: Update | Delete, state: ORMExecuteState
) -> Iterator[int]:
    """Ask which things a statement is about to change."""
    query = select(getattr(model, column)).distinct()
    for values in _parameters(state):
        if statement.whereclause is not None:
            yield from state.session.scalars(query.where(statement.whereclause), values)
        elif "id" in values:  # many rows, each by its key
            yield from state.session.scalars(query.where(model.id == values["id"]))
        else:
            yield from state.session.scalars(query)


@event.listens_for(Session, "before_commit")
def _keep_what_changed(session: Session) -> None:
    # A savepoint is no end: whatever comes of it, the deed is saved, or not, with the whole.
    if session.in_nested_transaction():
        return
    session.flush()
    for name, noted in session.info.pop(_NOTED, {}).items():
        findable = by_name(name)
        ids = set(noted.ids)
        for model, column in _tables_of(findable):
            if model in noted.added_after:
                its = select(getattr(model, column)).where(model.id > noted.added_after[model])
                ids.update(session.scalars(its))
        if ids:
            verbs.keep(findable, ids)


@event.listens_for(Session, "after_soft_rollback")
def _forget_what_changed(session: Session, undone: Any) -> None:
    # What is undone to a savepoint leaves the deed before it; noted too much, nothing is lost.
    if not undone.nested:
        session.info.pop(_NOTED, None)
