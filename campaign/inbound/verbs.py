"""Verbs of mail that comes in: store it, act upon it, settle it by hand, erase it.

Long, for what becomes of a mail is one way, from its bytes to its last row.
"""

import hashlib
import re
from datetime import datetime

from sqlalchemy import delete, select, update

from campaign.db import db, insert_missing, lock
from campaign.events.sign_ups.models import SignUp
from campaign.events.sign_ups.queries import sign_up_by_token
from campaign.events.sign_ups.rsvps.verbs import accept, decline, verify_decline
from campaign.inbound import queries, reading
from campaign.inbound.addressing import Role, Target, target
from campaign.inbound.bounces.verbs import bounce, complaint, first_proven, settle, take_off, wait
from campaign.inbound.calendar_replies import Answer, Meaning, is_about, meaning_of
from campaign.inbound.models import InboundMail, Kind, Made, Settlement
from campaign.inbound.opening import clean, plain_address, show
from campaign.inbound.policy import LARGEST_MAIL, RAW_KEPT, ROW_KEPT, WAITING_KEPT
from campaign.inbound.reading import Reading
from campaign.languages import lazy_gettext as _l
from campaign.mailings.running.verbs import count_reply
from campaign.outbox.suppressions.verbs import suppress
from campaign.people.mail_links import read_unsubscribe
from campaign.people.models import Person
from campaign.people.queries import by_email
from campaign.people.subscriptions.verbs import leave
from campaign.people.verbs import erases
from campaign.refusals import Refusal
from campaign.tokens import ForgedToken


class TooLarge(Refusal):
    status = 413
    sentence = _l("This mail is larger than 10 MB: it was refused, and nothing of it was kept.")


def store(
    raw: bytes, *, recipient: str, envelope_sender: str | None, now: datetime
) -> InboundMail | None:
    """Keep a mail as it came, before anything is done with it; None where it is here already.

    `envelope_sender` is "" for the null sender, None where it is not known. Raises `TooLarge`.
    """
    if len(raw) > LARGEST_MAIL:
        raise TooLarge
    return _store(raw, size=len(raw), recipient=recipient, envelope_sender=envelope_sender, now=now)


def store_head(head: bytes, *, size: int, recipient: str, now: datetime) -> None:
    """Keep the head of a mail that is too large and stays where it lies; a person looks at it."""
    mail = _store(head, size=size, recipient=recipient, envelope_sender=None, now=now)
    if mail is not None:
        set_aside(mail.id, made=Made.TOO_LARGE)


def _store(
    raw: bytes, *, size: int, recipient: str, envelope_sender: str | None, now: datetime
) -> InboundMail | None:
    digest = _digest(raw, recipient)
    recipient = clean(recipient, 254)
    envelope_sender = None if envelope_sender is None else clean(envelope_sender, 254)
    is_new = insert_missing(
        InboundMail,
        {
            "digest": digest,
            "received_at": now,
            "recipient": recipient,
            "envelope_sender": envelope_sender,
            "raw": raw,
            "size": size,
        },
        unique=["digest"],
    )
    if not is_new:
        return None
    return db.session.scalars(select(InboundMail).where(InboundMail.digest == digest)).one()


def _digest(raw: bytes, recipient: str) -> str:
    # Line ends differ by the way a mail comes; who gets it makes it another mail.
    same = raw.replace(b"\r\n", b"\n").rstrip(b"\n")
    return hashlib.sha256(recipient.lower().encode("utf-8", "replace") + b"\0" + same).hexdigest()


def act(mail_id: int, *, now: datetime) -> None:
    """Read a stored mail and do what it asks for; what is not understood waits for a person.

    Done twice, it is done once. Nothing is ever answered.
    """
    query = lock(select(InboundMail).where(InboundMail.id == mail_id))
    mail = db.session.scalar(query.execution_options(populate_existing=True))
    if mail is None or mail.made != Made.NOTHING_YET:
        return
    found = reading.read(queries.bytes_of(mail), envelope_sender=mail.envelope_sender)
    mail.sender, mail.subject = found.sender, found.subject
    to = target(mail.recipient)
    if found.is_nested:
        wait(mail, Kind.UNREAD, Made.UNREADABLE)
    elif found.complaint is not None:
        complaint(mail, found.complaint, now=now)
    elif _is_bounce(found, to):
        bounce(mail, found, to, now=now)
    elif to.role is Role.UNSUBSCRIBE:
        _unsubscribe(mail, to.token, now=now)
    elif found.answer is not None and to.role is Role.RSVP:
        _answer(mail, found.answer, to.token, now=now)
    else:
        _anything_else(mail, found, now=now)


def _is_bounce(found: Reading, to: Target) -> bool:
    """Tell whether a mail came back: it says so, or a machine sent it where only those come."""
    if to.role is Role.BOUNCES:
        return found.is_report or not found.is_auto_reply
    return found.is_report or (found.is_automatic and bool(found.told))


def set_aside(mail_id: int, *, made: Made) -> None:
    """Let a mail wait for a person that could not be read, or only in part."""
    mail = db.session.get_one(InboundMail, mail_id)
    found = reading.read(queries.bytes_of(mail), envelope_sender=None)
    mail.sender, mail.subject = found.sender, found.subject
    wait(mail, Kind.UNREAD, made)


def leave_unread(mail_id: int) -> None:
    """Let a mail wait for a person on which the reading itself has failed."""
    wait(db.session.get_one(InboundMail, mail_id), Kind.UNREAD, Made.UNREADABLE)


def _anything_else(mail: InboundMail, found: Reading, *, now: datetime) -> None:
    if found.is_automatic:
        settle(mail, Kind.AUTOMATIC, Made.AUTOMATIC, now=now)
        return
    answered = first_proven(found.refers_to)
    mail.message_id = answered.id if answered else None
    kind = Kind.PERSONAL
    if found.seems_automatic:
        kind = Kind.AUTOMATIC
    elif found.answer is not None:
        kind = Kind.CALENDAR
    elif answered is not None:
        count_reply(answered)
    wait(mail, kind, Made.TO_BE_READ)


def _unsubscribe(mail: InboundMail, token: str, *, now: datetime) -> None:
    try:
        person_id, purpose = read_unsubscribe(token)
    except ForgedToken:
        wait(mail, Kind.UNSUBSCRIBE, Made.FORGED)
        return
    leave(person_id, purpose, through="mail", now=now)
    mail.person_id = person_id if db.session.get(Person, person_id) else None
    settle(mail, Kind.UNSUBSCRIBE, Made.LEFT, now=now)


def _answer(mail: InboundMail, answer: Answer, token: str, *, now: datetime) -> None:
    """Note what somebody's calendar says of their sign-up.

    The link between the two is the address from which the mail says to come. One that says to come
    from elsewhere proves nothing: if it would withdraw, its owner is asked.
    """
    sign_up = sign_up_by_token(token)
    if sign_up is None:
        wait(mail, Kind.CALENDAR, Made.FORGED)
        return
    if not is_about(answer, sign_up):
        wait(mail, Kind.CALENDAR, Made.UNCLEAR, answer.says)
        return
    is_theirs = plain_address(mail.sender) == sign_up.person.email
    made = _made_of(answer.says, sign_up, is_theirs=is_theirs, now=now)
    if made is Made.UNCLEAR:
        wait(mail, Kind.CALENDAR, Made.UNCLEAR, answer.says)
        return
    mail.person_id = sign_up.person_id
    settle(mail, Kind.CALENDAR, made, now=now, words=answer.says)


def _made_of(says: str, sign_up: SignUp, *, is_theirs: bool, now: datetime) -> Made:
    match meaning_of(says, is_theirs=is_theirs, is_active=sign_up.is_active):
        case Meaning.NO:
            decline(sign_up, now=now)
            return Made.GAVE_UP
        case Meaning.NO_UNPROVEN:
            return Made.ASKED if verify_decline(sign_up, now=now) else Made.UNCLEAR
        case Meaning.YES:
            return _accepted(sign_up, now=now)
        case Meaning.NOTHING_NEW:
            return Made.NOTED
        case Meaning.UNCLEAR:
            return Made.UNCLEAR


def _accepted(sign_up: SignUp, *, now: datetime) -> Made:
    try:
        accept(sign_up, now=now)
    except Refusal:
        # No seat is left, or the event is off: a person says so kindly.
        return Made.UNCLEAR
    return Made.NOTED


class NobodyThere(Refusal):
    status = 422
    sentence = _l("Nobody with this address is known. Look into the mail for another one.")


def lay_aside(mail: InboundMail, *, by: int, now: datetime) -> None:
    """Note that somebody has looked at a mail and nothing is to be done."""
    _settle_by_hand(mail, Settlement.NOTHING, by=by, now=now)


def give_up(mail: InboundMail, *, address: str, by: int, now: datetime) -> None:
    """Never write again to an address of which a mail says that it is no more."""
    evidence = f"an organiser read mail {mail.id} of {mail.received_at:%Y-%m-%d}"
    suppress(address, reason="bounce", evidence=evidence, now=now)
    _settle_by_hand(mail, Settlement.GONE, by=by, now=now)
    _belongs_to(mail, by_email(address))


def take_off_list(mail: InboundMail, *, address: str, by: int, now: datetime) -> None:
    """Take somebody off every list because a mail asks for it. Raises `NobodyThere`."""
    person = by_email(address)
    if person is None:
        raise NobodyThere
    take_off(person, through="mail, by hand", now=now)
    _settle_by_hand(mail, Settlement.LEFT, by=by, now=now)
    _belongs_to(mail, person)


def _settle_by_hand(mail: InboundMail, settlement: Settlement, *, by: int, now: datetime) -> None:
    if mail.settled_at is None:
        mail.settled_at, mail.settled_by_id, mail.settled_as = now, by, settlement


def _belongs_to(mail: InboundMail, person: Person | None) -> None:
    mail.person_id = person.id if person else None


def tidy(*, now: datetime) -> None:
    """Erase what mails said 30 days after they were settled, and their rows after a year.

    What has waited for a person too long is settled by that, and erased at once.
    """
    nothing_left = {"raw": None, "sender": "", "subject": "", "recipient": "", "erased_at": now}
    db.session.execute(
        update(InboundMail)
        .where(InboundMail.settled_at.is_(None), InboundMail.received_at < now - WAITING_KEPT)
        .values(settled_at=now, settled_as=Settlement.EXPIRED, envelope_sender="", **nothing_left)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(InboundMail)
        .where(InboundMail.settled_at < now - RAW_KEPT, InboundMail.erased_at.is_(None))
        .values(envelope_sender="", **nothing_left)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        delete(InboundMail).where(
            InboundMail.settled_at < now - ROW_KEPT, InboundMail.erased_at.is_not(None)
        )
    )


@erases
def erase_mails_of(email: str, person: Person | None) -> None:
    """Erase the mails that somebody wrote who asked to be forgotten, and those that name them.

    From what another person wrote only the address is taken: their mail may wait to be read.
    """
    for mail in db.session.scalars(queries.of_person(email, person.id if person else None)):
        db.session.delete(mail)
    db.session.flush()
    named = re.compile(re.escape(email), re.IGNORECASE)
    for mail in queries.kept_whole():
        raw = queries.bytes_of(mail)
        if not _names(raw, named):
            continue
        if mail.kind in {Kind.PERSONAL, Kind.CALENDAR}:
            mail.raw = re.sub(named.pattern.encode(), b"(erased)", raw, flags=re.IGNORECASE)
            mail.subject = named.sub("(erased)", mail.subject)
        else:
            db.session.delete(mail)


def _names(raw: bytes, address: re.Pattern[str]) -> bool:
    return bool(
        address.search(raw.decode("latin-1"))
        # What is encoded is read as an organiser would.
        or (b"base64" in raw.lower() and address.search(show(raw).text))
    )
