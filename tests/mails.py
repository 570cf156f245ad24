"""Mails as tests write them and read them: words of one's own, and what a queued row says."""

from typing import Any

from campaign import clock
from campaign.delivery.building import FieldRenderer
from campaign.delivery.personalisation import CompiledText
from campaign.delivery.queries import content
from campaign.languages import force_locale
from campaign.outbox.fields import Recipient
from campaign.outbox.filling import filled
from campaign.outbox.mail import ClaimedMessage, Content, Envelope, Mail, literally
from campaign.outbox.models import Message
from campaign.outbox.placeholders import Placeholders

_SAYS = Content.__dataclass_fields__


def a_mail(**otherwise: Any) -> Mail:
    """Write a mail that says something; what is given goes to its words, or to whom it is."""
    given = {"kind": "invitation", "to": "ada@example.org", "subject": "Hello", "text": "Hello.\n"}
    given |= otherwise
    says = {name: given.pop(name) for name in list(given) if name in _SAYS}
    return Mail(**given, write=literally(Content(**says)))


def compose(content: Content, mail: ClaimedMessage, token: str, envelope: Envelope) -> bytes:
    """Build a mail with nothing but words of its own as it goes over the wire."""
    placeholders = Placeholders()
    compiled = CompiledText(placeholders.close(content), envelope, render=FieldRenderer(content))
    return compiled.fill(mail, token, now=mail.queued_at)


class QueuedMail:
    """A row of the outbox, and what its recipient will read."""

    def __init__(self, row: Message) -> None:
        self.row = row
        said = content(row.text_id, row.batch_id, row.variant)
        reader = Recipient(
            row.person_id, row.to_name, said.language, row.country, row.city_id, said.about_id,
            row.to_address, row.fields or {},
        )  # fmt: skip
        with force_locale(said.language or "en"):
            self._said = filled(said, reader, now=clock.now())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._said if name in _SAYS else self.row, name)
