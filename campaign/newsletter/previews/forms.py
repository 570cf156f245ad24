"""What may be asked of a preview: how to look, and who the reader is."""

from typing import Any

from wtforms import RadioField, SelectField, StringField

from campaign.forms import OfficeForm, line_field, name_field
from campaign.languages import _, own_languages, territories
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.previews.modes import Mode
from campaign.validators import present, tidy_line, tidy_text

MODES = {
    Mode.MAIL: _l("Mail"),
    Mode.PHONE: _l("Phone"),
    Mode.DARK: _l("Dark"),
    Mode.TEXT: _l("Text"),
}


class ReaderForm(OfficeForm):
    """Choose how to look at an issue, and as whom."""

    mode = RadioField(
        _l("Look at it as"),
        validators=[present(_l("Choose how to look at it."))],
        default=Mode.MAIL.value,
    )
    reader_name = name_field(_l("Reader’s name"))
    reader_country = SelectField(_l("Reader’s country"))
    reader_city = line_field(_l("Reader’s city"), most=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mode.choices = [(mode.value, label) for mode, label in MODES.items()]
        self.reader_country.choices = [("", _("not known")), *territories()]


class PreviewForm(ReaderForm):
    """An issue as it stands in the fields, saved or not, finished or not."""

    title = StringField(filters=[tidy_line])
    subject = StringField(filters=[tidy_line])
    preview = StringField(filters=[tidy_line])
    source = StringField(filters=[tidy_text])
    slug = line_field("", most=80)
    language = SelectField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = own_languages()
