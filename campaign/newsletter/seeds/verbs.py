"""Verbs of tests: send an issue to seed addresses the way its readers would get it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, cast, literal, null, select, union_all

from campaign.attribution import codes
from campaign.languages import lazy_gettext as _l
from campaign.mailings.merge_checks import check_words
from campaign.mailings.rendering import with_code
from campaign.newsletter import mails
from campaign.newsletter.models import Issue
from campaign.outbox.models import address_hash
from campaign.outbox.verbs import queue_batch
from campaign.refusals import Refusal

# Stands before the subject.
TEST = "[Test] "


class NoSeeds(Refusal):
    status = 422
    sentence = _l("Enter at least one address.")


def send_to_seeds(issue: Issue, addresses: Sequence[str], *, now: datetime) -> None:
    """Send every text of an issue to some addresses the way readers get it, marked as a test.

    It stays a draft, and is not in the archive. Raises `NoSeeds`, and what `check_words` raises.
    """
    for text in issue.texts:
        check_words(**text.words)
    code = codes.code_of(issue.slug)
    variants = [with_code(variant, code) for variant in mails.variants(issue)]
    rows = [_seed(address, variant.key) for address in addresses for variant in variants]
    if not rows:
        raise NoSeeds
    for variant in variants:
        variant.subject = (TEST + variant.subject)[:255]
    together = union_all(*rows).subquery()
    queue_batch(
        select(*together.c),
        kind=mails.TEST,
        variants=variants,
        headers=mails.headers(issue),
        now=now,
    )


def _seed(address: str, variant: str) -> Select[Any]:
    columns: list[Any] = [
        cast(null(), Integer).label("person_id"),
        literal(address).label("to_address"),
        literal("").label("to_name"),
        literal(address_hash(address)).label("address_hash"),
        literal("").label("country"),
        cast(null(), Integer).label("city_id"),
        literal(variant).label("variant"),
    ]
    return select(*columns)
