"""What organisers may say to the newsletter about an issue: try it, show it, hide it."""

from campaign.forms import OfficeForm


class TrialForm(OfficeForm):
    """The button "send to me"."""


class ArchiveForm(OfficeForm):
    """The button that takes an issue out of the archive, or puts it back."""
