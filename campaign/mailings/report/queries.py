"""Questions about what became of a mailing: by the ledger and conversions, never by spying."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.mailings import queries
from campaign.mailings.policy import REPLIES_SHOWN, WATCHED
from campaign.outbox.models import OPEN, TO_TAKE, Batch, Message, State
from campaign.outbox.queries import counts_of_batches
from campaign.outbox.suppressions.models import Suppression
from campaign.people.models import Person, Subscription

COMPLAINT = "complaint"
# Of a reply so much is compared: codes and the first words, before what differs for each.
_COMPARED = 120
# The code stands in these, and nothing that differs for each: "550 5.1.1", "DSN: 5.1.1".
_CODES = 11


@dataclass(frozen=True)
class Counts:
    """How many messages of a mailing are in each state."""

    by_state: dict[str, int]

    def of(self, *states: str) -> int:
        """Count the messages in some states."""
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def queued(self) -> int:
        """Count all that were put into the outbox."""
        return sum(self.by_state.values())

    @property
    def sent(self) -> int:
        """Count those that the relay took, whether they came back or not."""
        return self.of(State.SENT, State.BOUNCED)

    @property
    def delivered(self) -> int:
        """Count those that were sent and did not come back, so far as is known."""
        return self.of(State.SENT)

    @property
    def still_open(self) -> int:
        """Count those that may still be sent."""
        return self.of(*OPEN)

    @property
    def unreached(self) -> int:
        """Count those that will not be sent, or came to nothing."""
        return self.of(State.FAILED, State.WITHHELD)


def counts_of(batches: Sequence[Batch]) -> Counts:
    """Count the messages of some batches by their state."""
    return Counts(counts_of_batches([batch.id for batch in batches]))


def counts_of_content(kind: str, id: int) -> Counts:
    """Count the messages of all mailings of a content by their state."""
    return Counts(counts_of_batches(queries.batches_of(kind, id)))


# What the status codes of a bounce mean (RFC 3463), by the beginnings of the code.
_KINDS: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("1.",), _l("There is no such address")),
    (("2.2", "2.3"), _l("The mailbox is full")),
    (("2.",), _l("The mailbox takes no mail")),
    (("3.", "4."), _l("The other mail server cannot be reached")),
    (("7.",), _l("Refused by a rule of the other mail server")),
)
_OTHER = _l("For another reason")
_CODE = re.compile(r"\b[45]\.(\d{1,3}\.\d{1,3})\b")
# What differs from one reply to the next: addresses, numbers of messages, links.
_DIFFERS = re.compile(r"<[^<>]*>|\S*@\S*|https?://\S+|\b(?=\w*\d)(?=\w*[a-zA-Z])[\w.-]{8,}\b")


def bounces_by_kind(batches: Sequence[Batch]) -> list[tuple[Any, int]]:
    """Count what came back by why it did, the most frequent first."""
    kinds: Counter[Any] = Counter()
    for reply, number in _replies(batches, State.BOUNCED, start=_CODES):
        kinds[_kind_of(reply)] += number
    return kinds.most_common()


def _kind_of(reply: str) -> Any:
    found = _CODE.search(reply)
    code = found[1] if found else ""
    for beginnings, kind in _KINDS:
        if code.startswith(beginnings):
            return kind
    # Old servers answer without a code of three parts: 550 is "no such mailbox" (RFC 5321 4.2.3).
    return _KINDS[0][1] if not code and reply.startswith("550") else _OTHER


def replies_to(batches: Sequence[Batch], *states: State) -> list[tuple[str, int]]:
    """Group what was said of messages in some states, without addresses; the most frequent first.

    What is rarer than the first ten stands together at the end.
    """
    groups: Counter[str] = Counter()
    for reply, number in _replies(batches, *states, start=_COMPARED):
        groups[" ".join(_DIFFERS.sub("…", reply).split())] += number
    most = groups.most_common(REPLIES_SHOWN)
    rest = sum(groups.values()) - sum(number for _reply, number in most)
    return [*most, ("…", rest)] if rest else most


def _replies(batches: Sequence[Batch], *states: State, start: int) -> Iterable[tuple[str, int]]:
    beginning = func.substr(Message.last_reply, 1, start)
    rows = db.session.execute(
        select(beginning, func.count())
        .where(
            Message.batch_id.in_([batch.id for batch in batches]),
            Message.state.in_(states),
        )
        .group_by(beginning)
    )
    return [(reply, number) for reply, number in rows]


@dataclass(frozen=True)
class Leaver:
    """Somebody who left the list with this as the last mail they had got: when, and which text."""

    left_at: datetime
    variant: str


def leavers(batches: Sequence[Batch], *, now: datetime) -> list[Leaver]:
    """Find who left the list within a week, with this as the last mail of it they had got.

    A mail of a list is of the kind that is its purpose.
    """
    if not batches:
        return []
    variant = _text_of(Subscription.person_id, batches, Subscription.left_at)
    rows = db.session.execute(
        select(Subscription.left_at, variant)
        .where(
            Subscription.purpose == batches[0].kind,
            Subscription.left_at >= _first(batches),
            Subscription.left_at <= _watched_until(batches, now=now),
        )
        .order_by(Subscription.left_at)
    )
    return [Leaver(left_at, got) for left_at, got in rows if left_at is not None and got]


def complaints(batches: Sequence[Batch], *, now: datetime) -> list[str]:
    """Give the text that each got who, within a week, reported this mail as unwanted."""
    if not batches:
        return []
    person = (
        select(Person.id)
        .where(Person.address_hash == Suppression.address_hash)
        .limit(1)
        .correlate(Suppression)
        .scalar_subquery()
    )
    found = db.session.scalars(
        select(_text_of(person, batches, Suppression.since)).where(
            Suppression.reason == COMPLAINT,
            Suppression.since >= _first(batches),
            Suppression.since <= _watched_until(batches, now=now),
        )
    )
    return [got for got in found if got]


def _text_of(person: Any, batches: Sequence[Batch], moment: Any) -> Any:
    """Give the text of the batches somebody got, if it was their last of the kind before a moment.

    As a question within the question: so a database begins with the few who left, and not with
    the million to whom the issue went.
    """
    message, later = aliased(Message), aliased(Message)
    came_between = (
        select(later.id)
        .where(
            later.person_id == message.person_id,
            later.kind == message.kind,
            later.batch_id.is_not(None),
            later.state == State.SENT,
            later.settled_at > message.settled_at,
            later.settled_at <= moment,
        )
        .correlate_except(later)
    )
    return (
        select(message.variant)
        .where(
            message.person_id == person,
            message.batch_id.in_([batch.id for batch in batches]),
            message.state.in_([State.SENT, State.BOUNCED]),
            message.settled_at <= moment,
            ~came_between.exists(),
        )
        .limit(1)
        .correlate_except(message)
        .scalar_subquery()
    )


def _first(batches: Sequence[Batch]) -> datetime:
    return min(batch.queued_at for batch in batches)


def _watched_until(batches: Sequence[Batch], *, now: datetime) -> datetime:
    return max(batch.finished_at or now for batch in batches) + WATCHED


def last_due(batches: Sequence[Batch]) -> datetime | None:
    """Tell when the last of what waits is due."""
    of_one = select(func.max(Message.due_at)).where(Message.batch_id == Batch.id, text(TO_TAKE))
    return db.session.scalar(
        select(func.max(of_one.scalar_subquery())).where(
            Batch.id.in_([batch.id for batch in batches])
        )
    )
