"""What we write to those who sign up: the invitation, its changes, and its end."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Self

from markupsafe import Markup

from campaign import markup, tokens
from campaign.events import calendar, external_links
from campaign.events.calendar import Party
from campaign.events.models import Event
from campaign.events.sign_ups.models import SignUp, SignUpAsk
from campaign.languages import _, force_locale, short_date
from campaign.languages import lazy_gettext as _l
from campaign.outbox.fields import Recipient, Value, field_of_mails
from campaign.outbox.kinds import Kind, kind
from campaign.outbox.mail import Content, Mail
from campaign.outbox.placeholders import Placeholders
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
    return _about(
        INVITATION,
        sign_up,
        event,
        person,
        says=_Says.of(sign_up, ask, now=stamp),
        fields=_calendar_fields(sign_up, event, stamp) | _ask_fields(ask),
        is_own_act=True,
    )


def changed(
    sign_up: SignUp,
    event: Event,
    person: Person,
    *,
    ask: SignUpAsk | None = None,
    stamp: datetime,
) -> Mail:
    """Write that an event has another time or place, with the invitation as it now is."""
    return _about(
        CHANGED,
        sign_up,
        event,
        person,
        # It speaks of no guests.
        says=_Says.of(sign_up, ask, now=stamp)._replace(guests=0, asked_guests=0),
        fields=_calendar_fields(sign_up, event, stamp) | _ask_fields(ask),
    )


def withdrawn(sign_up: SignUp, event: Event, person: Person, *, stamp: datetime) -> Mail:
    """Write that somebody has withdrawn, and take the entry out of their calendar."""
    fields = _calendar_fields(sign_up, event, stamp)
    return _about(WITHDRAWN, sign_up, event, person, fields=fields, is_own_act=True)


def called_off(sign_up: SignUp, event: Event, person: Person, *, stamp: datetime) -> Mail:
    """Write that an event does not take place, and take the entry out of their calendar."""
    fields = _calendar_fields(sign_up, event, stamp)
    return _about(CALLED_OFF, sign_up, event, person, fields=fields)


def declined(sign_up: SignUp, event: Event, person: Person, *, undo: SignUpAsk) -> Mail:
    """Write that a calendar has declined for somebody, with the button that takes it back."""
    return _about(DECLINED, sign_up, event, person, fields=_ask_fields(undo))


def question(sign_up: SignUp, event: Event, person: Person) -> Mail:
    """Ask whether a mail from another address, which declined for somebody, was theirs."""
    return _about(QUESTION, sign_up, event, person)


# kind -> (template, calendar method, or nothing where the calendar is right already)
_SHAPES = {
    INVITATION: ("invitation", "REQUEST"),
    CHANGED: ("changed", "REQUEST"),
    WITHDRAWN: ("withdrawn", "CANCEL"),
    CALLED_OFF: ("called_off", "CANCEL"),
    DECLINED: ("declined", ""),
    QUESTION: ("question", ""),
}


class _Says(NamedTuple):
    """What such a mail says besides the event: by it, mails about one event differ in words."""

    is_coming: bool = False
    guests: int = 0
    # Of what a form asked for and waits for its button: nothing where there is no such form.
    is_asked: bool = False
    asked_guests: int = 0
    asks_for_news: bool = False
    # So long, in hours, seats are reserved for it; none where nothing was left to reserve for this
    # connection or mailbox, or it has expired.
    hours: int = 0
    keeps_all: bool = False

    @classmethod
    def of(cls, sign_up: SignUp, ask: SignUpAsk | None, *, now: datetime) -> Self:
        """Tell it of a sign-up, and of what a form asked for."""
        said = cls(sign_up.is_coming, sign_up.guests if sign_up.is_coming or not ask else 0)
        if ask is None:
            return said
        # Whole hours from now; the moment that a worker takes to write this is not worth one.
        hours = (ask.reserved_until - now + timedelta(minutes=5)) // timedelta(hours=1)
        return said._replace(
            is_asked=True,
            asked_guests=ask.guests,
            asks_for_news=bool(ask.news),
            hours=max(0, hours) if ask.seats else 0,
            keeps_all=ask.seats > ask.guests,
        )


# What each mail brings along for its text, and what is made of it when it is sent.


def _calendar_fields(sign_up: SignUp, event: Event, stamp: datetime) -> dict[str, Any]:
    return {
        "stamp": calendar.stamp_of(stamp),
        "sequence": event.sequence + sign_up.revisions,
    }


def _ask_fields(ask: SignUpAsk | None) -> dict[str, Any]:
    return {"ask": ask.id} if ask else {}


@field_of_mails("give_up")
def _give_up(reader: Recipient, now: datetime) -> Value:
    return Value(tokens.sign(WITHDRAW, reader.fields["token"]))


@field_of_mails("coming")
def _coming(reader: Recipient, now: datetime) -> Value:
    return Value(tokens.sign(COMING, reader.fields["ask"]))


@field_of_mails("attendee")
def _attendee(reader: Recipient, now: datetime) -> Value:
    return Value(calendar.attendee_line(Party(reader.name, reader.email)))


def withdraw_token(sign_up: SignUp) -> str:
    """Make the token of the link that withdraws: signed, so knowing `token` is no use."""
    return tokens.sign(WITHDRAW, sign_up.token)


def _about(
    kind: Kind,
    sign_up: SignUp,
    event: Event,
    person: Person,
    *,
    says: _Says | None = None,
    fields: dict[str, Any] | None = None,
    is_own_act: bool = False,
) -> Mail:
    said = says or _Says()
    language, has_name = language_of(person), bool(person.name)
    return Mail(
        kind=kind,
        to=person.email,
        # Theirs: what a form said they are called stands on no person (`people.verbs.meet`).
        to_name=person.name,
        person_id=person.id,
        key=(event.id, event.revised_at, language, has_name, said),
        write=lambda field: _write(kind, event, language, said, field, has_name=has_name),
        fields={"token": sign_up.token, **(fields or {})},
        thread=f"sign-up:{sign_up.id}",
        is_own_act=is_own_act,
    )


def _write(
    kind: Kind,
    event: Event,
    language: str,
    said: _Says,
    field: Placeholders,
    *,
    has_name: bool,
) -> Content:
    """Write what all such mails about an event say; whoever gets one is a field in it."""
    template, method = _SHAPES[kind]
    url = public_url("events.event", slug=event.slug)
    with force_locale(language):
        subject = _subject(kind, event, is_coming=said.is_coming)
        text, html = render_mail(
            f"events/mail/{template}",
            **said._asdict(),
            **_words(event, field, url=url),
            name=field("name") if has_name else "",
        )
    return Content(
        subject=subject,
        text=text,
        html=html,
        calendar=_calendar(method, event, field, url=url) if method else "",
        calendar_method=method,
        language=language,
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


def _words(event: Event, field: Placeholders, *, url: str) -> dict[str, Any]:
    base = our_campaign().base_url
    return {
        "event": event,
        "url": url,
        "bring": _prose(event.bring, base, "bring"),
        "access": _prose(event.access, base, "access"),
        "google": external_links.google(event, url=url),
        "outlook": external_links.outlook(event, url=url),
        "file": public_url("events.event_file", slug=event.slug),
        "confirm": public_url("sign_ups.confirm_coming", token=field("coming")),
        "withdraw": public_url("sign_ups.confirm_withdraw", token=field("give_up")),
        "never": not_me_url(field("never")),
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


def _calendar(method: str, event: Event, field: Placeholders, *, url: str) -> str:
    ours = our_campaign()
    write = calendar.request if method == "REQUEST" else calendar.cancellation
    return write(
        event,
        url=url,
        organizer=Party(ours.name, f"rsvp+{field('token')}@{ours.mail_domain}"),
        attendee=field("attendee"),
        sequence=field("sequence"),
        stamp=field("stamp"),
    )
