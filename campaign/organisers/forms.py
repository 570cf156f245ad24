"""What may be said of organisers, and by them before they are in."""

from typing import Any

from wtforms import RadioField

from campaign.forms import OfficeForm, email_field
from campaign.languages import lazy_gettext as _l
from campaign.organisers.models import Role

ROLES: dict[str, Any] = {
    Role.READER: _l("reader"),
    Role.EDITOR: _l("editor"),
    Role.ADMINISTRATOR: _l("administrator"),
}


def _role_field() -> RadioField:
    return RadioField(
        _l("Role"),
        choices=[
            (Role.READER.value, _l("Reader: looks at everything, changes nothing")),
            (Role.EDITOR.value, _l("Editor: writes, sends and decides")),
            (Role.ADMINISTRATOR.value, _l("Administrator: an editor who also adds organisers")),
        ],
        default=Role.EDITOR.value,
    )


class AskForm(OfficeForm):
    """Ask for a sign-in link."""

    email = email_field(_l("Your e-mail address"))


class ButtonForm(OfficeForm):
    """A page with one button."""


class AddForm(OfficeForm):
    """Give somebody an account."""

    email = email_field(_l("Their e-mail address"))
    role = _role_field()


class RoleForm(OfficeForm):
    """Give an organiser a role."""

    role = _role_field()
