"""How the index follows: whatever a deed changes of what is found is kept with it, or not at all.

A row changed by the session is noted when it is written; before the deed is saved, what is found
of it is brought up to date in the same transaction. So no verb can forget it. A statement that
changes many rows at once passes by the session: who writes one calls `verbs.keep`.
"""

from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from campaign.search import verbs
from campaign.search.findings import Findable, by_name, known

_NOTED = "search"


@event.listens_for(Session, "after_flush")
def _note_what_changes(session: Session, context: Any) -> None:
    for thing in (*session.new, *session.dirty, *session.deleted):
        for findable in known():
            id = _id_of_changed(findable, thing, session)
            if id is not None:
                session.info.setdefault(_NOTED, {}).setdefault(findable.name, set()).add(id)


def _id_of_changed(findable: Findable, thing: Any, session: Session) -> int | None:
    """Give the id of the thing of which a row says something else now."""
    if type(thing) in findable.parts:
        id: int | None = getattr(thing, findable.parts[type(thing)])
        return id
    if type(thing) is not findable.model:
        return None
    # Of what is not new, only some columns matter: a seat taken changes nothing that is found.
    if findable.columns and thing not in session.new and thing not in session.deleted:
        columns = inspect(thing).attrs
        if not any(columns[name].history.has_changes() for name in findable.columns):
            return None
    own: int = thing.id
    return own


@event.listens_for(Session, "before_commit")
def _keep_what_changed(session: Session) -> None:
    # A savepoint is no end: whatever comes of it, the deed is saved, or not, with the whole.
    if session.in_nested_transaction():
        return
    session.flush()
    for name, ids in session.info.pop(_NOTED, {}).items():
        verbs.keep(by_name(name), ids)


@event.listens_for(Session, "after_soft_rollback")
def _forget_what_changed(session: Session, undone: Any) -> None:
    # What is undone to a savepoint leaves the deed before it; noted too much, nothing is lost.
    if not undone.nested:
        session.info.pop(_NOTED, None)
