"""Verbs of the index: keep what is found of things, and learn their words."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, insert, select

from campaign.db import db, lock, upsert
from campaign.search import index, queries
from campaign.search.findings import Findable, Finding
from campaign.search.folded_words import bounded, parted
from campaign.search.index import Indexed
from campaign.search.misspellings import can_be_misspelt, spellings
from campaign.search.models import Entry, Spelling, Word
from campaign.search.queries import At

# As many variables as every build of SQLite takes in one statement.
_AT_ONCE = 500


def keep(findable: Findable, ids: Collection[int]) -> int:
    """Let what is found of some rows be what they say now; of those that are gone, nothing.

    Returns how many entries were made or went.
    """
    # Who mends the index and who changes the thing would else write the same entry.
    rows = select(findable.model.id).where(findable.model.id.in_(ids))
    db.session.execute(lock(rows.order_by(findable.model.id)))
    kept, wanted = queries.kept(findable, ids), queries.wanted(findable, ids)
    new = [at for at in wanted if at not in kept or kept[at].digest != wanted[at].digest]
    stale = [entry.id for at, entry in kept.items() if at in new or at not in wanted]
    if stale:
        db.session.execute(delete(Entry).where(Entry.id.in_(stale)))
    _add(findable, {at: wanted[at] for at in new})
    return len({*new, *(at for at in kept if at not in wanted)})


def _add(findable: Findable, findings: Mapping[At, Finding]) -> None:
    if not findings:
        return
    rows = [
        {
            "thing": findable.name,
            "thing_id": thing_id,
            "day_number": finding.day.toordinal() if finding.day else None,
            "digest": finding.digest,
            **vars(finding),
        }
        for (thing_id, _language), finding in findings.items()
    ]
    made = insert(Entry).returning(Entry.id, sort_by_parameter_order=True)
    entries = [
        _indexed(entry_id, finding)
        for entry_id, finding in zip(db.session.scalars(made, rows), findings.values(), strict=True)
    ]
    index.write(entries)
    _learn({word for entry in entries for word in (*entry.title, *entry.body)})


def _indexed(entry_id: int, finding: Finding) -> Indexed:
    if finding.names:
        title, rest = parted(finding.names), [finding.title, finding.summary, finding.text]
    else:
        title, rest = parted(finding.title), [finding.summary, finding.text]
    body = bounded(word for text in rest for word in parted(text))
    return Indexed(entry_id, title, list(body))


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
