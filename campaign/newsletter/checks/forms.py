"""What may be said to a check: ask the other sites too."""

from campaign.forms import OfficeForm


class AskForm(OfficeForm):
    """The button that asks other sites whether their pages are there."""
