"""What may be said about a letter that somebody sent themselves."""

from wtforms import HiddenField

from campaign.forms import PublicForm


class SentForm(PublicForm):
    """The button "I have sent it"."""

    purpose = "letters.sent"

    way = HiddenField()
    # Which letter, and to whom (`views.SENT`): each counts once.
    letter = HiddenField()
