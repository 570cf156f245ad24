"""Verbs of A/B tests: approve a second subject, begin, and send the better to the rest."""

from datetime import datetime, timedelta

from sqlalchemy import Select

from campaign import jobs
from campaign.attribution import codes
from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.mailings import audience, queries
from campaign.mailings.ab_tests.comparison import HALVES, better, is_in, key_of, variant_for
from campaign.mailings.ab_tests.queries import halves
from campaign.mailings.content import Content
from campaign.mailings.models import Mailing
from campaign.mailings.rendering import as_placeholders, with_code
from campaign.mailings.verbs import BEGIN, lock, lock_with_content, queue
from campaign.outbox.models import Batch
from campaign.outbox.verbs import queue_batch
from campaign.people.models import Person
from campaign.refusals import Refusal


class NotOnesOwn(Refusal):
    status = 403
    sentence = _l("You planned this. Somebody else has to read the second subject and approve it.")


class NothingToApprove(Refusal):
    sentence = _l("There is no second subject here that waits for approval.")


def approve(mailing: Mailing, *, by: int, now: datetime) -> None:
    """Find the second subject of a planned mailing good; it then begins when its time has come.

    Raises `NothingToApprove` or `NotOnesOwn`.
    """
    lock(mailing)
    if not mailing.second_subject or not mailing.is_planned:
        raise NothingToApprove
    if mailing.asked_by_id == by:
        raise NotOnesOwn
    mailing.approved_by_id, mailing.approved_at = by, now
    jobs.wake_after_commit(BEGIN)


def begin(content: Content, mailing: Mailing, people: Select[Person], *, now: datetime) -> bool:
    """Send both subjects to a tenth of the people. Returns whether there is anybody to compare.

    So many may have left since it was planned that there is not.
    """
    tenth = people.where(is_in(content))
    if not mailing.second_subject or not queries.has_readers(tenth):
        return False
    variants = []
    for half, subject in zip(HALVES, ("", mailing.second_subject), strict=True):
        # Each half is a text of its own: a variant is a row.
        variant = content.variant(content.languages[0])
        variant.key = key_of(content, half)
        if subject:
            variant.subject = as_placeholders(subject, is_html=False)
        variants.append(with_code(variant, codes.code_of(content.code, half=half)))
    batch = queue_batch(
        audience.recipients(tenth, variant=variant_for(content)),
        kind=content.mail_kind,
        variants=variants,
        headers=content.headers(),
        rate=mailing.rate,
        now=now,
    )
    mailing.ab_test_batch_id = batch.id
    return True


class NoABTest(Refusal):
    sentence = _l("No two subjects are being compared here now.")


def choose(mailing: Mailing, *, winner: str, now: datetime) -> None:
    """Send it to the rest under one of the two subjects, "a" or "b", that were compared.

    The rest are those who were meant when the A/B test began. Done once; raises `NoABTest` after.
    """
    content = lock_with_content(mailing)
    if not mailing.is_undecided:
        raise NoABTest
    mailing.ab_test_winner, mailing.ab_test_decided_at = winner, now
    people = queries.readers(content, rule=mailing.rule, since=mailing.queued_at, now=now)
    if queries.has_readers(people):
        subject = mailing.second_subject if winner == "b" else ""
        mailing.batch_id = queue(content, mailing, people, subject=subject, now=now).id


def choose_if_due(mailing: Mailing, *, now: datetime) -> None:
    """Choose the better of two subjects once they have been watched for as long as was asked."""
    content = lock(mailing)
    began = mailing.queued_at
    if content is None or began is None or not mailing.is_undecided:
        return
    if now < began + timedelta(hours=mailing.ab_test_hours):
        return
    batch = db.session.get(Batch, mailing.ab_test_batch_id or 0)
    if batch is not None and batch.paused_at is not None:
        # What has not gone out cannot be compared.
        return
    choose(mailing, winner=better(halves(content, mailing, now=now)), now=now)
