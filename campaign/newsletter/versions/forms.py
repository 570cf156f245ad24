"""What may be said about versions: put this one back, this one is good."""

from wtforms import IntegerField
from wtforms.widgets import HiddenInput

from campaign.forms import OfficeForm


class RestoreForm(OfficeForm):
    """The button that puts an earlier version back, on top of the version that was seen."""

    version = IntegerField(widget=HiddenInput(), default=0)


class ApproveForm(OfficeForm):
    """The button that approves an issue, in the version that was seen."""

    version = IntegerField(widget=HiddenInput(), default=0)
