"""The craft of checking words: what keeps a text from being filled in for each of its readers."""

from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.mailings.rendering import (
    has_field_in_tag,
    has_stray_braces,
    unknown_field,
    write,
)
from campaign.refusals import Refusal
from campaign.templating import absolute


class UnknownField(Refusal):
    status = 422

    def __init__(self, name: str, near: list[str]) -> None:
        self.name = name
        if near:
            meant = ", ".join(near)
            super().__init__(
                _("There is no field “%(name)s”. Did you mean: %(meant)s?", name=name, meant=meant)
            )
        else:
            super().__init__(
                _("There is no field “%(name)s”. All fields are listed below the text.", name=name)
            )


class StrayBraces(Refusal):
    status = 422
    sentence = _l(
        "Two braces stand for a field, such as {{ name }} or {{ name | friend }}. These are no "
        "field: write them in another way, or leave one brace out."
    )


class FieldInTag(Refusal):
    status = 422
    sentence = _l(
        "A field cannot stand in an address or in the words of a picture, for these are the same "
        "for everybody. Put it into the text."
    )


class FieldInTitle(Refusal):
    status = 422
    sentence = _l(
        "The title also stands in the archive, where nobody knows who reads: it can hold no "
        "field. The subject can."
    )


def check_words(*, title: str, subject: str, preview: str, source: str) -> None:
    """Refuse a text whose fields cannot be filled in.

    Raises `FieldInTitle`, `UnknownField`, `StrayBraces` or `FieldInTag`.
    """
    if "{{" in title:
        raise FieldInTitle
    body = write(source, absolute=absolute)
    # The words of tags are no text; what stands there is refused for its place.
    if has_field_in_tag(body.html):
        raise FieldInTag
    mailed = (subject, preview, body.text, body.html)
    unknown = unknown_field(*mailed)
    if unknown is not None:
        raise UnknownField(*unknown)
    if has_stray_braces(*mailed):
        raise StrayBraces
