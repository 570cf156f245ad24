"""What the page of the design shows as a form: one field of every kind, never sent anywhere."""

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    Form,
    IntegerField,
    RadioField,
    SearchField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from campaign.forms import email_field, name_field
from campaign.languages import lazy_gettext as _l

_LANGUAGES = [
    SelectChoice("en", "English"),
    SelectChoice("de", "Deutsch"),
    SelectChoice("ar", "العربية"),
]
_COUNTRIES = [SelectChoice("DE", "Germany"), SelectChoice("FR", "France")]


class Sampler(Form):
    """One field of every kind that the forms macro knows."""

    name = name_field(_l("Your name"))
    email = email_field(_l("Your e-mail address"))
    city = StringField(
        _l("City"),
        [DataRequired(_l("Enter a city"))],
        description=_l("Where you would come."),
    )
    guests = IntegerField(_l("Guests you bring"), [Optional()])
    day = DateField(_l("Day"), [Optional()])
    country = SelectField(_l("Country"), choices=_COUNTRIES)
    wording = TextAreaField(_l("In your own words"), [DataRequired(_l("Write a sentence"))])
    language = RadioField(
        _l("Language"), [DataRequired(_l("Choose a language"))], choices=_LANGUAGES
    )
    spoken = SelectMultipleField(
        _l("Languages spoken"),
        [Optional()],
        choices=_LANGUAGES,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    file = FileField(_l("File"), [Optional()])
    search = SearchField(_l("Words to find"), [Optional()])
    news = BooleanField(
        _l("Also send me the newsletter"), description=_l("About once a month. Leave any time.")
    )


def mistaken(prefix: str) -> Sampler:
    """Give the form as it comes back with a mistake in nearly every field."""
    typed = {"name": "Ada", "email": "ada at example", "guests": "2.5", "spoken": "de", "news": "y"}
    sent = MultiDict({f"{prefix}-{name}": value for name, value in typed.items()})
    form = Sampler(sent, prefix=prefix)
    form.validate()
    return form
