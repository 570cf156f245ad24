"""Sign-ups for organisers: the list of who comes to an event, shown on the event's own page."""

from campaign.events.sign_ups.models import SignUp, Status
from campaign.languages import lazy_gettext as _l
from campaign.tables import Column

_STATUSES = {
    Status.ASKED: _l("asked"),
    Status.COMING: _l("coming"),
    Status.WITHDRAWN: _l("withdrawn"),
}


def _name(sign_up: SignUp) -> str:
    """Give what somebody is called, or what the form said while they have not confirmed it."""
    return sign_up.person.name or (sign_up.asks[-1].name if sign_up.asks else "")


def _guests(sign_up: SignUp) -> int:
    is_asked = sign_up.asks and not sign_up.is_coming
    return sign_up.asks[-1].guests if is_asked else sign_up.guests


COLUMNS = [
    Column("name", _l("Name"), _name),
    Column("email", _l("Address"), lambda row: row.person.email),
    Column("guests", _l("Guests"), _guests, is_number=True),
    Column("state", _l("State"), lambda row: row.status, cell=lambda row: _STATUSES[row.status]),
    Column("signed_up_at", _l("Signed up"), lambda row: row.signed_up_at),
    Column("confirmed_at", _l("Confirmed"), lambda row: row.confirmed_at),
    Column("withdrawn_at", _l("Withdrawn"), lambda row: row.withdrawn_at),
]
