"""Verbs of texts of single mails: find or make the one that a mail names, erase those unnamed."""

import hashlib
import json
from collections.abc import Hashable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import delete, exists, select, update

from campaign.db import db, insert_missing, is_among
from campaign.outbox.mail import AUTOMATIC, Content, Mail
from campaign.outbox.mail_headers import safe_header
from campaign.outbox.models import Message, Text
from campaign.outbox.placeholders import Placeholders
from campaign.outbox.policy import TEXT_TRUSTED, TEXT_USED_WITHIN, TEXTS_TRUSTED
from campaign.templating import Campaign, our_campaign


def text_of(mail: Mail, *, now: datetime) -> int:
    """Give the id of the text that a mail names; it is rendered where this process has not yet.

    Whatever changes what a mail says (a release, a setting, a translation) makes a new text by
    itself: which one it is goes by what was rendered. Raises `UnsafeHeader`.
    """
    known = _known()
    key = (mail.kind, *mail.key)
    found = known.get(key) if mail.key else None
    if found is not None and found.is_trusted(now=now):
        return found.id
    # The messages of many are written together, not each before its text is looked for.
    with db.session.no_autoflush:
        if found is not None and _is_there(found, now=now):
            return found.id
        placeholders = Placeholders()
        found = _find_or_make(mail, placeholders.close(mail.write(placeholders)), now=now)
    if mail.key:
        while len(known) >= TEXTS_TRUSTED:
            # Of a copy, and gone already where another thread is at it, too.
            known.pop(next(iter([*known])), None)
        known[key] = found
    return found.id


@dataclass
class _KnownText:
    """A text as a process remembers it.

    A number alone would not do: what was rolled back gives its number to another (SQLite).
    """

    id: int
    fingerprint: str
    # Not yet in the transaction that made it: that may be undone.
    trusted_until: datetime | None = None

    def is_trusted(self, *, now: datetime) -> bool:
        """Tell whether it is there, without asking the database."""
        return self.trusted_until is not None and now < self.trusted_until


class _Known(dict[tuple[Hashable, ...], _KnownText]):
    """Texts by their keys, as long as the campaign is called what it is called."""

    campaign: Campaign


def _known() -> _Known:
    known: _Known | None = current_app.extensions.get("outbox.texts")
    if known is None or known.campaign is not our_campaign():
        known = current_app.extensions["outbox.texts"] = _Known()
        known.campaign = our_campaign()
    return known


def _is_there(text: _KnownText, *, now: datetime) -> bool:
    """Tell whether a text is there; it is trusted from then on, and nobody tidies it away."""
    session = db.session()
    made_in, made = session.info.get("outbox.texts", (None, set()))
    if made_in is session.get_transaction() and text.id in made:
        return True
    same = (Text.id == text.id, Text.fingerprint == text.fingerprint)
    used_at = session.scalar(select(Text.used_at).where(*same))
    if used_at is None:
        return False
    if used_at < now - TEXT_USED_WITHIN:
        used = update(Text).where(*same).values(used_at=now).returning(Text.id)
        if session.scalar(used) is None:
            # Tidied away while this waited for it.
            return False
    text.trusted_until = now + TEXT_TRUSTED
    return True


def _find_or_make(mail: Mail, content: Content, *, now: datetime) -> _KnownText:
    safe_header(content.subject)
    automatic = AUTOMATIC if mail.is_automatic else {}
    says: dict[str, Any] = {**asdict(content), "headers": {**automatic, **content.headers}}
    fingerprint = hashlib.sha256(json.dumps(says, sort_keys=True).encode()).hexdigest()
    row = {**says, "fingerprint": fingerprint, "used_at": now}
    insert_missing(Text, row, unique=["fingerprint"])
    same = select(Text.id).where(Text.fingerprint == fingerprint)
    # Locked, so that nobody tidies it away before this is saved.
    id = db.session.scalars(same.with_for_update(read=True, key_share=True)).one()
    session = db.session()
    made_in, made = session.info.get("outbox.texts", (None, set()))
    made = made if made_in is session.get_transaction() else set()
    session.info["outbox.texts"] = (session.get_transaction(), made | {id})
    return _KnownText(id, fingerprint)


def tidy(*, before: datetime) -> None:
    """Erase the texts of single mails, used last before a moment, that no message names."""
    unused = select(Text.id).where(Text.batch_id.is_(None), Text.used_at < before, ~_is_named())
    # Locked, and asked again: who named one meanwhile has saved that since.
    ids = list(db.session.scalars(unused.with_for_update(skip_locked=True)))
    db.session.execute(
        delete(Text).where(is_among(Text.id, ids), Text.used_at < before, ~_is_named())
    )


def _is_named() -> Any:
    return exists().where(Message.text_id == Text.id)
