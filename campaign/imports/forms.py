"""What may be said to an import: here is the file, so it is read, and this is how they agreed."""

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, ValidationError
from wtforms.fields import Field
from wtforms.validators import InputRequired, Optional

from campaign.days_and_hours import DayField
from campaign.forms import OfficeForm, line_field, text_field
from campaign.imports import formats, statuses
from campaign.imports.formats import FIELDS
from campaign.imports.models import Import
from campaign.languages import _
from campaign.languages import lazy_gettext as _l

COLUMN = "column"
# That the columns tell how each stands, whatever the file is called.
_AS_STATED = "as stated"
_EVERYBODY = {
    statuses.UNCLEAR: _l("(choose)"),
    statuses.LEFT: _l("they have left"),
    statuses.KNOWN: _l("they never subscribed"),
    statuses.BOUNCED: _l("their addresses failed"),
    statuses.COMPLAINED: _l("they complained, or must never be written to"),
    _AS_STATED: _l("the name means something else: go by what stands in the file"),
}


class UploadForm(OfficeForm):
    """Upload a file of people."""

    file = FileField(
        _l("File"),
        validators=[FileRequired(_l("Choose a file."))],
        description=_l(
            "A CSV file of at most 250 MB: a table of yours with the names of its columns in the "
            "first line, or an export of Substack, Mailchimp, Brevo, listmonk and the like as it "
            "is. Nothing is imported before you have seen what would happen."
        ),
        render_kw={"accept": ".csv,.txt,.tsv,text/csv,text/plain"},
    )


class SettleForm(OfficeForm):
    """Say how a file is read, and how the people in it agreed."""

    wording = text_field(
        _l("What they agreed to, word for word"),
        most=2000,
        description=_l(
            "Such as the sentence beside the box they ticked. It is recorded for each of them. "
            "Leave it empty, and nobody is subscribed: people are known to us, and no more."
        ),
        render_kw={"rows": "3"},
    )
    source = line_field(
        _l("Where and how they agreed"),
        most=200,
        description=_l("Such as: list on paper at the march in Leeds, kept by Sam."),
    )
    agreed_on = DayField(
        _l("When they agreed"),
        validators=[Optional()],
        description=_l("Where the file itself gives a time for a person, that one counts."),
    )

    def validate_source(self, field: Field) -> None:
        """Refuse words nobody can be asked about."""
        if self.wording.data and not field.data:
            raise ValidationError(_("Say where and how they agreed: one day somebody will ask."))

    def validate_everybody(self, field: Field) -> None:
        """Refuse to guess what a file's name means."""
        if field.data == statuses.UNCLEAR:
            raise ValidationError(statuses.UnclearName.sentence)


def _choices(guessed: str) -> dict[str, str]:
    """Give what a column may be said to hold; that it tells no status is an answer of its own."""
    if guessed in {statuses.UNCLEAR, statuses.NO_STATUS}:
        first = {
            statuses.UNCLEAR: str(_("(choose)")),
            statuses.NO_STATUS: str(_("nothing of who has left: leave it out")),
        }
    else:
        first = {"": str(_("(left out)"))}
    return first | {name: str(label) for name, label in FIELDS.items()}


def _is_clear(form: Any, field: Field) -> None:
    if field.data == statuses.UNCLEAR:
        raise ValidationError(
            _("Say what this column tells: it may name those who left or must not be written to.")
        )


def settle_form(run: Import, samples: list[list[str]], *, filled: bool) -> SettleForm:
    """Make the form of one import, with a choice for each of its columns.

    `samples` are the first rows; they tell what stands in a column. `filled` begins with what is
    settled so far.
    """

    class Columns(SettleForm):
        pass

    if formats.status_of(run.name, service=run.format) == statuses.UNCLEAR:
        Columns.everybody = SelectField(
            _("What are the people in this file?"),
            choices={name: str(label) for name, label in _EVERYBODY.items()},
            default=run.status or _AS_STATED,
            description=_("Its name says that they are not subscribed."),
            validators=[InputRequired()],
        )
    for at, name in enumerate(run.header):
        seen = [row[at].strip()[:40] for row in samples if at < len(row) and row[at].strip()]
        hint = _("Such as: %(samples)s", samples=" · ".join(seen)) if seen else _("Empty so far.")
        field = SelectField(
            _("Column “%(name)s”", name=name[:60]),
            choices=_choices(run.mapping[at]),
            default=run.mapping[at],
            description=hint,
            validators=[_is_clear],
        )
        setattr(Columns, f"{COLUMN}_{at}", field)
    if not filled:
        return Columns()
    return Columns(formdata=None, wording=run.wording, source=run.source, agreed_on=run.agreed_on)


def status_of(form: SettleForm) -> str | None:
    """Give what was chosen for everybody in the file; None where its name asks for nothing."""
    field = form._fields.get("everybody")
    return None if field is None else "" if field.data == _AS_STATED else field.data


def mapping_of(form: SettleForm, run: Import) -> list[str]:
    """Give what was chosen for each column."""
    return [form[f"{COLUMN}_{at}"].data for at in range(len(run.header))]
