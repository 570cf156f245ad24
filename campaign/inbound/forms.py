"""What organisers may say to a mail that waits."""

from campaign.forms import OfficeForm, email_field
from campaign.languages import lazy_gettext as _l


class AddressForm(OfficeForm):
    """The address a mail is about: of who wrote it, or of whom it speaks."""

    email = email_field(
        _l("The address it is about"),
        description=_l("Taken from the mail: look whether it is the right one."),
    )
