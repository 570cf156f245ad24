"""What we write to those who sign up: the invitation, its changes, and its end."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from campaign import markup, tokens
from campaign.events import calendar, external_links
from campaign.events.calendar import Party
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.languages import _, force_locale, short_date
from campaign.languages import lazy_gettext as _l
from campaign.outbox.kinds import Kind, kind
from campaign.outbox.mail import Mail
from campaign.people.mail_links import not_me_url
from campaign.people.mails import language_of
from campaign.people.models import Person
from campaign.plain_text import plain
from campaign.templating import our_campaign, public_url, render_mail

INVITATION = kind("invitation", _l("invitation to an event"))
CHANGED = kind("event-changed", _l("event changed"))
CALLED_OFF = kind("event-called-off", _l("event called off"))
WITHDRAWN = kind("sign-up-withdrawn", _l("place given up"))
DECLINED = kind("sign-up-declined", _l("place given up by a calendar"))
QUESTION = kind("sign-up-question", _l("please confirm: place given up"))
# What an organiser writes to all who come (`event_mails`): by it, giving up a place finds what
# waits.
NEWS = kind("event-news", _l("mail to those who come to an event"))
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
    return _write(CHANGED, sign_up, event, person, stamp=stamp, is_own_act=False, **more)


def _asked(ask: SignUpAsk | None, *, now: datetime) -> dict[str, Any]:
    if ask is None:
        return {"confirm": "", "asked_guests": 0, "asks_for_news": False, "hours": 0}
    # Whole hours from now; the moment that a worker takes to write this is not worth one.
    hours = (ask.reserved_until - now + timedelta(minutes=5)) // timedelta(hours=1)
    return {
        "confirm": coming_url(ask),
        "asked_guests": ask.guests,
        "asks_for_news": bool(ask.news),
        # None where nothing was left to reserve for this connection or mailbox, or it has expired.
        "hours": max(0, hours) if ask.seats else 0,
        "keeps_all": ask.seats > ask.guests,
    }


def withdrawn(sign_up: SignUp, event: Event, person: Person, *, stamp: datetime) -> Mail:
    """Write that somebody has withdrawn, and take the entry out of their calendar."""
    return _write(WITHDRAWN, sign_up, event, person, stamp=stamp, is_own_act=True)


def called_off(sign_up: SignUp, event: Event, person: Person, *, stamp: datetime) -> Mail:
    """Write that an event does not take place, and take the entry out of their calendar."""
    return _write(CALLED_OFF, sign_up, event, person, stamp=stamp, is_own_act=False)


def declined(sign_up: SignUp, event: Event, person: Person, *, undo: SignUpAsk) -> Mail:
    """Write that a calendar has declined for somebody, with the button that takes it back."""
    return _write(DECLINED, sign_up, event, person, is_own_act=False, confirm=coming_url(undo))


def question(sign_up: SignUp, event: Event, person: Person) -> Mail:
    """Ask whether a mail from another address, which declined for somebody, was theirs."""
    return _write(QUESTION, sign_up, event, person, is_own_act=False)


# kind -> (template, calendar method, or nothing where the calendar is right already)
_SHAPES = {
    INVITATION: ("invitation", "REQUEST"),
    CHANGED: ("changed", "REQUEST"),
    WITHDRAWN: ("withdrawn", "CANCEL"),
    CALLED_OFF: ("called_off", "CANCEL"),
    DECLINED: ("declined", ""),
    QUESTION: ("question", ""),
}


def withdraw_token(sign_up: SignUp) -> str:
    """Make the token of the link that withdraws: signed, so knowing `token` is no use."""
    return tokens.sign(WITHDRAW, sign_up.token)


def coming_url(ask: SignUpAsk) -> str:
    """Give the address of the page with the button that makes true what a form asked for."""
    return public_url("sign_ups.confirm_coming", token=tokens.sign(COMING, ask.id))


def _write(
    kind: Kind,
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
    written = ""
    if stamp is not None:
        written = _calendar(method, sign_up, event, person, url=words["url"], stamp=stamp)
    return Mail(
        kind=kind,
        to=person.email,
        to_name=person.name,
        person_id=person.id,
        subject=subject,
        text=text,
        html=html,
        calendar=written,
        calendar_method=method,
        thread=f"sign-up:{sign_up.id}",
        is_own_act=is_own_act,
    )


def _subject(kind: Kind, event: Event, *, is_coming: bool) -> str:
    # Where and when come first: on a phone the rest of a long title is cut off.
    words = {"city": event.city, "day": short_date(event.starts_on)}
    if kind == CHANGED:
        return str(_("Changed: %(city)s, %(day)s", **words))
    if kind == WITHDRAWN:
        return str(_("You gave up your place: %(city)s, %(day)s", **words))
    if kind == CALLED_OFF:
        return str(_("Called off: %(city)s, %(day)s", **words))
    if kind == DECLINED:
        return str(_("Your calendar says no: %(city)s, %(day)s", **words))
    if kind == QUESTION:
        return str(_("Can you not come? %(city)s, %(day)s", **words))
    if is_coming:
        return str(_("You are signed up: %(city)s, %(day)s", **words))
    return str(_("Are you coming? %(city)s, %(day)s", **words))


def _words(sign_up: SignUp, event: Event, person: Person) -> dict[str, Any]:
    url = public_url("events.event", slug=event.slug)
    base = our_campaign().base_url
    return {
        "event": event,
        "is_coming": sign_up.is_coming,
        "guests": sign_up.guests,
        # Theirs: what a form said they are called stands on no person (`people.verbs.meet`).
        "name": person.name,
        "url": url,
        "bring": _prose(event.bring, base, "bring"),
        "access": _prose(event.access, base, "access"),
        "google": external_links.google(event, url=url),
        "outlook": external_links.outlook(event, url=url),
        "file": public_url("events.event_file", slug=event.slug),
        "withdraw": public_url("sign_ups.confirm_withdraw", token=withdraw_token(sign_up)),
        "never": not_me_url(person),
    }


@lru_cache(maxsize=500)
def _prose(source: str, base: str, field: str) -> dict[str, str]:
    """Render organisers' words for both halves of a mail, its own paths as full addresses."""

    def absolute(path: str) -> str:
        return external_links.whole(path, base=base)

    html = markup.complete_links(markup.render(source, field=field).html, absolute=absolute)
    return {
        "text": plain(source, absolute=absolute).strip(),
        "html": Markup(html),  # noqa: S704 - cleaned by `markup`
    }


def _calendar(
    method: str, sign_up: SignUp, event: Event, person: Person, *, url: str, stamp: datetime
) -> str:
    ours = our_campaign()
    write = calendar.request if method == "REQUEST" else calendar.cancellation
    return write(
        event,
        url=url,
        organizer=Party(ours.name, f"rsvp+{sign_up.token}@{ours.mail_domain}"),
        attendee=Party(person.name, person.email),
        sequence=event.sequence + sign_up.revisions,
        stamp=stamp,
    )
