"""Building: what a claimed message looks like on the wire, its text and its envelope."""

from datetime import datetime
from typing import NamedTuple

from campaign.attribution.links import in_html, in_text
from campaign.db import reading
from campaign.delivery import queries
from campaign.delivery.personalisation import CompiledText
from campaign.languages import force_locale
from campaign.outbox.fields import Field, Recipient, Value
from campaign.outbox.mail import ClaimedMessage, Content, Envelope, envelope_sender
from campaign.outbox.models import message_tokens
from campaign.templating import absolute

# Compiled texts that a sender keeps at hand: of an invitation, some 30 kB.
MOST_TEXTS = 500


class TextKey(NamedTuple):
    """By what a message names its text: its id, or that of its batch and the key there."""

    text_id: int | None
    batch_id: int | None
    variant: str


# Compiled texts, the one used last at the end.
Texts = dict[TextKey, CompiledText]


class OutgoingMessage(NamedTuple):
    """One message ready for the wire: its envelope (RFC 5321) and its bytes."""

    mail: ClaimedMessage
    sender: str
    body: bytes


class Builder:
    """Builds messages one by one, each from the text it names."""

    def __init__(self, envelope: Envelope, texts: Texts) -> None:
        self._envelope = envelope
        self._token_of = message_tokens()
        self._texts = texts

    def build(self, mail: ClaimedMessage, *, now: datetime) -> OutgoingMessage:
        """Build one message. Raises what its fields raise, and `KeyError` without a text."""
        token = self._token_of(mail.id)
        body = self._compiled(mail).fill(mail, token, now=now)
        return OutgoingMessage(mail, envelope_sender(token, self._envelope), body)

    def _compiled(self, mail: ClaimedMessage) -> CompiledText:
        key = TextKey(mail.text_id, mail.batch_id, mail.variant)
        found = self._texts.pop(key, None)
        if found is None:
            with reading():
                content = queries.content(*key)
            while len(self._texts) >= MOST_TEXTS:
                del self._texts[next(iter(self._texts))]
            found = CompiledText(content, self._envelope, render=FieldRenderer(content))
        self._texts[key] = found
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
