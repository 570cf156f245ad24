"""Building: what a claimed message looks like on the wire, its text and its envelope."""

from datetime import datetime
from typing import NamedTuple

from campaign.attribution.links import in_html, in_text
from campaign.db import reading
from campaign.delivery import queries
from campaign.delivery.personalisation import CompiledVariant
from campaign.languages import force_locale
from campaign.outbox.fields import Field, Recipient, Value
from campaign.outbox.mail import (
    ClaimedMessage,
    Content,
    Envelope,
    compose,
    envelope_sender,
)
from campaign.outbox.models import message_tokens
from campaign.templating import absolute

# Compiled texts that a sender keeps at hand.
MOST_TEXTS = 16

# Compiled texts by their batch and variant.
Texts = dict[tuple[int, str], CompiledVariant]


class OutgoingMessage(NamedTuple):
    """One message ready for the wire: its envelope (RFC 5321) and its bytes."""

    mail: ClaimedMessage
    sender: str
    body: bytes


class Builder:
    """Builds messages one by one: single ones as they are, those of a batch from its variant."""

    def __init__(self, envelope: Envelope, texts: Texts) -> None:
        self._envelope = envelope
        self._token_of = message_tokens()
        self._texts = texts

    def build(
        self, mail: ClaimedMessage, content: Content | None, *, now: datetime
    ) -> OutgoingMessage:
        """Build one message. `content` is what a single one says. Raises what its fields raise."""
        token = self._token_of(mail.id)
        if mail.batch_id is not None:
            body = self._compiled(mail.batch_id, mail.variant).fill(mail, token, now=now)
        elif content is not None:
            body = compose(content, mail, token, self._envelope)
        else:
            raise KeyError(f"message {mail.id}")
        return OutgoingMessage(mail, envelope_sender(token, self._envelope), body)

    def _compiled(self, batch_id: int, key: str) -> CompiledVariant:
        found = self._texts.get((batch_id, key))
        if found is None:
            with reading():
                content = queries.variant(batch_id, key)
            while len(self._texts) >= MOST_TEXTS:
                del self._texts[next(iter(self._texts))]
            found = self._texts[batch_id, key] = CompiledVariant(
                content, self._envelope, render=FieldRenderer(content)
            )
        return found


class FieldRenderer:
    """Asks a field for its value, in the language of a text, at the moment of sending."""

    def __init__(self, content: Content) -> None:
        self._language, self._code = content.language, content.code

    def __call__(self, field: Field, reader: Recipient, now: datetime) -> Value:
        if field.is_plain:
            return field.make(reader, now)
        with reading(), force_locale(self._language):
            value = field.make(reader, now)
        if not self._code:
            return value
        html = value.html and in_html(value.html, self._code, absolute=absolute)
        return Value(in_text(value.text, self._code, absolute=absolute), html)
