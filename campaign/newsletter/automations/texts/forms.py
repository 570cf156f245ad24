"""What organisers may say of the words of an automation."""

from wtforms import IntegerField
from wtforms.widgets import HiddenInput

from campaign.forms import OfficeForm, line_field, markdown_field
from campaign.languages import lazy_gettext as _l


class WordsForm(OfficeForm):
    """Write an automation in one language."""

    subject = line_field(_l("Subject of the mail"), most=255, required=_l("Enter a subject."))
    source = markdown_field(
        _l("Text"), most=20_000, required=_l("Write the text."), render_kw={"rows": 16}
    )
    # Which version the organiser has read; see `verbs.write`.
    version = IntegerField(widget=HiddenInput(), default=0)
