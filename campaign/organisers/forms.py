"""What organisers may say before they are in: their address, and yes."""

from campaign.forms import OfficeForm, email_field
from campaign.languages import lazy_gettext as _l


class AskForm(OfficeForm):
    """Ask for a sign-in link."""

    email = email_field(_l("Your e-mail address"))


class ButtonForm(OfficeForm):
    """A page with one button."""
