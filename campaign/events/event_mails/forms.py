"""What organisers may say to those who come: a subject and a text."""

from collections.abc import Iterable

from wtforms import IntegerField, SelectField
from wtforms.widgets import HiddenInput

from campaign.forms import OfficeForm, line_field, markdown_field
from campaign.languages import language_name
from campaign.languages import lazy_gettext as _l


class EventMailForm(OfficeForm):
    """Write a mail to those who come to an event."""

    subject = line_field(_l("Subject"), most=255, required=_l("Enter a subject."))
    source = markdown_field(
        _l("Text"),
        most=50_000,
        required=_l("Write the text of the mail."),
        description=_l(
            "Begin straight away: “Dear …,” stands above it; where and when the event is, and the "
            "link to give up one’s place, below."
        ),
        render_kw={"rows": 16},
    )
    language = SelectField(_l("Language"))
    # Which version the organiser has read; see `verbs.change`.
    version = IntegerField(widget=HiddenInput(), default=0)

    def offer(self, languages: Iterable[str]) -> None:
        """Offer languages to write in, by their own names."""
        self.language.choices = [(code, language_name(code)) for code in languages]
