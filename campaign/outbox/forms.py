"""What organisers may say to the outbox."""

from campaign.forms import OfficeForm


class RetryForm(OfficeForm):
    """Try again: one button."""
