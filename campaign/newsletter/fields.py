"""The newsletter's own fields: greeting, the reader's name, country and language, the way out."""

from datetime import datetime

from campaign.languages import _, country_name, language_name
from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import Recipient, Value, field
from campaign.people import links
from campaign.people.models import Purpose

# No row has it: its link opens the page, and its button changes nothing.
NOBODY = 0


def dear(name: str) -> str:
    """Begin a mail to somebody by name, or kindly without one."""
    return str(_("Dear %(name)s,", name=name) if name else _("Dear reader,"))


@field("greeting", _l("the greeting with which every issue begins"), by=("name",))
def greeting(reader: Recipient, now: datetime) -> Value:
    """Greet the reader."""
    return Value(dear(reader.name))


@field("name", _l("the reader's name, if we know it"), by=("name",))
def name(reader: Recipient, now: datetime) -> Value:
    """Name the reader."""
    return Value(reader.name)


@field("country", _l("the reader's country, if we know it"), by=("country",))
def country(reader: Recipient, now: datetime) -> Value:
    """Name the reader's country in their language."""
    return Value(country_name(reader.country) if reader.country else "")


@field("language", _l("the language the reader gets this issue in"))
def language(reader: Recipient, now: datetime) -> Value:
    """Name the language of the text in that language."""
    return Value(language_name(reader.language))


@field("preferences", _l("the token of the link to choose"), by=("person_id",), is_hidden=True)
def preferences(reader: Recipient, now: datetime) -> Value:
    """Give the way to the reader's own choices."""
    return Value(links.preferences_token(reader.person_id or NOBODY, Purpose.NEWSLETTER))


@field("unsubscribe", _l("the token of the link to leave"), by=("person_id",), is_hidden=True)
def unsubscribe(reader: Recipient, now: datetime) -> Value:
    """Give the reader's own way out."""
    return Value(links.unsubscribe_token(reader.person_id or NOBODY, Purpose.NEWSLETTER))
