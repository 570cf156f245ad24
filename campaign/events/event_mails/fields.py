"""The field of a mail about one event: the reader's own way to give up their place."""

from datetime import datetime

from campaign import tokens
from campaign.events.event_mails.queries import sign_up_of
from campaign.events.sign_ups.mails import WITHDRAW, withdraw_token
from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import Recipient, Value, field

# No sign-up has it: in a preview the link leads to nobody's place.
NOBODY = "-"


@field(
    "withdraw",
    _l("the token of the link to give up one's place"),
    by=("person_id", "about_id"),
    is_hidden=True,
)
def withdraw(reader: Recipient, now: datetime) -> Value:
    """Give the token of the reader's sign-up for the event that the mail is about."""
    found = sign_up_of(reader.person_id, reader.about_id)
    return Value(withdraw_token(found) if found else tokens.sign(WITHDRAW, NOBODY))
