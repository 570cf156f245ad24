"""Forms of the tests' own: one field, and what it says of something typed."""

from werkzeug.datastructures import MultiDict
from wtforms import Form

from campaign.forms import name_field


class TypedName(Form):
    """A name and nothing else."""

    name = name_field("Your name")

    @classmethod
    def of(cls, typed: str) -> "TypedName":
        """Give the form as it is after somebody typed a name."""
        form = cls(MultiDict({"name": typed}))
        form.validate()
        return form
