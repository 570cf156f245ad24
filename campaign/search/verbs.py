"""Verbs of the index: keep what is found of things, and learn their words."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, insert, select

from campaign.db import db, upsert
from campaign.search import index, queries
from campaign.search.findings import Findable, Finding
from campaign.search.folded_words import bounded, can_be_misspelt, parted, spellings
from campaign.search.models import Entry, Spelling, Word

# As many variables as every build of SQLite takes in one statement.
_AT_ONCE = 500


def keep(findable: Findable, ids: Collection[int]) -> int:
    """Let what is found of some rows be what they say now; of those that are gone, nothing.

    Returns how many entries were made or went.
    """
    kept, wanted = queries.kept(findable, ids), queries.wanted(findable, ids)
    new = [at for at in wanted if at not in kept or kept[at].digest != wanted[at].digest]
    stale = [entry.id for at, entry in kept.items() if at in new or at not in wanted]
    if stale:
        db.session.execute(delete(Entry).where(Entry.id.in_(stale)))
    for thing_id, language in new:
        _add(findable, thing_id, wanted[thing_id, language])
    return len({*new, *(at for at in kept if at not in wanted)})


def _add(findable: Findable, thing_id: int, finding: Finding) -> None:
    values: dict[str, Any] = dict(vars(finding))
    number = finding.day.toordinal() if finding.day else None
    entry_id = db.session.scalar(
        insert(Entry)
        .values(
            thing=findable.name,
            thing_id=thing_id,
            day_number=number,
            digest=finding.digest,
            **values,
        )
        .returning(Entry.id)
    )
    if finding.names:
        title, rest = parted(finding.names), [finding.title, finding.summary, finding.text]
    else:
        title, rest = parted(finding.title), [finding.summary, finding.text]
    body = list(bounded(word for text in rest for word in parted(text)))
    index.write(entry_id or 0, title=title, body=body)
    _learn({*title, *body})


def _learn(words: Iterable[str]) -> None:
    """Keep words for those who misspell them."""
    # In order, so that two who learn the same wait for each other and not in a ring.
    ordered = sorted(filter(can_be_misspelt, words))
    for begin in range(0, len(ordered), _AT_ONCE):
        some = ordered[begin : begin + _AT_ONCE]
        known_already = set(db.session.scalars(select(Word.word).where(Word.word.in_(some))))
        new = [word for word in some if word not in known_already]
        if not new:
            continue
        db.session.execute(upsert(Word).on_conflict_do_nothing(), [{"word": word} for word in new])
        db.session.execute(
            upsert(Spelling).on_conflict_do_nothing(),
            [{"spelling": s, "word": word} for word in new for s in sorted(spellings(word))],
        )


def keep_anew(findable: Findable, ids: Collection[int]) -> int:
    """Keep what is found of some rows as if nothing of it were kept; returns how many entries."""
    kept = queries.kept(findable, ids)
    db.session.execute(delete(Entry).where(Entry.id.in_([entry.id for entry in kept.values()])))
    return keep(findable, ids)


def forget_words() -> None:
    """Forget all words that were learnt for those who misspell them."""
    db.session.execute(delete(Word))
