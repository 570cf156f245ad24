"""An issue as something sent to many: to whom, in which texts, under which codes (`mailings`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from flask import Flask, url_for
from sqlalchemy import Select, select

from campaign import approval
from campaign.db import db
from campaign.languages import lazy_gettext as _l
from campaign.mailings.content import Content, Question, content
from campaign.newsletter import mails, verbs
from campaign.newsletter.check_page.queries import to_mend
from campaign.newsletter.models import CONTENT, Issue
from campaign.outbox.models import Text
from campaign.people.models import Person, Purpose, RefusedTopic, Rhythm, Subscription
from campaign.segments.queries import audience

AS_USUAL, YES, NO = "", "yes", "no"
ARCHIVE = Question(
    "archive",
    _l("In the public archive"),
    (
        (AS_USUAL, _l("If it goes to everyone; not what goes to a segment alone")),
        (YES, _l("Yes: everyone may read it on our site")),
        (NO, _l("No")),
    ),
)


@content
class IssueContent(Content):
    """An issue of the newsletter."""

    kind = CONTENT
    mail_kind = mails.ISSUE
    room = "newsletter"
    head_template = "newsletter/office/_issue.html"
    audience_hint = _l(
        "Only those who agreed to the newsletter and have not left it get the issue. Left out are "
        "addresses that must not be written to, readers who left out its topic, and readers who "
        "want one mail a month, unless the issue sums up the month."
    )
    has_segments = True
    has_ab_test = True
    questions = (ARCHIVE,)

    def __init__(self, issue: Issue) -> None:
        self.thing: Issue = issue

    @classmethod
    def find(cls, id: int) -> Self | None:
        """Find an issue by its id."""
        issue = db.session.get(Issue, id)
        return None if issue is None else cls(issue)

    def lock(self) -> None:
        """Let one verb about an issue's going out happen at a time, whoever does it."""
        db.session.refresh(self.thing, with_for_update=True)

    @property
    def title(self) -> str:
        """Give its title in its own language."""
        return self.thing.title

    @property
    def subject(self) -> str:
        """Give its subject in its own language."""
        return self.thing.text.subject

    @property
    def languages(self) -> list[str]:
        """List the languages it is written in, its own first."""
        return self.thing.languages

    @property
    def office_url(self) -> str:
        """Give the address of its page in the office."""
        return url_for("office.newsletter.issue", id=self.id)

    @property
    def check_url(self) -> str:
        """Give the address of its check."""
        return url_for("office.newsletter.check_page.check", id=self.id)

    def check_may_be_sent(self, *, version: int) -> None:
        """Raise what `newsletter.verbs.check_may_be_sent` raises."""
        verbs.check_may_be_sent(self.thing, version=version)

    def people(
        self, *, rule: Mapping[str, Any], since: datetime | None, now: datetime
    ) -> Select[Person]:
        """Find its readers: subscribers less those who refused its topic, or want one a month."""
        people = audience(Purpose.NEWSLETTER, rule=rule, now=now)
        if self.thing.topic:
            refused = select(RefusedTopic.person_id).where(RefusedTopic.topic == self.thing.topic)
            people = people.where(Person.id.not_in(refused))
        if not self.thing.is_monthly:
            people = people.where(Subscription.rhythm != Rhythm.MONTHLY)
        return people if since is None else people.where(Subscription.confirmed_at <= since)

    def variant(self, language: str) -> Text:
        """Write its text in one of its languages."""
        return mails.variant(self.thing, self.thing.text_in(language))

    def headers(self) -> dict[str, str]:
        """Give its headers, with a field for each reader's way out."""
        return mails.headers(self.thing)

    def begin(self, *, options: Mapping[str, str], now: datetime) -> None:
        """Note that it is sent, and put it into the archive where that was asked for.

        Only of what stands in the archive do its mails say where to read it.
        """
        verbs.go_out(self.thing, in_archive=options.get(ARCHIVE.name) == YES, now=now)

    @property
    def code(self) -> str:
        """Give the code its links carry."""
        return self.thing.slug

    @property
    def asks_for_approval(self) -> bool:
        """Tell whether the settings ask for a colleague's approval."""
        return approval.is_asked_for()

    def settled(self, options: Mapping[str, str], *, is_for_all: bool) -> dict[str, str]:
        """Decide on the archive: left open, what goes to a segment stays among its readers."""
        usual = YES if is_for_all else NO
        return {ARCHIVE.name: options.get(ARCHIVE.name) or usual}

    def facts(self, options: Mapping[str, str]) -> list[tuple[Any, Any]]:
        """Say whether it comes into the archive."""
        if self.thing.is_public:
            said = _l("It stands there already")
        elif options[ARCHIVE.name] == YES:
            said = _l("Yes: everyone may read it on our site")
        else:
            said = _l("No: only those it goes to can read it. You can put it there later.")
        return [(ARCHIVE.label, said)]

    def to_mend(self, app: Flask, *, now: datetime) -> list[tuple[str, Sequence[Any]]]:
        """Say again what its check finds."""
        return [(name, found) for name, found in to_mend(app, self.thing, now=now)]
