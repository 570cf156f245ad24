"""Texts of single mails: one for all that say the same, rendered once and found by its key."""

import hashlib
import json
from collections.abc import Hashable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import delete, exists, select

from campaign.db import db, insert_missing
from campaign.outbox.headers import safe_header
from campaign.outbox.holes import Holes
from campaign.outbox.mail import AUTOMATIC, Content, Mail
from campaign.outbox.models import Message, Text
from campaign.templating import Campaign, our_campaign

# So many keys a process remembers; the oldest go first.
MOST_KEYS = 10_000


def text_of(mail: Mail, *, now: datetime) -> int:
    """Give the id of the text that a mail names; it is rendered where this process has not yet.

    Whatever changes what a mail says (a release, a setting, a translation) makes a new text by
    itself: which one it is goes by what was rendered. Raises `UnsafeHeader`.
    """
    known = _known()
    key = (mail.kind, *mail.key)
    id = known.get(key) if mail.key else None
    # The messages of many are written together, not each before its text is looked for.
    with db.session.no_autoflush:
        # What was remembered may have been rolled back since, or tidied away.
        if id is not None and _is_there(id):
            return id
        holes = Holes()
        id = _find_or_make(mail, holes.close(mail.write(holes)), now=now)
    if mail.key:
        while len(known) >= MOST_KEYS:
            del known[next(iter(known))]
        known[key] = id
    return id


class _Known(dict[tuple[Hashable, ...], int]):
    """The ids of texts by their keys, as long as the campaign is called what it is called."""

    campaign: Campaign


def _known() -> _Known:
    known: _Known | None = current_app.extensions.get("outbox.texts")
    if known is None or known.campaign is not our_campaign():
        known = current_app.extensions["outbox.texts"] = _Known()
        known.campaign = our_campaign()
    return known


def _is_there(id: int) -> bool:
    """Tell whether a text is there, and let nobody tidy it away before this is saved."""
    session = db.session()
    transaction, seen = session.info.get("outbox.texts", (None, set()))
    if transaction is None or transaction is not session.get_transaction():
        seen = set()
    if id not in seen:
        locked = select(Text.id).where(Text.id == id).with_for_update(read=True, key_share=True)
        seen |= set(session.scalars(locked))
        # Asked once in a transaction, in which many may be written to.
        session.info["outbox.texts"] = (session.get_transaction(), seen)
    return id in seen


def _find_or_make(mail: Mail, content: Content, *, now: datetime) -> int:
    safe_header(content.subject)
    automatic = AUTOMATIC if mail.is_automatic else {}
    says: dict[str, Any] = {**asdict(content), "headers": {**automatic, **content.headers}}
    written = json.dumps(says, sort_keys=True).encode()
    says["fingerprint"] = hashlib.sha256(written).hexdigest()
    insert_missing(Text, {**says, "made_at": now}, unique=["fingerprint"])
    return db.session.scalars(select(Text.id).where(Text.fingerprint == says["fingerprint"])).one()


def tidy(*, before: datetime) -> None:
    """Erase the texts of single mails, made before a moment, that no message names any more."""
    unused = (
        select(Text.id)
        .where(Text.batch_id.is_(None), Text.made_at < before, ~_is_named())
        .with_for_update(skip_locked=True)
    )
    ids = list(db.session.scalars(unused))
    # Asked again: who named one while it was being locked has saved that since.
    db.session.execute(delete(Text).where(Text.id.in_(ids), ~_is_named()))


def _is_named() -> Any:
    return exists().where(Message.text_id == Text.id)
