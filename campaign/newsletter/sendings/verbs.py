"""Deeds about sendings: plan, begin, choose between two subjects, call off, pause, stop, try."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Integer, Select, cast, literal, null, select, union_all

from campaign import jobs
from campaign.attribution import codes
from campaign.attribution import verbs as attribution
from campaign.attribution.links import in_html, in_text
from campaign.attribution.models import Conversion
from campaign.db import db, insert_missing
from campaign.languages import lazy_gettext as _l
from campaign.mailings.merge_checks import check_words
from campaign.mailings.rendering import as_placeholders, kept_whole
from campaign.newsletter import mails
from campaign.newsletter.models import Issue, Sending
from campaign.newsletter.sendings import audience, figures, queries
from campaign.newsletter.sendings.models import Reading
from campaign.newsletter.verbs import check_may_be_sent
from campaign.outbox import verbs as outbox
from campaign.outbox.models import Batch, Message, Variant, address_hash
from campaign.people.models import Person
from campaign.refusals import Refusal
from campaign.segments.models import Segment
from campaign.templating import absolute, wrapped

# With fewer, each half would be a handful, and chance would choose.
LEAST_FOR_A_TRIAL = 400
TRIAL_MARK = "[Trial] "
BEGIN = "newsletter.begin"


class NobodyToSendTo(Refusal):
    sentence = _l(
        "There is nobody to send this to: nobody you chose subscribes, or all of them have it "
        "already."
    )


class SentMeanwhile(Refusal):
    sentence = _l(
        "Somebody else has sent or planned this issue since you opened the page. Look at what they "
        "did before you send it once more."
    )


class TooLate(Refusal):
    status = 422
    sentence = _l("This moment is past. Choose a later one, or send it now.")


class WrongSubject(Refusal):
    """A second subject whose fields cannot be filled in; the sentence says why."""

    status = 422


class TooFewForATrial(Refusal):
    status = 422

    def __init__(self) -> None:
        super().__init__(
            _l(
                "To try two subjects, %(least)s readers of the issue’s own language or more are "
                "needed: with fewer, chance would choose.",
                least=LEAST_FOR_A_TRIAL,
            )
        )


def schedule(
    issue: Issue,
    *,
    version: int,
    after: int,
    segment: Segment | None = None,
    starts_at: datetime | None = None,
    on_local_day: date | None = None,
    at_local_hour: int | None = None,
    rate: float = 0.0,
    trial_subject: str = "",
    trial_hours: int = 4,
    in_archive: bool | None = None,
    by: int | None,
    now: datetime,
) -> Sending:
    """Plan that an issue goes out: at once, at a moment, or at an hour of a day where readers are.

    `version` is the issue's as it was seen, `after` the number of its newest sending as it was
    seen, or 0. `in_archive` says whether the issue comes into the public archive; left open, it
    does when it goes to everyone, and what goes to a segment stays among its readers. Where the
    settings ask for approval, a second subject waits for it (`approve`). Pressed twice it is
    planned once, and both presses are given the same sending. Raises `SentMeanwhile`, `TooLate`,
    `NobodyToSendTo`, `TooFewForATrial`, `WrongSubject` and what
    `newsletter.verbs.check_may_be_sent` raises.
    """
    _hold(issue)
    wanted: dict[str, Any] = {
        "segment_id": segment.id if segment else None,
        "rule": dict(segment.rule) if segment else {},
        "at_local_hour": at_local_hour,
        "on_local_day": on_local_day,
        "rate": rate,
        "trial_subject": trial_subject,
        "is_for_the_unreached": False,
        "in_archive": segment is None if in_archive is None else in_archive,
    }
    return _plan(issue, wanted, version=version, after=after, starts_at=starts_at,
                 trial_hours=trial_hours, by=by, now=now)  # fmt: skip


def send_to_those_not_reached(
    earlier: Sending, *, after: int, by: int | None, now: datetime
) -> Sending:
    """Send an issue at once to those whom a sending meant and no sending of it has reached.

    Who has joined since is among them. Raises as `schedule` does.
    """
    issue = db.session.get_one(Issue, earlier.issue_id)
    _hold(issue)
    wanted: dict[str, Any] = {
        "segment_id": earlier.segment_id,
        "rule": dict(earlier.rule),
        "at_local_hour": None,
        "on_local_day": None,
        "rate": earlier.rate,
        "trial_subject": "",
        "is_for_the_unreached": True,
        "in_archive": earlier.in_archive,
    }
    return _plan(issue, wanted, version=issue.version, after=after, starts_at=None,
                 trial_hours=0, by=by, now=now)  # fmt: skip


def _hold(issue: Issue) -> None:
    """Let one deed about an issue's going out happen at a time, whoever does it."""
    db.session.refresh(issue, with_for_update=True)


def _plan(
    issue: Issue,
    wanted: dict[str, Any],
    *,
    version: int,
    after: int,
    starts_at: datetime | None,
    trial_hours: int,
    by: int | None,
    now: datetime,
) -> Sending:
    newest = queries.newest_of(issue.id)
    if newest is not None and newest.id != after:
        if _is_as(newest, wanted, starts_at=starts_at):
            return newest
        raise SentMeanwhile
    check_may_be_sent(issue, version=version)
    if wanted["trial_subject"]:
        _check_subject(wanted["trial_subject"])
    people = queries.readers(issue, rule=wanted["rule"], now=now)
    if not queries.has_readers(people):
        raise NobodyToSendTo
    if wanted["trial_subject"] and _is_small(people, issue):
        raise TooFewForATrial
    if wanted["on_local_day"] is not None:
        day, hour = wanted["on_local_day"], wanted["at_local_hour"]
        starts_at = max(queries.first_local_moment(people, day, hour), now)
        if audience.local_moment(day, hour, _LAST_ZONE, otherwise=_LAST_ZONE) <= now:
            raise TooLate
    elif starts_at is not None and starts_at <= now:
        raise TooLate
    sending = Sending(
        issue_id=issue.id,
        version=version,
        starts_at=starts_at or now,
        trial_hours=trial_hours,
        asked_at=now,
        asked_by_id=by,
        **wanted,
    )
    db.session.add(sending)
    db.session.flush()
    jobs.wake_after_commit(BEGIN)
    return sending


# Where a day ends last on Earth.
_LAST_ZONE = "Etc/GMT+12"


def _is_as(sending: Sending, wanted: dict[str, Any], *, starts_at: datetime | None) -> bool:
    """Tell whether a sending is the very one that is asked for: the same button pressed twice."""
    if sending.called_off_at is not None:
        return False
    is_same_moment = starts_at is None or starts_at == sending.starts_at
    return is_same_moment and all(getattr(sending, name) == value for name, value in wanted.items())


def _check_subject(subject: str) -> None:
    try:
        check_words(title="", subject=subject, preview="", source="")
    except Refusal as refusal:
        raise WrongSubject(refusal.sentence) from None


def _is_small(people: Select[Person], issue: Issue) -> bool:
    own = people.where(audience.text_for(issue) == issue.language)
    some = own.with_only_columns(Person.id).limit(LEAST_FOR_A_TRIAL)
    return len(list(db.session.scalars(some))) < LEAST_FOR_A_TRIAL


class NotOnesOwn(Refusal):
    status = 403
    sentence = _l("You planned this. Somebody else has to read the second subject and approve it.")


class NothingToApprove(Refusal):
    sentence = _l("There is no second subject here that waits for approval.")


def approve(sending: Sending, *, by: int, now: datetime) -> None:
    """Find the second subject of a planned sending good; it then begins when its time has come.

    Raises `NothingToApprove` or `NotOnesOwn`.
    """
    _issue_held(sending)
    if not sending.trial_subject or sending.queued_at or sending.called_off_at:
        raise NothingToApprove
    if sending.asked_by_id == by:
        raise NotOnesOwn
    sending.approved_by_id, sending.approved_at = by, now
    jobs.wake_after_commit(BEGIN)


def begin(sending: Sending, *, now: datetime) -> bool:
    """Freeze the audience of a sending and put it into the outbox. Returns whether it was done now.

    One whose second subject nobody has approved waits, where the settings ask for it. By however
    many workers it is begun, there is one batch. What may no longer be sent as it was seen is
    called off, and says why.
    """
    issue = _issue_held(sending)
    is_planned = sending.queued_at is None and sending.called_off_at is None
    if not is_planned or sending.starts_at > now or queries.waits_for_a_colleague(sending):
        return False
    try:
        check_may_be_sent(issue, version=sending.version)
        people = queries.readers(issue, rule=sending.rule, now=now)
        if not queries.has_readers(people):
            raise NobodyToSendTo
    except Refusal as refusal:
        sending.called_off_at = now
        sending.called_off_because = str(refusal.sentence)[:500]
        return False
    # Before its mails are written: only of what stands in the archive do they say where to read it.
    sending.queued_at = now
    issue.queued_at = issue.queued_at or now
    if sending.in_archive:
        issue.published_at = issue.published_at or now
    # So many may have left since it was planned that there is nobody to try subjects on.
    if sending.trial_subject and queries.has_readers(people.where(audience.in_trial(issue))):
        sending.trial_batch_id = _queue_trial(issue, sending, people, now=now).id
    else:
        sending.batch_id = _queue(issue, sending, people, now=now).id
    for code in codes.codes_of(issue.slug):
        attribution.begin(code)
    return True


def _issue_held(sending: Sending) -> Issue:
    issue = db.session.get_one(Issue, sending.issue_id)
    _hold(issue)
    db.session.refresh(sending)
    return issue


def _queue(
    issue: Issue, sending: Sending, people: Select[Person], *, subject: str = "", now: datetime
) -> Batch:
    due_at = None
    if sending.on_local_day is not None and sending.at_local_hour is not None:
        due_at = audience.at_local_hour(
            sending.on_local_day,
            sending.at_local_hour,
            zones=queries.zones_of(people),
            otherwise=current_app.config["TIMEZONE"],
            now=now,
        )
    variants = [_coded(variant, codes.code_of(issue.slug)) for variant in mails.variants(issue)]
    for variant in variants:
        if subject and variant.language == issue.language:
            variant.subject = as_placeholders(subject, is_html=False)
    return outbox.queue_batch(
        audience.recipients(people, variant=audience.text_for(issue), due_at=due_at),
        kind=mails.ISSUE,
        variants=variants,
        headers=mails.headers(issue),
        rate=sending.rate,
        now=now,
    )


def _queue_trial(issue: Issue, sending: Sending, people: Select[Person], *, now: datetime) -> Batch:
    subjects = dict(zip(audience.HALVES, ("", sending.trial_subject), strict=True))
    variants = []
    for half, subject in subjects.items():
        # Each half is a text of its own: a variant is a row.
        variant = mails.variant(issue, issue.text)
        variant.key = f"{issue.language}/{half}"
        if subject:
            variant.subject = as_placeholders(subject, is_html=False)
        variants.append(_coded(variant, codes.code_of(issue.slug, half=half)))
    return outbox.queue_batch(
        audience.recipients(
            people.where(audience.in_trial(issue)), variant=audience.half_of(issue)
        ),
        kind=mails.ISSUE,
        variants=variants,
        headers=mails.headers(issue),
        rate=sending.rate,
        now=now,
    )


def _coded(variant: Variant, code: str) -> Variant:
    text = in_text(variant.text, code, absolute=absolute)
    # The addresses have grown; no line may end within a field.
    variant.text = as_placeholders(wrapped(kept_whole(text)), is_html=False)
    variant.html = in_html(variant.html, code, absolute=absolute)
    # Its cards are made at sending, each with links of its own.
    variant.code = code
    return variant


class NoTrial(Refusal):
    sentence = _l("No two subjects are being tried here now.")


def choose(sending: Sending, *, winner: str, now: datetime) -> None:
    """Send the rest of an issue under one of the two subjects, "a" or "b", that were tried.

    The rest are those who had joined when the trial began. Done once; raises `NoTrial` after.
    """
    issue = _issue_held(sending)
    is_open = sending.trial_batch_id is not None and sending.trial_decided_at is None
    if not is_open or sending.called_off_at is not None:
        raise NoTrial
    sending.trial_winner, sending.trial_decided_at = winner, now
    people = queries.readers(issue, rule=sending.rule, since=sending.queued_at, now=now)
    if queries.has_readers(people):
        subject = sending.trial_subject if winner == "b" else ""
        sending.batch_id = _queue(issue, sending, people, subject=subject, now=now).id


def choose_if_due(sending: Sending, *, now: datetime) -> None:
    """Choose the better of two subjects once they have been watched for as long as was asked."""
    _issue_held(sending)
    began = sending.queued_at
    is_open = sending.trial_decided_at is None and sending.called_off_at is None
    if began is None or not is_open or now < began + timedelta(hours=sending.trial_hours):
        return
    trial = db.session.get(Batch, sending.trial_batch_id or 0)
    if trial is not None and trial.paused_at is not None:
        # What has not gone out cannot be compared.
        return
    halves = figures.halves(sending, now=now)
    choose(sending, winner=figures.better(halves), now=now)


class BegunAlready(Refusal):
    sentence = _l("It has begun, so it cannot be called off. You can stop it.")


def call_off(sending: Sending, *, now: datetime) -> None:
    """Call a sending off before it begins; twice is once. Raises `BegunAlready`."""
    _issue_held(sending)
    if sending.queued_at is not None:
        raise BegunAlready
    sending.called_off_at = sending.called_off_at or now


def pause(sending: Sending, *, now: datetime) -> None:
    """Let a sending rest until it is resumed."""
    _issue_held(sending)
    for batch in queries.batches(sending):
        if batch.finished_at is None:
            outbox.pause(batch, now=now)


def resume(sending: Sending) -> None:
    """Let a sending go on."""
    _issue_held(sending)
    for batch in queries.batches(sending):
        outbox.resume(batch)


def stop(sending: Sending, *, now: datetime) -> None:
    """End a sending for good: what has not left stays here, and no subject is chosen any more."""
    _issue_held(sending)
    for batch in queries.batches(sending):
        if batch.finished_at is None:
            outbox.stop(batch, now=now)
    sending.called_off_at = sending.called_off_at or now


def note(sending: Sending, *, now: datetime) -> None:
    """Note how far a running sending has come, where that is news."""
    counts = figures.counts(queries.batches(sending))
    earlier = queries.readings(sending)
    if earlier and (earlier[-1].left, earlier[-1].still_open) == (counts.gone, counts.still_open):
        return
    insert_missing(
        Reading,
        {
            "sending_id": sending.id,
            "read_at": now.replace(second=0, microsecond=0),
            "left": counts.gone,
            "still_open": counts.still_open,
        },
        unique=["sending_id", "read_at"],
    )


def note_reply(message: Message) -> None:
    """Count that a person answered an issue; a mail that is no issue counts nothing."""
    sending = queries.of_batch(message.batch_id) if message.batch_id else None
    if sending is not None:
        slug = db.session.get_one(Issue, sending.issue_id).slug
        half = message.variant.partition("/")[2]
        attribution.count(codes.code_of(slug, half=half), Conversion.REPLY)


class NoSeeds(Refusal):
    status = 422
    sentence = _l("Enter at least one address.")


def send_to_seeds(issue: Issue, addresses: Sequence[str], *, now: datetime) -> None:
    """Send every text of an issue to some addresses the way readers get it, marked as a trial.

    It stays a draft, and is not in the archive. Raises `NoSeeds`, and what `check_words` raises.
    """
    for text in issue.texts:
        check_words(**text.words)
    variants = [_coded(variant, codes.code_of(issue.slug)) for variant in mails.variants(issue)]
    rows = [_seed(address, variant.key) for address in addresses for variant in variants]
    if not rows:
        raise NoSeeds
    for variant in variants:
        variant.subject = (TRIAL_MARK + variant.subject)[:255]
    together = union_all(*rows).subquery()
    outbox.queue_batch(
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
