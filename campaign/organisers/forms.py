"""What may be said of organisers, and by them before they are in."""

from typing import Any

from wtforms import RadioField
from wtforms.fields import SelectChoice

from campaign.forms import OfficeForm, email_field
from campaign.languages import lazy_gettext as _l
from campaign.organisers.models import Role
from campaign.validators import present

ROLES: dict[str, Any] = {
    Role.READER: _l("reader"),
    Role.EDITOR: _l("editor"),
    Role.ADMINISTRATOR: _l("administrator"),
}


def _role_field() -> RadioField:
    return RadioField(
        _l("Role"),
        validators=[present(_l("Choose a role."))],
        choices=[
            SelectChoice(Role.READER, _l("Reader: looks at everything, changes nothing")),
            SelectChoice(Role.EDITOR, _l("Editor: writes, sends and decides")),
            SelectChoice(Role.ADMINISTRATOR, _l("Administrator: also decides who is an organiser")),
        ],
        default=Role.EDITOR.value,
    )


class AskForm(OfficeForm):
    """Ask for a sign-in link."""

    email = email_field(_l("Your e-mail address"))


class AddForm(OfficeForm):
    """Give somebody an account."""

    email = email_field(_l("Their e-mail address"))
    role = _role_field()


class RoleForm(OfficeForm):
    """Give an organiser a role."""

    role = _role_field()
