"""Verbs of every mailing, planned or running: lock it, put it into the outbox, delete it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete

from campaign.attribution import codes
from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.languages import own_zone
from campaign.mailings import audience, queries
from campaign.mailings.content import Content, find
from campaign.mailings.models import Mailing
from campaign.mailings.rendering import as_placeholders, with_code
from campaign.outbox.models import Batch
from campaign.outbox.verbs import queue_batch
from campaign.people.models import Person
from campaign.refusals import Refusal

# The duty that begins what is due.
BEGIN = "mailings.begin"


def lock(mailing: Mailing) -> Content | None:
    """Let one verb about a mailing and its content happen at a time; give the content.

    The content first, as everywhere; none where it is gone.
    """
    content = find(mailing.content_kind, mailing.content_id)
    if content is not None:
        content.lock()
    db.session.refresh(mailing, with_for_update=content is None)
    return content


class ContentGone(Refusal):
    sentence = _l("What was to be sent has been deleted.")


def lock_with_content(mailing: Mailing) -> Content:
    """Do as `lock`, for what cannot be done without the content. Raises `ContentGone`."""
    content = lock(mailing)
    if content is None:
        raise ContentGone
    return content


class NobodyToSendTo(Refusal):
    sentence = _l(
        "There is nobody to send this to: nobody you chose may get it, or all of them have it "
        "already."
    )


def readers(content: Content, *, rule: Mapping[str, Any], now: datetime) -> Select[Person]:
    """Find to whom a content would go now. Raises `NobodyToSendTo`."""
    people = queries.readers(content, rule=rule, now=now)
    if not queries.has_readers(people):
        raise NobodyToSendTo
    return people


def queue(
    content: Content, mailing: Mailing, people: Select[Person], *, subject: str = "", now: datetime
) -> Batch:
    """Put a content into the outbox for some people, each in their language, at their moment.

    A `subject` takes the place of that in the content's own language.
    """
    due_at = None
    if mailing.on_local_day is not None and mailing.at_local_hour is not None:
        due_at = audience.at_local_hour(
            mailing.on_local_day,
            mailing.at_local_hour,
            zones=queries.zones_of(people),
            otherwise=own_zone(),
            now=now,
        )
    languages = content.languages
    code = codes.code_of(content.code)
    variants = [with_code(content.variant(language), code) for language in languages]
    if subject:
        variants[0].subject = as_placeholders(subject, is_html=False)
    return queue_batch(
        audience.recipients(people, variant=audience.text_for(languages), due_at=due_at),
        kind=content.mail_kind,
        variants=variants,
        headers=content.headers(),
        rate=mailing.rate,
        now=now,
    )


def delete_of(kind: str, id: int) -> None:
    """Delete every mailing of a content that is being deleted, in the same transaction."""
    of_it = (Mailing.content_kind == kind, Mailing.content_id == id)
    db.session.execute(delete(Mailing).where(*of_it))
