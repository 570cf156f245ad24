"""Verbs of letters: write, confirm, disown, remind, drop, track their delivery, erase."""

from datetime import datetime
from importlib.resources.abc import Traversable

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from campaign import front_matter, jobs
from campaign.db import count_of, db
from campaign.languages import lazy_gettext as _l
from campaign.letters import mails
from campaign.letters.models import Letter, LetterAsk, State, Template, Way
from campaign.letters.policy import CONFIRM_WITHIN, ERASE_AFTER, REMIND_AFTER
from campaign.letters.queries import to_erase, waiting_for_confirmation
from campaign.letters.tallies.verbs import count_letter
from campaign.outbox.hard_bounces.verbs import lift_bounce
from campaign.outbox.models import Message, address_hash
from campaign.outbox.models import State as MessageState
from campaign.outbox.suppressions.queries import is_suppressed
from campaign.outbox.verbs import drop_waiting, queue
from campaign.people.queries import is_known_elsewhere
from campaign.people.subscriptions.queries import may_be_reminded
from campaign.people.subscriptions.verbs import never_write
from campaign.people.verbs import let_go, lock_person
from campaign.refusals import Refusal
from campaign.summits.models import Post, Summit
from campaign.summits.verbs import note_bounce


def load_starter(folder: Traversable, *, now: datetime) -> None:
    """Load the starter's letters, one file a language, where there are none yet."""
    if count_of(select(Template)):
        return
    for file in sorted((folder / "letters").iterdir(), key=lambda entry: entry.name):
        parts = front_matter.part(file.read_text("utf-8"))
        subject = parts.matter["subject"]
        db.session.add(
            Template(language=parts.matter["language"], subject=subject, body=parts.source)
        )
    db.session.flush()


class NotWritable(Refusal):
    sentence = _l(
        "We can no longer write to this office: nobody holds it now, or we do not know whether its "
        "address is still right. Nothing was sent."
    )


class SummitHasBegun(Refusal):
    sentence = _l(
        "The summit this letter is about has begun, so it would come too late. Nothing was sent."
    )


class LetterGone(Refusal):
    status = 410
    sentence = _l(
        "This letter was not confirmed in time, was dropped, or was replaced by a newer one. You "
        "can write it again."
    )


def write(
    to: Post,
    *,
    summit: Summit | None,
    email: str,
    name: str,
    subject: str,
    body: str,
    own_words: str,
    letter_language: str,
    language: str,
    source: str = "",
    now: datetime,
) -> None:
    """Note a letter that is to leave in the name of an address; a duty asks its owner
    (`asks.verbs.answer`).

    `language` is the person's, `letter_language` the letter's; `source` the plain code of the link
    by which they came, of which only a number is kept. The same is done for every address, so
    neither the answer nor its time tells who has written. Raises `NotWritable`, `SummitHasBegun`.
    """
    _refuse_if_too_late(to, summit, now=now)
    db.session.add(
        LetterAsk(
            email=email,
            post_id=to.id,
            summit_id=summit.id if summit else None,
            name=name,
            subject=subject,
            body=body,
            own_words=own_words,
            letter_language=letter_language,
            language=language,
            source=source,
            asked_at=now,
        )
    )
    jobs.wake_after_commit("letters.answer")


def confirm(letter: Letter, *, campaign: str, now: datetime) -> None:
    """Send the letter, and its copy to the supporter; pressed twice it is one letter.

    Raises `LetterGone`, `NotWritable`, `SummitHasBegun`.
    """
    lock_person(letter.person_id)
    seen = letter.token
    db.session.refresh(letter, ["state", "token"], with_for_update=True)
    # Written anew since the button was shown, it says what they have not seen.
    if letter.token != seen or letter.has_expired(now):
        raise LetterGone
    if letter.state != State.PENDING:
        return
    _refuse_if_too_late(letter.post, letter.summit, now=now)
    letter.state = State.READY
    letter.confirmed_at = now
    letter.person.confirmed_at = letter.person.confirmed_at or now
    # The mail with the button has arrived.
    lift_bounce(letter.person.email)
    letter.person.name = letter.person.name or letter.name
    _withhold_confirmations(letter, now=now)
    message = queue(mails.letter_to_post(letter, campaign=campaign), now=now)
    queue(mails.copy(letter), now=now)
    db.session.flush()
    letter.message_id = message.id
    count_letter(Way.SEND, country=letter.post.country, occasion=letter.occasion, now=now)


def _refuse_if_too_late(to: Post, summit: Summit | None, *, now: datetime) -> None:
    if summit is not None and not summit.is_ahead(now.date()):
        raise SummitHasBegun
    if not to.is_writable(now.date()):
        raise NotWritable


def disown(letter: Letter, *, now: datetime) -> None:
    """Drop a letter that the person did not write, and never write to them again.

    What was confirmed cannot be called back. All that waits in their name goes with it.
    """
    lock_person(letter.person_id)
    db.session.refresh(letter, ["state"], with_for_update=True)
    if letter.state not in {State.PENDING, State.DROPPED}:
        return
    never_write(letter.person_id, address_hash(letter.person.email), now=now)
    for other in db.session.scalars(
        select(Letter).where(Letter.person_id == letter.person_id, Letter.state == State.PENDING)
    ):
        _drop(other, now=now)


def remind(*, now: datetime) -> None:
    """Ask once more for each letter that has waited a day for its button."""
    due = waiting_for_confirmation().where(
        Letter.written_at <= now - REMIND_AFTER,
        Letter.written_at > now - CONFIRM_WITHIN,
        Letter.reminded_at.is_(None),
    )
    for letter in db.session.scalars(due.with_for_update(of=Letter)):
        letter.reminded_at = now
        if may_be_reminded(letter.person.email, now=now):
            queue(mails.reminder(letter), now=now)


def drop_unconfirmed(*, now: datetime) -> None:
    """Drop the letters that nobody has confirmed in time."""
    late = select(Letter).where(
        Letter.state == State.PENDING, Letter.written_at < now - CONFIRM_WITHIN
    )
    for letter in db.session.scalars(late.with_for_update()):
        _drop(letter, now=now)


def _drop(letter: Letter, *, now: datetime) -> None:
    letter.state = State.DROPPED
    letter.dropped_at = now
    letter.name = letter.subject = letter.body = letter.own_words = ""
    _withhold_confirmations(letter, now=now)


def _withhold_confirmations(letter: Letter, *, now: datetime) -> None:
    for kind in (mails.CONFIRMATION, mails.REMINDER):
        drop_waiting(thread=letter.thread, kind=kind, now=now)


def track_delivery(*, now: datetime) -> None:
    """Note what became of the letters that were handed to the outbox."""
    delivered = (
        select(Letter, Message)
        .join(Message, Message.id == Letter.message_id)
        .where(
            (
                Letter.state.in_([State.READY, State.SENT])
                & Message.state.in_(
                    [MessageState.FAILED, MessageState.BOUNCED, MessageState.WITHHELD]
                )
            )
            # Also one that came back and that an organiser let try again.
            | (
                Letter.state.in_([State.READY, State.BOUNCED])
                & (Message.state == MessageState.SENT)
            )
        )
        .options(joinedload(Letter.post))
    )
    for letter, message in db.session.execute(delivered):
        if message.state == MessageState.SENT:
            letter.state = State.SENT
            letter.sent_at = message.settled_at or now
            continue
        letter.state = State.BOUNCED
        # What came back for another reason, such as a full mailbox, does not suppress the address.
        if message.state == MessageState.BOUNCED and is_suppressed(letter.post.email):
            note_bounce(letter.post, now=now)


def erase(*, now: datetime) -> None:
    """Erase letters 28 days after their summit or after they were dropped; their count stays.

    With its last letter goes a person of whom nothing else is known. So does what forms asked for
    and could not be answered for days.
    """
    db.session.execute(delete(LetterAsk).where(LetterAsk.asked_at <= now - jobs.ASKS_KEPT))
    long_ago = now - ERASE_AFTER
    old = to_erase(dropped_before=long_ago, summit_before=long_ago.date())
    for letter in db.session.scalars(old).all():
        if not _is_done_with(letter, long_ago):
            continue
        person = letter.person
        db.session.delete(letter)
        db.session.flush()
        if not is_known_elsewhere(person):
            let_go(person)
            db.session.flush()


def _is_done_with(letter: Letter, long_ago: datetime) -> bool:
    """Tell whether a letter's summit truly came, or nothing waits for one.

    Nobody can write to a summit that has begun. If its day lies before the letter, it was typed
    wrong, and what would be erased could not be had back.
    """
    is_dropped = letter.dropped_at is not None and letter.dropped_at < long_ago
    summit = letter.summit
    return is_dropped or summit is None or letter.written_at.date() <= summit.last_possible_day
