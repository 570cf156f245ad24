"""What we write to those who sign up: the invitation, its changes, and its end."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import current_app
from markupsafe import Markup

from campaign import markup, tokens
from campaign.events import calendar, links
from campaign.events.calendar import Party
from campaign.events.models import SEATS_HELD, Event, SignUp, SignUpAsk
from campaign.languages import _, force_locale, short_date
from campaign.outbox.mail import Mail
from campaign.people.links import not_me_url
from campaign.people.mails import language_of
from campaign.people.models import Person
from campaign.plain_text import plain
from campaign.templating import public_url, render_mail

INVITATION = "invitation"
DECLINED = "sign-up-declined"
QUESTION = "sign-up-question"
# What a link of a mail is for; a link for one does not open the other.
WITHDRAW, COMING = "withdraw", "coming"


def invitation(
    sign_up: SignUp,
    event: Event,
    person: Person,
    *,
    ask: SignUpAsk | None = None,
    stamp: datetime,
) -> Mail:
    """Write the invitation to an event, which calendars understand (RFC 6047).

    With the button that makes true what a form asked for. Nothing that was typed there stands in
    it, but for the number of guests.
    """
    more = _asked(ask, now=stamp)
    return _write(INVITATION, sign_up, event, person, stamp=stamp, is_own_act=True, **more)


def changed(
    sign_up: SignUp,
    event: Event,
    person: Person,
    *,
    ask: SignUpAsk | None = None,
    stamp: datetime,
) -> Mail:
    """Write that an event has another time or place, with the invitation as it now is."""
    more = _asked(ask, now=stamp)
    return _write("event-changed", sign_up, event, person, stamp=stamp, is_own_act=False, **more)


def _asked(ask: SignUpAsk | None, *, now: datetime) -> dict[str, Any]:
    if ask is None:
        return {"confirm": "", "asked_guests": 0, "asks_for_news": False, "hours": 0}
    # Whole hours from now; the moment that a worker takes to write this is not worth one.
    hours = (ask.asked_at + SEATS_HELD - now + timedelta(minutes=5)) // timedelta(hours=1)
    return {
        "confirm": coming_url(ask),
        "asked_guests": ask.guests,
        "asks_for_news": bool(ask.news),
        # None where seats of this connection or mailbox had run out, or have lapsed.
        "hours": max(0, hours) if ask.seats else 0,
        "keeps_all": ask.seats > ask.guests,
    }


def withdrawn(sign_up: SignUp, event: Event, person: Person, *, stamp: datetime) -> Mail:
    """Write that somebody has given up their place, and take the entry out of their calendar."""
    return _write("sign-up-withdrawn", sign_up, event, person, stamp=stamp, is_own_act=True)


def called_off(sign_up: SignUp, event: Event, person: Person, *, stamp: datetime) -> Mail:
    """Write that an event does not take place, and take the entry out of their calendar."""
    return _write("event-called-off", sign_up, event, person, stamp=stamp, is_own_act=False)


def declined(sign_up: SignUp, event: Event, person: Person, *, back: SignUpAsk) -> Mail:
    """Write that a calendar gave somebody's place up, with the button that takes it back."""
    return _write(DECLINED, sign_up, event, person, is_own_act=False, confirm=coming_url(back))


def question(sign_up: SignUp, event: Event, person: Person) -> Mail:
    """Ask whether a mail from another address, which gave somebody's place up, was theirs."""
    return _write(QUESTION, sign_up, event, person, is_own_act=False)


# kind -> (template, calendar method, or nothing where the calendar is right already)
_SHAPES = {
    INVITATION: ("invitation", "REQUEST"),
    "event-changed": ("changed", "REQUEST"),
    "sign-up-withdrawn": ("withdrawn", "CANCEL"),
    "event-called-off": ("called_off", "CANCEL"),
    DECLINED: ("declined", ""),
    QUESTION: ("question", ""),
}


def withdraw_token(sign_up: SignUp) -> str:
    """Make the token of the link that gives a place up: signed, so knowing `token` is no use."""
    return tokens.sign(WITHDRAW, sign_up.token)


def coming_url(ask: SignUpAsk) -> str:
    """Give the address of the page with the button that makes true what a form asked for."""
    return public_url("events.coming", token=tokens.sign(COMING, ask.id))


def _write(
    kind: str,
    sign_up: SignUp,
    event: Event,
    person: Person,
    *,
    stamp: datetime | None = None,
    is_own_act: bool,
    **more: Any,
) -> Mail:
    template, method = _SHAPES[kind]
    with force_locale(language_of(person)):
        subject = _subject(kind, event, is_coming=sign_up.is_coming)
        words = _words(sign_up, event, person)
        text, html = render_mail(f"events/mail/{template}", **words, **more)
    return Mail(
        kind=kind,
        to=person.email,
        to_name=person.name,
        person_id=person.id,
        subject=subject,
        text=text,
        html=html,
        calendar=_calendar(method, sign_up, event, person, stamp=stamp) if stamp else "",
        calendar_method=method,
        thread=f"sign-up:{sign_up.id}",
        is_own_act=is_own_act,
    )


def _subject(kind: str, event: Event, *, is_coming: bool) -> str:
    # Where and when come first: on a phone the rest of a long title is cut off.
    words = {"city": event.city, "day": short_date(event.starts_on)}
    match kind:
        case "event-changed":
            return str(_("Changed: %(city)s, %(day)s", **words))
        case "sign-up-withdrawn":
            return str(_("You gave up your place: %(city)s, %(day)s", **words))
        case "event-called-off":
            return str(_("Called off: %(city)s, %(day)s", **words))
        case "sign-up-declined":
            return str(_("Your calendar says no: %(city)s, %(day)s", **words))
        case "sign-up-question":
            return str(_("Can you not come? %(city)s, %(day)s", **words))
    if is_coming:
        return str(_("You are signed up: %(city)s, %(day)s", **words))
    return str(_("Are you coming? %(city)s, %(day)s", **words))


def _words(sign_up: SignUp, event: Event, person: Person) -> dict[str, Any]:
    url = public_url("events.event", slug=event.slug)
    base = current_app.config["BASE_URL"]
    return {
        "event": event,
        "is_coming": sign_up.is_coming,
        "guests": sign_up.guests,
        # Theirs: what a form said they are called stands on no person (`people.verbs.meet`).
        "name": person.name,
        "url": url,
        "bring": _prose(event.bring, base, "bring"),
        "access": _prose(event.access, base, "access"),
        "google": links.google(event, url=url),
        "outlook": links.outlook(event, url=url),
        "file": public_url("events.event_file", slug=event.slug),
        "withdraw": public_url("events.withdraw", token=withdraw_token(sign_up)),
        "never": not_me_url(person),
    }


@lru_cache(maxsize=500)
def _prose(source: str, base: str, field: str) -> dict[str, str]:
    """Render organisers' words for both halves of a mail, its own paths as full addresses."""

    def absolute(path: str) -> str:
        return links.whole(path, base=base)

    html = markup.complete_links(markup.render(source, field=field).html, absolute=absolute)
    return {
        "text": plain(source, absolute=absolute).strip(),
        "html": Markup(html),  # noqa: S704 - cleaned by `markup`
    }


def _calendar(
    method: str, sign_up: SignUp, event: Event, person: Person, *, stamp: datetime
) -> str:
    name, domain = current_app.config["NAME"], current_app.config["MAIL_DOMAIN"]
    write = calendar.request if method == "REQUEST" else calendar.cancellation
    return write(
        event,
        url=public_url("events.event", slug=event.slug),
        organizer=Party(name, f"rsvp+{sign_up.token}@{domain}"),
        attendee=Party(person.name, person.email),
        sequence=event.sequence + sign_up.revisions,
        stamp=stamp,
    )
