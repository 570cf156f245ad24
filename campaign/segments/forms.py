"""What organisers may say of a segment: its name, and yes to a button."""

from campaign.forms import OfficeForm, line_field
from campaign.languages import lazy_gettext as _l


class SegmentForm(OfficeForm):
    """Save a segment under a name."""

    name = line_field(_l("Name"), most=80, required=_l("Give the segment a name."))
