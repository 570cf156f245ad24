"""Forms filled in by hand, for tests of fields that need no page."""

from typing import TypeVar

from werkzeug.datastructures import MultiDict
from wtforms import Form

AForm = TypeVar("AForm", bound=Form)


def filled_in(form: type[AForm], **typed: str) -> AForm:
    """Give a form as it comes in with what was typed into its fields."""
    return form(MultiDict(typed))
