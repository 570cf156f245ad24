"""What organisers may say of people: a tag, and yes to a button."""

from campaign.forms import OfficeForm, line_field
from campaign.languages import lazy_gettext as _l


class TagForm(OfficeForm):
    """Give somebody a tag, or take one."""

    tag = line_field(_l("Tag"), most=40, required=_l("Enter a tag."))
