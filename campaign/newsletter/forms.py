"""What organisers may say to the newsletter: how an issue is written, tried and sent."""

import re
from typing import Any

from babel import Locale
from flask import current_app
from wtforms import IntegerField, SelectField, ValidationError
from wtforms.fields import Field
from wtforms.widgets import HiddenInput

from campaign.forms import OfficeForm, line_field, present, text_field
from campaign.languages import _
from campaign.languages import lazy_gettext as _l


class IssueForm(OfficeForm):
    """Write an issue."""

    title = line_field(_l("Title"), most=200, required=_l("Enter a title."))
    subject = line_field(
        _l("Subject of the mail"),
        most=255,
        description=_l("If you leave this empty, the title is the subject."),
    )
    preview = line_field(
        _l("Preview"),
        most=150,
        description=_l("What an inbox shows after the subject: say what is in it for the reader."),
    )
    slug = line_field(
        _l("Last part of its address"),
        most=80,
        description=_l("Small letters, digits and hyphens. Left empty, it is made from the title."),
    )
    language = SelectField(
        _l("Language"),
        validators=[present(_l("Choose a language."))],
        default=lambda: current_app.config["LANGUAGES"][0],
    )
    source = text_field(
        _l("Text"),
        most=50_000,
        required=_l("Write the text of the issue."),
        description=_l(
            "We add “Dear …,” above it and the link to leave below it. An empty line begins a "
            "paragraph, ## a heading, a line that begins with - is one of a list, **two stars** "
            "make bold, and [words](https://example.org) a link. (This is Markdown.)"
        ),
        render_kw={"rows": 24},
    )
    # Which version the organiser has read; see `verbs.change`.
    version = IntegerField(widget=HiddenInput(), default=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = [
            (code, Locale.parse(code).get_display_name() or code)
            for code in current_app.config["LANGUAGES"]
        ]

    def validate_slug(self, field: Field) -> None:
        """Refuse what cannot stand as the last part of an address of ours."""
        if field.data and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", field.data):
            raise ValidationError(_("Use small letters a to z, digits and single hyphens."))


class SendForm(OfficeForm):
    """The button that sends an issue to all, for the version that was seen."""

    version = IntegerField(widget=HiddenInput(), default=0)


class TrialForm(OfficeForm):
    """The button "send to me"."""


class ArchiveForm(OfficeForm):
    """The button that takes an issue out of the archive, or puts it back."""


class DiscardForm(OfficeForm):
    """The button that throws a draft away."""
