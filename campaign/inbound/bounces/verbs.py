"""Deeds about reports: note what came back, count what may pass, give up what is gone."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog

from campaign.db import db
from campaign.inbound import guesses, queries
from campaign.inbound.addressing import Role, Target
from campaign.inbound.delivery_reports import Complaint, Failure
from campaign.inbound.models import InboundMail, Kind, Made
from campaign.inbound.policy import SOFT_BOUNCES, SOFT_OVER, SOFT_WITHIN
from campaign.inbound.reading import Reading
from campaign.outbox.hard_bounces.verbs import Status, report_gone
from campaign.outbox.models import Message, read_message_token
from campaign.outbox.suppressions.verbs import suppress
from campaign.outbox.verbs import bounced, complained
from campaign.people.mail_links import read_unsubscribe
from campaign.people.models import Person, Purpose
from campaign.people.subscriptions.queries import subscriptions_of
from campaign.people.subscriptions.verbs import leave
from campaign.tokens import ForgedToken
from campaign.verdicts.judging import Verdict

log = structlog.get_logger()


def wait(mail: InboundMail, kind: Kind, made: Made, words: str = "") -> None:
    """Let a mail wait for a person."""
    mail.kind, mail.made, mail.words = kind, made, words[:300]


def settle(mail: InboundMail, kind: Kind, made: Made, *, now: datetime, words: str = "") -> None:
    """Note what was made of a mail, so that nobody has to look at it."""
    mail.kind, mail.made, mail.words, mail.settled_at = kind, made, words[:300], now


def _message(token: str) -> Message | None:
    """Find the message of a token. Raises `ForgedToken`."""
    return db.session.get(Message, read_message_token(token))


def first_proven(tokens: Iterable[str]) -> Message | None:
    """Find the message of the first token that is ours, and not erased yet."""
    for token in tokens:
        with contextlib.suppress(ForgedToken):
            message = _message(token)
            if message is not None:
                return message
    return None


def bounce(mail: InboundMail, found: Reading, to: Target, *, now: datetime) -> None:
    """Act upon a mail that came back: only for the message whose own address it came back to."""
    said = _words(found.failures[0]) if found.failures else ""
    if to.role is not Role.BOUNCES:
        wait(mail, Kind.BOUNCE, Made.UNPROVEN, said)
        return
    try:
        message = _message(to.token)
    except ForgedToken:
        wait(mail, Kind.BOUNCE, Made.FORGED, said)
        return
    if message is None:
        settle(mail, Kind.BOUNCE, Made.TOO_LATE, now=now)
        return
    failure = about(message.to_address.lower(), found)
    if failure is None:
        mail.message_id = message.id
        wait(mail, Kind.BOUNCE, Made.UNCLEAR, said)
        return
    mail.message_id, mail.person_id = message.id, message.person_id
    _act_upon(mail, message, failure, now=now)


def about(address: str, found: Reading) -> Failure | None:
    """Choose what is said of the one to whom the message went.

    Where the only one named is somebody else, the mail was forwarded there.
    """
    named = [one for one in found.failures if address in one.addresses]
    own = next((one for one in named if one.is_of(address)), named[0] if named else None)
    in_words = guesses.told_of(found.told, address)
    unnamed = guesses.told_of_nobody(found.told)
    if own is not None:
        why = in_words or unnamed
        # Many reports give a code that says little, and say why in the part for people.
        if why and own.says_little:
            return replace(own, told=f"{why.told} {own.told}".strip())
        return own
    if in_words is not None:
        return in_words
    if found.failures:
        return found.failures[0] if len(found.failures) == 1 else None
    return unnamed


def _act_upon(mail: InboundMail, message: Message, failure: Failure, *, now: datetime) -> None:
    words = _words(failure)
    is_own = failure.is_of(message.to_address.lower())
    match failure.verdict:
        case Verdict.NOTED:
            settle(mail, Kind.NOTICE, Made.NOTED, now=now, words=words)
        case Verdict.REFUSED | Verdict.LIMITED:
            _come_back(message, failure, now=now)
            settle(mail, Kind.BOUNCE, Made.NOT_HELD_AGAINST, now=now, words=words)
        case Verdict.GONE | Verdict.MAYBE_GONE if is_own:
            _come_back(message, failure, now=now)
            _gone(mail, message, failure, now=now)
        case _:
            # Also where the address is gone to which theirs leads: perhaps not the only one.
            _count(mail, message, failure, now=now)


def _gone(mail: InboundMail, message: Message, failure: Failure, *, now: datetime) -> None:
    """Give up whose address is said to be gone; what is not sure, or a burst of it, must wait."""
    words = _words(failure)
    status = report_gone(
        message,
        words=_evidence(mail, words),
        is_certain=failure.verdict is Verdict.GONE,
        now=now,
    )
    made = {
        Status.SUPPRESSED: Made.SUPPRESSED,
        Status.WITHHELD: Made.HELD_BACK,
        Status.COUNTED: Made.MAYBE_GONE,
    }[status]
    settle(mail, Kind.BOUNCE, made, now=now, words=words)


def _count(mail: InboundMail, message: Message, failure: Failure, *, now: datetime) -> None:
    """Count a message that did not arrive; after many over weeks its address is given up."""
    words = _words(failure)
    if not queries.has_come_back(message):
        mail.address_hash = message.address_hash
        db.session.flush()
    _come_back(message, failure, now=now)
    number, first = queries.soft_bounces(message.address_hash, since=now - SOFT_WITHIN)
    if number >= SOFT_BOUNCES and first is not None and now - first >= SOFT_OVER:
        evidence = f"{number} soft bounces since {first:%Y-%m-%d}, the last: "
        suppress(
            message.to_address,
            reason="bounce",
            evidence=evidence + _evidence(mail, words),
            now=now,
        )
        settle(mail, Kind.BOUNCE, Made.SUPPRESSED_AT_LAST, now=now, words=words)
        return
    settle(mail, Kind.BOUNCE, Made.COUNTED, now=now, words=words)


def _come_back(message: Message, failure: Failure, *, now: datetime) -> None:
    bounced(message, status=failure.status, words=failure.words, now=now)


def _words(failure: Failure) -> str:
    """Say what was reported, with its status code first, and once."""
    if failure.status and failure.status not in failure.words:
        return f"{failure.status} {failure.words}".strip()
    return failure.words or failure.status


def _evidence(mail: InboundMail, words: str) -> str:
    return f"{words} ({mail.received_at:%Y-%m-%d}, message {mail.message_id})"


def complaint(mail: InboundMail, said: Complaint, *, now: datetime) -> None:
    """Never write again to who called a mail of ours abuse; a token of ours must prove it."""
    if said.kind != "abuse":
        _no_complaint(mail, said.kind, now=now)
        return
    message, person = _whose(said)
    if message is not None:
        complained(message, kind=said.kind)
        mail.message_id = message.id
    address = message.to_address if message else person.email if person else ""
    if not address:
        wait(mail, Kind.COMPLAINT, Made.UNPROVEN, said.kind)
        return
    suppress(address, reason="complaint", evidence=_evidence(mail, said.kind), now=now)
    if person is not None:
        mail.person_id = person.id
        take_off(person, through="complaint", now=now)
    settle(mail, Kind.COMPLAINT, Made.COMPLAINT, now=now, words=said.kind)


def _no_complaint(mail: InboundMail, kind: str, *, now: datetime) -> None:
    """Settle or leave a feedback report of another kind: it is no word of the reader's own."""
    match kind:
        case "not-spam":
            settle(mail, Kind.NOTICE, Made.NOTED, now=now, words=kind)
        case "auth-failure":
            # A receiver could not verify our signature or sender (RFC 6591): about us, not them.
            settle(mail, Kind.NOTICE, Made.AUTH_FAILURE, now=now, words=kind)
            log.warning("inbound.auth_failure", mail=mail.id)
        case _:
            wait(mail, Kind.COMPLAINT, Made.TO_BE_READ, kind)


def _whose(said: Complaint) -> tuple[Message | None, Person | None]:
    """Find the message that a complaint is about and its person, by the first token that is ours.

    Of a message that is erased already, the address to leave by still tells the person.
    """
    message = first_proven(said.messages)
    if message is not None:
        return message, db.session.get(Person, message.person_id or 0)
    for token in said.unsubscribes:
        with contextlib.suppress(ForgedToken):
            return None, db.session.get(Person, read_unsubscribe(token)[0])
    return None, None


def take_off(person: Person, *, through: str, now: datetime) -> None:
    """Take back everything that a person agreed to."""
    for subscription in subscriptions_of(person.id):
        leave(person.id, Purpose(subscription.purpose), through=through, now=now)
