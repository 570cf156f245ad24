"""Questions about suppressions: whether and why an address must not be written to."""

from collections.abc import Iterable

from sqlalchemy import Select, or_, select

from campaign.db import db
from campaign.outbox.models import address_hash
from campaign.outbox.suppressions.models import Suppression
from campaign.tables import contains_word, found


def is_suppressed(address: str) -> bool:
    """Tell whether an address must not be written to."""
    return db.session.get(Suppression, address_hash(address)) is not None


def suppression_of(address: str) -> Suppression | None:
    """Find why an address must not be written to, if so."""
    return db.session.get(Suppression, address_hash(address))


def suppressed_among(addresses: Iterable[str], *, reason: str) -> set[str]:
    """Name those of some addresses that are suppressed for a reason."""
    hashes = {address_hash(address): address for address in addresses}
    query = select(Suppression.address_hash).where(
        Suppression.address_hash.in_(list(hashes)), Suppression.reason == reason
    )
    return {hashes[known_by] for known_by in db.session.scalars(query)}


def search(words: str = "", *, everywhere: bool = False) -> Select[Suppression]:
    """Find suppressed addresses, newest first, by reason, evidence or the whole address.

    Of many the newest are looked through, or all `everywhere`; by the whole address all are found.
    """
    query = select(Suppression).order_by(Suppression.since.desc(), Suppression.address_hash)
    if not words:
        return query
    said = contains_word(words, Suppression.reason, Suppression.evidence)
    whole = Suppression.address_hash == address_hash(words.strip())
    exact = select(Suppression.address_hash).where(whole)
    return found(query, or_(said, whole), by=[exact], everywhere=everywhere)


def known(known_by: str) -> Suppression | None:
    """Find one suppression by the hash of its address."""
    return db.session.get(Suppression, known_by)
