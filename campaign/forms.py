"""Forms: what may be said to us; the token of a stranger's, and the fields that all forms share."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from gettext import translation
from typing import Any

from flask import render_template, request
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import EmailField as _EmailField
from wtforms import StringField, TextAreaField, ValidationError
from wtforms.csrf.core import CSRF
from wtforms.fields import Field
from wtforms.i18n import messages_path

from campaign import tokens
from campaign.languages import current_language
from campaign.languages import lazy_gettext as _l
from campaign.validators import (
    at_most,
    closed_comments,
    email_address,
    one_line,
    persons_name,
    plain_text,
    present,
    tidy_line,
    tidy_text,
)

# Long enough for a page left open overnight or kept by a cache, short enough to be worthless later.
FORM_LIFETIME = timedelta(days=2)


# What strangers' forms are for: each states it once, and no two state the same.
_purposes: dict[str, "Callable[..., PublicForm]"] = {}


def purposes() -> dict[str, "Callable[..., PublicForm]"]:
    """Give what strangers' forms are for, each with what makes such a form."""
    return dict(_purposes)


def _state(purpose: str, make: "Callable[..., PublicForm]") -> None:
    if _purposes.setdefault(purpose, make) is not make:
        raise ValueError(f"Two forms have one purpose: {purpose}")


class StrangersToken(CSRF):
    """A form token without a cookie: signed, timed, and of the form's stated purpose.

    It tells that the form came from a page of ours not long ago. A page with it may be cached, so
    it is not bound to one reader; a POST that another site causes is refused before it (`app`).
    """

    def setup_form(self, form: Any) -> Any:
        if not form.purpose:
            raise TypeError(f"{type(form).__name__} states no purpose for its token.")
        self.purpose = f"form:{form.purpose}"
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: Field) -> str:
        return tokens.sign_by_the_hour(self.purpose, 0)

    def validate_csrf_token(self, form: Any, field: Field) -> None:
        if not field.data:
            raise ValidationError(
                _l("Something got lost on the way. Check your answers and send them again.")
            )
        try:
            tokens.read_timed(field.data, self.purpose, within=FORM_LIFETIME)
        except tokens.ExpiredToken:
            raise ValidationError(
                _l("This page was open for a long time. Check your answers and send them again.")
            ) from None
        except tokens.ForgedToken:
            raise ValidationError(
                _l("This form was made for another page. Check your answers and send them again.")
            ) from None


@cache
def _messages_of_wtforms(language: str) -> Any:
    return translation("wtforms", messages_path(), [language], fallback=True)


class OfficeForm(FlaskForm):
    """A form behind the office's guard; its token is bound to the session."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, _form: Any) -> Any:
            # Flask-WTF would read the file again for each request.
            return _messages_of_wtforms(current_language().replace("-", "_"))

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            # Flask-WTF would take fields from a JSON body too, of any shape, and files for text;
            # people send words.
            if formdata is _Auto:
                return (_sent() or None) if form.is_submitted() else None
            return formdata

    def refusal_status(self) -> int:
        """Tell the HTTP status with which a form that failed is shown again."""
        return 400 if "csrf_token" in self.errors else 422


def _sent() -> Any:
    try:
        return request.form
    except RequestEntityTooLarge:
        # The page that says so may hold forms of its own: they are empty.
        return None


class ButtonForm(OfficeForm):
    """A button in the office: nothing is said with it but yes."""


class PublicForm(OfficeForm):
    """A form for strangers: needs no cookie, and keeps what was typed when it is shown again.

    Each class states its own `purpose`, such as "newsletter.subscribe"; its token is good for no
    other. One that only asks, and has no token, states none.
    """

    purpose: str = ""

    class Meta(OfficeForm.Meta):
        csrf = True
        csrf_class = StrangersToken
        csrf_field_name = "csrf_token"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # That of the class above is not its own.
        cls.purpose = cls.__dict__.get("purpose", "")
        if cls.purpose:
            _state(cls.purpose, cls)


class PublicButton:
    """A page, then a button, for strangers: what a link in a mail opens, which alone does nothing.

    Made once, beside its two doors: `confirm_…` shows the page, and `do_…` does what it says
    unless the press was `refused`. Its template is told the form and whatever the doors tell.
    """

    class Form(PublicForm):
        """Nothing is said with it but yes, to the button's purpose."""

        def __init__(self, purpose: str) -> None:
            self.purpose = purpose
            super().__init__()

    def __init__(self, template: str, *, purpose: str) -> None:
        self.template = template
        self._form = partial(self.Form, purpose)
        _state(purpose, self._form)

    def page(self, **shown: Any) -> str:
        """Show the page with the button."""
        return render_template(self.template, form=self._form(), **shown)

    def refused(self, **shown: Any) -> tuple[str, int] | None:
        """Show the page again when the press came from no such page of ours; else nothing."""
        form = self._form()
        if form.validate():
            return None
        return render_template(self.template, form=form, **shown), form.refusal_status()


def name_field(label: Any, *, required: Any = None, **options: Any) -> StringField:
    """Make the field for a person's name; `required` is the sentence when it is missing."""
    checks: list[Any] = [present(required)] if required else []
    return StringField(
        label,
        filters=[tidy_line],
        validators=[*checks, at_most(75), one_line(), persons_name()],
        render_kw={"autocomplete": "name"},
        **options,
    )


def email_field(label: Any, **options: Any) -> _EmailField:
    """Make the field for one e-mail address."""
    return _EmailField(
        label,
        validators=[present(_l("Enter your e-mail address.")), at_most(254), email_address()],
        render_kw={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
        **options,
    )


def line_field(label: Any, *, most: int, required: Any = None, **options: Any) -> StringField:
    """Make a field for one line of text."""
    checks: list[Any] = [present(required)] if required else []
    return StringField(
        label, filters=[tidy_line], validators=[*checks, at_most(most), one_line()], **options
    )


def text_field(label: Any, *, most: int, required: Any = None, **options: Any) -> TextAreaField:
    """Make a field for a text of several lines."""
    checks: list[Any] = [present(required)] if required else []
    return TextAreaField(
        label, filters=[tidy_text], validators=[*checks, at_most(most), plain_text()], **options
    )


def markdown_field(label: Any, *, most: int, **options: Any) -> TextAreaField:
    """Make a field for a text in Markdown, whose comments nobody else may read."""
    field = text_field(label, most=most, **options)
    field.kwargs["validators"].append(closed_comments())
    return field
