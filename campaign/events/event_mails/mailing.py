"""A mail to those who come to an event as something sent to many (`mailings`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from flask import Flask, url_for
from sqlalchemy import Select

from campaign.db import db
from campaign.events.event_mails import fields, mails, queries, verbs
from campaign.events.event_mails.models import CONTENT, EventMail
from campaign.events.sign_ups.mails import NEWS
from campaign.languages import lazy_gettext as _l
from campaign.mailings import readiness
from campaign.mailings.content import Content, content
from campaign.outbox.models import Text
from campaign.people.models import Person

# Offered by being imported: no mail can be sent without it.
FIELDS = fields


@content
class EventMailContent(Content):
    """A mail to those who come to an event: no newsletter, so nobody need have asked for one."""

    kind = CONTENT
    mail_kind = NEWS
    room = "events"
    head_template = "events/office/_event_mail.html"
    everyone = _l("Those who come")
    audience_hint = _l(
        "It goes to those who have confirmed that they come, whether they get the newsletter or "
        "not. Left out are those who have given up their place, and addresses that must not be "
        "written to."
    )

    def __init__(self, mail: EventMail) -> None:
        self.thing: EventMail = mail

    @classmethod
    def find(cls, id: int) -> Self | None:
        """Find a mail by its id."""
        mail = queries.event_mail(id)
        return None if mail is None else cls(mail)

    def lock(self) -> None:
        """Let one verb about its going out happen at a time, whoever does it."""
        db.session.refresh(self.thing, with_for_update=True)

    @property
    def title(self) -> str:
        """Give what organisers call it: its subject."""
        return self.thing.subject

    @property
    def subject(self) -> str:
        """Give its subject."""
        return self.thing.subject

    @property
    def languages(self) -> list[str]:
        """List its one language."""
        return [self.thing.language]

    @property
    def office_url(self) -> str:
        """Give the address of its page in the office."""
        return url_for("office.events.event_mails.event_mail", id=self.id)

    def check_may_be_sent(self, *, version: int) -> None:
        """Raise what `event_mails.verbs.check_may_be_sent` raises."""
        verbs.check_may_be_sent(self.thing, version=version)

    def people(
        self, *, rule: Mapping[str, Any], since: datetime | None, now: datetime
    ) -> Select[Person]:
        """Find those who come; no segment chooses among them."""
        return queries.those_who_come(self.thing.event_id, since=since)

    def variant(self, language: str) -> Text:
        """Write its text."""
        return mails.variant(self.thing)

    def headers(self) -> dict[str, str]:
        """Give none: no list is left with it, the way out is to give up one's place."""
        return {}

    def begin(self, *, options: Mapping[str, str], now: datetime) -> None:
        """Note that it is sent."""
        verbs.go_out(self.thing, now=now)

    def to_mend(self, app: Flask, *, now: datetime) -> list[tuple[str, Sequence[Any]]]:
        """Say what a check finds in its text, links to pages of ours that are not there as well."""
        mail: EventMail = self.thing
        found = [
            *readiness.dead_ends(app, [mail.source]),
            *readiness.findings(
                language=mail.language,
                subject=mail.subject,
                source=mail.source,
                html=mails.variant(mail).html,
                about_id=mail.event_id,
                now=now,
            ),
        ]
        return [("", found)] if found else []
