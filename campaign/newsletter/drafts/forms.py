"""What organisers may say of a draft: its texts, what it is about, and that it is to go."""

import re
from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, IntegerField, SelectField, ValidationError
from wtforms.fields import Field
from wtforms.widgets import HiddenInput

from campaign.forms import OfficeForm, line_field, markdown_field
from campaign.languages import _, language_name, own_languages
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.policy import PREVIEW_SEEN, SUBJECT_SEEN
from campaign.validators import present


class TextForm(OfficeForm):
    """Write the text of an issue in one more language."""

    title = line_field(_l("Title"), most=200, required=_l("Enter a title."))
    subject = line_field(
        _l("Subject of the mail"),
        most=255,
        description=_l("If you leave this empty, the title is the subject."),
        render_kw={"data-count": SUBJECT_SEEN},
    )
    preview = line_field(
        _l("Preview"),
        most=150,
        description=_l("What an inbox shows after the subject: say what is in it for the reader."),
        render_kw={"data-count": PREVIEW_SEEN},
    )
    source = markdown_field(
        _l("Text"),
        most=50_000,
        required=_l("Write the text of the issue."),
        description=_l("Begin straight away: “Dear …,” stands above it, the link to leave below."),
        render_kw={"rows": 24},
    )
    # Which version the organiser has read; see `verbs.change`.
    version = IntegerField(widget=HiddenInput(), default=0)


class IssueForm(TextForm):
    """Write an issue in its own language, and say what it is about."""

    slug = line_field(
        _l("Last part of its address"),
        most=80,
        description=_l("Small letters, digits and hyphens. Left empty, it is made from the title."),
    )
    language = SelectField(
        _l("Language"),
        description=_l("Readers for whose language there is no text get this one."),
        validators=[present(_l("Choose a language."))],
        default=lambda: own_languages()[0],
    )
    topic = SelectField(
        _l("Topic"), description=_l("Who has left this topic out does not get the issue.")
    )
    is_monthly = BooleanField(
        _l("Also for those who want no more than one mail a month"),
        description=_l("For an issue that sums up a month."),
    )

    def __init__(self, *args: Any, topics: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = [(code, language_name(code)) for code in own_languages()]
        kept = [self.topic.data] if self.topic.data and not self.is_submitted() else []
        self.topic.choices = [
            ("", _("None: it goes to all")),
            *((topic, topic) for topic in dict.fromkeys([*topics, *kept])),
        ]
        if not self.topic.choices[1:]:
            # Nothing to choose from, so nothing is asked.
            del self.topic

    def validate_slug(self, field: Field) -> None:
        """Refuse what cannot stand as the last part of an address of ours."""
        if field.data and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", field.data):
            raise ValidationError(_("Use small letters a to z, digits and single hyphens."))


class DropForm(OfficeForm):
    """The button that takes a language out of an issue, for the version that was seen."""

    version = IntegerField(widget=HiddenInput(), default=0)
