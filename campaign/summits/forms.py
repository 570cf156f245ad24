"""What organisers may say about posts."""

import re
from typing import Any

from wtforms import StringField, ValidationError
from wtforms.validators import InputRequired, Optional

from campaign.days_and_hours import DayField
from campaign.forms import OfficeForm, email_field, line_field
from campaign.languages import lazy_gettext as _l


class ContactForm(OfficeForm):
    """How a post is reached, and where that was seen."""

    email = email_field(_l("E-mail address"))
    contact_form = line_field(
        _l("Contact form"), most=500, description=_l("The address of the page, with https://.")
    )
    source = line_field(
        _l("Source"),
        most=500,
        required=_l("Say where this was seen."),
        description=_l("Where this contact was seen: best the address of a page."),
    )
    seen_on = DayField(
        _l("Seen on"),
        validators=[InputRequired(_l("Enter the day."))],
        description=_l("The day on which somebody looked at the source."),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Some offices have a form of their own and no address.
        self.email.validators = [Optional(), *self.email.validators[1:]]
        self.email.flags.required = False
        self.seen_on.flags.required = True

    def validate_contact_form(self, field: StringField) -> None:
        """Refuse what is no web address."""
        if field.data and not re.fullmatch(r"https?://[^\s/]+\S*", field.data):
            raise ValidationError(_l("Enter an address that begins with https://."))
