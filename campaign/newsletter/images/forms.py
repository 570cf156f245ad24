"""What may be said to the pictures of issues: here is one, and this is what it shows."""

from flask_wtf.file import FileField, FileRequired
from wtforms import ValidationError
from wtforms.fields import Field

from campaign.forms import OfficeForm, line_field
from campaign.languages import _
from campaign.languages import lazy_gettext as _l


class ImageForm(OfficeForm):
    """Upload a picture; `picture` is a file, so the door hands in words and files together."""

    picture = FileField(
        _l("Picture"),
        validators=[FileRequired(_l("Choose a picture."))],
        description=_l(
            "JPEG, PNG, WebP or GIF, at most 20 MB. We make it small enough for mails, and take "
            "out what the camera wrote into it, such as the place. What moves stands still."
        ),
        render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif"},
    )
    description = line_field(
        _l("What it shows"),
        most=300,
        required=_l("Say in a sentence what the picture shows."),
        description=_l(
            "For everyone who does not see it: many mail programs show pictures only when asked, "
            "and some readers listen to their mail."
        ),
    )

    def validate_description(self, field: Field) -> None:
        """Refuse what an issue would take for a field."""
        if "{{" in (field.data or ""):
            raise ValidationError(_("Leave out the signs {{."))
