"""Contents: what may be sent to many, registered by the room that has it; no list names the rooms.

A room says in its `mailing.py` what its content is, to whom at most it goes, and how it is written:

    @content
    class IssueContent(Content):
        kind = "issue"
        …

Whom of them, when, how fast, and what becomes of it is the business of `mailings`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from flask import Flask
from sqlalchemy import Select

from campaign.outbox.kinds import Kind
from campaign.outbox.models import Text
from campaign.people.models import Person


@dataclass(frozen=True)
class Question:
    """What a content asks besides when it is planned: a name, a label, and answers with their keys.

    The first answer is the usual one.
    """

    name: str
    label: Any
    choices: Sequence[tuple[str, Any]]

    @property
    def usual(self) -> str:
        """Give the key of the usual answer."""
        return self.choices[0][0]


class Content(ABC):
    """One thing that may be sent to many, as mailings see it."""

    # In tables and addresses; and the kind of its messages in the outbox.
    kind: ClassVar[str]
    mail_kind: ClassVar[Kind]
    # The office's room it belongs to, and the template whose macro `head(thing, here)` opens its
    # pages; `here` is "mailings".
    room: ClassVar[str]
    head_template: ClassVar[str]
    # To whom it goes without a segment, where that is not everyone who subscribes.
    everyone: ClassVar[Any] = None
    # A sentence for organisers: who gets it, and who is left out.
    audience_hint: ClassVar[Any] = ""
    # What may be chosen when it is planned.
    has_segments: ClassVar[bool] = False
    has_ab_test: ClassVar[bool] = False
    questions: ClassVar[tuple[Question, ...]] = ()

    # The row it is.
    thing: Any

    @classmethod
    @abstractmethod
    def find(cls, id: int) -> Self | None:
        """Find it by its id."""

    @abstractmethod
    def lock(self) -> None:
        """Let one verb about its going out happen at a time, whoever does it."""

    @property
    def id(self) -> int:
        """Give its id."""
        return int(self.thing.id)

    @property
    def version(self) -> int:
        """Give which version of it this is: who sends it sends what they saw."""
        return int(self.thing.version)

    @property
    @abstractmethod
    def title(self) -> str:
        """Give what organisers call it."""

    @property
    @abstractmethod
    def subject(self) -> str:
        """Give its subject in its own language, its fields as written."""

    @property
    @abstractmethod
    def languages(self) -> list[str]:
        """List the languages it is written in, its own first."""

    @property
    @abstractmethod
    def office_url(self) -> str:
        """Give the address of its page in the office."""

    @abstractmethod
    def check_may_be_sent(self, *, version: int) -> None:
        """Raise a `Refusal` if it may not go out as it was seen in a version."""

    @abstractmethod
    def people(
        self, *, rule: Mapping[str, Any], since: datetime | None, now: datetime
    ) -> Select[Person]:
        """Find to whom at most it may go, of those a segment's rule means.

        With `since`, those only who were among them by then.
        """

    @abstractmethod
    def variant(self, language: str) -> Text:
        """Write it in one of its languages, which is the variant's key, with its fields open."""

    @abstractmethod
    def headers(self) -> dict[str, str]:
        """Give the headers of all its mails; they may hold fields."""

    @abstractmethod
    def begin(self, *, options: Mapping[str, str], now: datetime) -> None:
        """Note on the thing itself that it goes out; before its mails are written."""

    @property
    def code(self) -> str:
        """Give the code its links carry (`attribution`); empty: they carry none."""
        return ""

    @property
    def asks_for_approval(self) -> bool:
        """Tell whether a colleague has to approve the second subject of an A/B test."""
        return False

    def settled(self, options: Mapping[str, str], *, is_for_all: bool) -> dict[str, str]:
        """Give the answers to its questions with every one decided that was left open."""
        return {}

    def facts(self, options: Mapping[str, str]) -> list[tuple[Any, Any]]:
        """Say what settled answers mean, each under a label."""
        return []

    def to_mend(self, app: Flask, *, now: datetime) -> list[tuple[str, Sequence[Any]]]:
        """Say what a check finds in it: findings (`is_grave`, `sentence`) by the text they are in.

        A text is named where there are several.
        """
        return []

    @property
    def check_url(self) -> str:
        """Give the address of the whole check, if there is one."""
        return ""


_contents: dict[str, type[Content]] = {}


def content(offered: type[Content]) -> type[Content]:
    """Offer a content under its kind."""
    _contents[offered.kind] = offered
    return offered


def find(kind: str, id: int) -> Content | None:
    """Find a content by its kind and id; none where it is gone, or no room knows the kind."""
    offered = _contents.get(kind)
    return offered.find(id) if offered else None
