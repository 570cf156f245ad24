"""What organisers may say of a mailing: press a button, send again, choose a subject."""

from wtforms import IntegerField, RadioField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from campaign.forms import OfficeForm
from campaign.languages import lazy_gettext as _l


class AgainForm(OfficeForm):
    """The button "send to those not reached", for the newest mailing that was seen."""

    after = IntegerField(widget=HiddenInput(), default=0)


class ChooseForm(OfficeForm):
    """Which of two subjects the rest get."""

    winner = RadioField(
        _l("Subject"), validators=[InputRequired(_l("Choose one of the two subjects."))]
    )
