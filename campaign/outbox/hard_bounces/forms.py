"""What organisers may say of bounces."""

from campaign.forms import OfficeForm


class JudgeForm(OfficeForm):
    """Say what bounces of one cause were: two buttons."""
