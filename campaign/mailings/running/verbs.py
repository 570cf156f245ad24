"""Verbs of a mailing on its way: begin, pause, resume, stop; note how far it is, and replies."""

from datetime import datetime

from campaign.attribution import codes
from campaign.attribution import verbs as attribution_verbs
from campaign.attribution.models import Conversion
from campaign.db import insert_missing
from campaign.mailings import queries
from campaign.mailings.ab_tests import verbs as ab_tests_verbs
from campaign.mailings.content import find
from campaign.mailings.models import Mailing, ProgressSample
from campaign.mailings.report.queries import counts_of
from campaign.mailings.verbs import ContentGone, lock, queue, readers
from campaign.outbox import verbs as outbox_verbs
from campaign.outbox.models import Message
from campaign.refusals import Refusal


def begin(mailing: Mailing, *, now: datetime) -> bool:
    """Freeze the audience of a mailing and put it into the outbox. Returns whether it was done now.

    One whose second subject nobody has approved waits, where the settings ask for it. By however
    many workers it is begun, there is one batch. What may no longer be sent as it was seen is
    called off, and says why.
    """
    content = lock(mailing)
    if not mailing.is_planned or mailing.starts_at > now:
        return False
    try:
        if content is None:
            raise ContentGone
        if queries.waits_for_a_colleague(mailing, content):
            return False
        content.check_may_be_sent(version=mailing.version)
        people = readers(content, rule=mailing.rule, now=now)
    except Refusal as refusal:
        mailing.called_off_at = now
        mailing.called_off_because = str(refusal.sentence)[:500]
        return False
    mailing.queued_at = now
    content.begin(options=mailing.options, now=now)
    if not ab_tests_verbs.begin(content, mailing, people, now=now):
        mailing.batch_id = queue(content, mailing, people, now=now).id
    for code in codes.codes_of(content.code):
        attribution_verbs.begin(code)
    return True


def pause(mailing: Mailing, *, now: datetime) -> None:
    """Let nothing of a mailing be sent until it is resumed."""
    lock(mailing)
    for batch in queries.batches(mailing):
        if batch.finished_at is None:
            outbox_verbs.pause(batch, now=now)


def resume(mailing: Mailing) -> None:
    """Let a paused mailing go on."""
    lock(mailing)
    for batch in queries.batches(mailing):
        outbox_verbs.resume(batch)


def stop(mailing: Mailing, *, now: datetime) -> None:
    """End a mailing for good: what is not sent stays here, and no subject is chosen any more."""
    lock(mailing)
    for batch in queries.batches(mailing):
        if batch.finished_at is None:
            outbox_verbs.stop(batch, now=now)
    mailing.called_off_at = mailing.called_off_at or now


def record_progress(mailing: Mailing, *, now: datetime) -> None:
    """Record how far a running mailing has come, where that is news."""
    counts = counts_of(queries.batches(mailing))
    earlier = queries.samples(mailing)
    if earlier and (earlier[-1].sent, earlier[-1].still_open) == (counts.sent, counts.still_open):
        return
    insert_missing(
        ProgressSample,
        {
            "mailing_id": mailing.id,
            "sampled_at": now.replace(second=0, microsecond=0),
            "sent": counts.sent,
            "still_open": counts.still_open,
        },
        unique=["mailing_id", "sampled_at"],
    )


def count_reply(message: Message) -> None:
    """Count that a person answered a mail of a mailing; any other mail counts nothing."""
    mailing = queries.of_batch(message.batch_id) if message.batch_id else None
    content = find(mailing.content_kind, mailing.content_id) if mailing else None
    if content is not None:
        half = message.variant.partition("/")[2]
        attribution_verbs.count(codes.code_of(content.code, half=half), Conversion.REPLY)
