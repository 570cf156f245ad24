"""The craft of automations: which there are, what they say until somebody writes them anew."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from campaign.languages import _, force_locale, own_languages
from campaign.languages import lazy_gettext as _l
from campaign.newsletter.automations.models import Automation
from campaign.newsletter.policy import SECOND_WELCOME_DAYS, THIRD_WELCOME_DAYS
from campaign.templating import our_campaign

STEP = "welcome-"
WELCOME, DIGEST, REMINDER = f"{STEP}0", "digest", "reminder"


class Words(NamedTuple):
    """What an automation says in one language: a subject, and Markdown."""

    subject: str
    source: str


@dataclass(frozen=True)
class BuiltIn:
    """An automation as it comes with the program; `words` are in the locale of the moment."""

    label: Any
    about: Any
    words: Callable[[], Words]
    is_on: bool = False
    days: int = 0


def _welcome() -> Words:
    return Words(
        _("Welcome to the newsletter"),
        _(
            "Thank you. The newsletter comes to this address about once a month: what has "
            "happened, what comes next, and what you can do about it."
        )
        + _button("/newsletter", _("Read earlier issues")),
    )


def _acts() -> Words:
    return Words(
        _("Three things you can do"),
        _("You joined us a few days ago. Here are three things that help, the shortest first.")
        + _list(
            _("Tell one friend: pass on [what we ask for](/proposal)."),
            _("Write to your minister. It takes about ten minutes, and we help with the words."),
            _("Come to [a protest near you](/events)."),
        )
        + _button("/write", _("Write to your minister")),
    )


def _reasons() -> Words:
    return Words(
        _("Why we ask for a pause"),
        _("Perhaps somebody has asked you why. These pages answer what we are asked most often.")
        + _list(
            _("[What we ask for](/proposal)"),
            _("[What could go wrong](/risks)"),
            _("[Why it cannot wait](/urgency)"),
        ),
    )


def _digest() -> Words:
    return Words(
        _("What’s on this month"),
        "{{ events_this_month }}"
        + "\n\n"
        + _("Nothing near you? You can be the one who begins.")
        + _button("/contact", _("Write to us")),
    )


def _still() -> Words:
    return Words(
        _("Do you still want our newsletter?"),
        _(
            "A few days ago somebody, we hope it was you, asked us to send the newsletter of "
            "%(name)s to this address. Nobody has confirmed it yet.",
            name=our_campaign().name,
        ),
    )


def _list(*points: str) -> str:
    return "\n\n" + "\n".join(f"- {point}" for point in points)


def _button(path: str, label: str) -> str:
    return f"\n\n[**{label}**]({path})"


BUILT_IN: dict[str, BuiltIn] = {
    WELCOME: BuiltIn(_l("Welcome"), _l("As soon as somebody has confirmed."), _welcome, is_on=True),
    f"{STEP}1": BuiltIn(
        _l("Welcome, second mail"), _l("Some days later."), _acts, days=SECOND_WELCOME_DAYS
    ),
    f"{STEP}2": BuiltIn(
        _l("Welcome, third mail"), _l("Some days later."), _reasons, days=THIRD_WELCOME_DAYS
    ),
    DIGEST: BuiltIn(
        _l("What’s on this month"),
        _l("Once a month to everyone who subscribes, with the events of each reader’s country."),
        _digest,
    ),
    REMINDER: BuiltIn(
        _l("Reminder"),
        _l("Three days after somebody has asked and not confirmed; never a second time."),
        _still,
        is_on=True,
    ),
}


def is_step(key: str) -> bool:
    """Tell whether an automation is a step of the welcome."""
    return key.startswith(STEP)


def label_of(key: str) -> str:
    """Name an automation for organisers."""
    if key in BUILT_IN:
        return str(BUILT_IN[key].label)
    return str(_("Welcome, mail %(number)s", number=int(key.removeprefix(STEP)) + 1))


def words_in(automation: Automation, language: str) -> Words:
    """Give what a mail says to readers of a language: as written, else the program's words.

    A mail that has neither says what it says in the campaign's first language.
    """
    written = {text.language: Words(text.subject, text.source) for text in automation.texts}
    if language in written:
        return written[language]
    built_in = BUILT_IN.get(automation.key)
    if built_in is None:
        return written.get(own_languages()[0], Words("", ""))
    with force_locale(language):
        return built_in.words()


def digest_moment(automation: Automation, *, now: datetime, zone: str) -> datetime:
    """Give the moment of this month at which its mail goes, by the clocks of an IANA zone."""
    here = now.astimezone(ZoneInfo(zone))
    return _in_month(automation, here.date(), zone)


def next_digest(automation: Automation, *, now: datetime, zone: str) -> datetime:
    """Give the moment at which the mail of this month goes, or where that is past, of the next."""
    moment = digest_moment(automation, now=now, zone=zone)
    if moment > now:
        return moment
    return _in_month(automation, moment.date().replace(day=1) + timedelta(days=32), zone)


def _in_month(automation: Automation, day: date, zone: str) -> datetime:
    first = day.replace(day=1)
    days = (automation.weekday - first.weekday()) % 7 + 7 * (automation.week - 1)
    day = first + timedelta(days=days)
    return datetime.combine(day, time(automation.hour), ZoneInfo(zone))
