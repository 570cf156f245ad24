"""The newsletter's own fields: the way to a reader's choices, and the way out."""

from datetime import datetime

from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import Recipient, Value, field
from campaign.people import mail_links
from campaign.people.models import Purpose

# No row has it: its link opens the page, and its button changes nothing.
NOBODY = 0


@field(
    "preferences",
    _l("the token of the link to choose"),
    by=("person_id",),
    is_hidden=True,
    is_plain=True,
)
def preferences(reader: Recipient, now: datetime) -> Value:
    """Give the way to the reader's own choices."""
    return Value(mail_links.preferences_token(reader.person_id or NOBODY, Purpose.NEWSLETTER))


@field(
    "unsubscribe",
    _l("the token of the link to leave"),
    by=("person_id",),
    is_hidden=True,
    is_plain=True,
)
def unsubscribe(reader: Recipient, now: datetime) -> Value:
    """Give the reader's own way out."""
    return Value(mail_links.unsubscribe_token(reader.person_id or NOBODY, Purpose.NEWSLETTER))
