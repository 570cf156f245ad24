"""What organisers may say of suppressions."""

from wtforms import ValidationError
from wtforms.fields import Field

from campaign.forms import OfficeForm, email_field
from campaign.languages import lazy_gettext as _l
from campaign.outbox.models import address_hash


class LiftForm(OfficeForm):
    """Write to an address again; who knows it by heart has a reason to."""

    email = email_field(
        _l("The address"), description=_l("We keep a fingerprint of it only, so type it in full.")
    )

    def __init__(self, known_by: str) -> None:
        super().__init__()
        self.known_by = known_by

    def validate_email(self, field: Field) -> None:
        """Refuse any address but the one this fingerprint was made of."""
        if address_hash(field.data) != self.known_by:
            raise ValidationError(_l("This fingerprint was not made of that address."))
