"""The fields of every mail to many: greeting, the reader's name, country and language."""

from datetime import datetime
from functools import lru_cache

from campaign.languages import _, country_name, force_locale, language_name
from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import Recipient, Value, field

# How every mail to many begins.
GREETING = "{{ greeting }}"


def dear(name: str) -> str:
    """Begin a mail to somebody by name, or kindly without one."""
    return str(_("Dear %(name)s,", name=name) if name else _("Dear reader,"))


# Stands for a name while the greeting is translated; no name holds it.
_NAME = "\x00"


@lru_cache
def _dear_in(language: str) -> tuple[str, str]:
    # Once a language, not once a reader: translating cost more than all the rest of a mail.
    with force_locale(language):
        return dear(_NAME), dear("")


@field("greeting", _l("the greeting with which every mail begins"), by=("name",), is_plain=True)
def greeting(reader: Recipient, now: datetime) -> Value:
    """Greet the reader."""
    named, nameless = _dear_in(reader.language)
    return Value(named.replace(_NAME, reader.name) if reader.name else nameless)


@field("name", _l("the reader's name, if we know it"), by=("name",), is_plain=True)
def name(reader: Recipient, now: datetime) -> Value:
    """Name the reader."""
    return Value(reader.name)


@field("country", _l("the reader's country, if we know it"), by=("country",))
def country(reader: Recipient, now: datetime) -> Value:
    """Name the reader's country in their language."""
    return Value(country_name(reader.country) if reader.country else "")


@field("language", _l("the language the reader gets this mail in"))
def language(reader: Recipient, now: datetime) -> Value:
    """Name the language of the text in that language."""
    return Value(language_name(reader.language))
