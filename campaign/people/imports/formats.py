"""Formats: which service wrote a file of people, known by its columns, and what each column means.

The columns are those that the services' own exports have today:

- Substack, `email_list.<name>.csv` of Settings > Exports: email, active_subscription, expiry, plan,
  email_disabled, created_at, first_payment_at; before 2024 without plan and with prefer_digests
  (read by Ghost's migration tool, TryGhost/migrate, packages/mg-substack).
- Mailchimp, "Export audience": `subscribed_…`, `unsubscribed_…`, `cleaned_…` and
  `nonsubscribed_….csv`, with "Email Address", the audience's own fields such as "First Name", then
  MEMBER_RATING, OPTIN_TIME, OPTIN_IP, CONFIRM_TIME, CONFIRM_IP, LATITUDE, LONGITUDE, GMTOFF,
  DSTOFF, TIMEZONE, CC, REGION, (UNSUB_… or CLEAN_…), LAST_CHANGED, LEID, EUID, NOTES, TAGS; times
  are in UTC (mailchimp.com/help/view-export-contacts).
- Action Network, a report or the export of all activists: uuid, first_name, last_name, email,
  can2_user_address, can2_user_city, can2_state_abbreviated, zip_code, country, can2_user_tags,
  can2_subscription_status, can2_subscription_date, … (help.actionnetwork.org; the statuses are
  those of its API, actionnetwork.org/docs/v2/people).
- listmonk, `subscribers.csv`: uuid, email, name, attributes (JSON), status, created_at, updated_at
  (knadh/listmonk, cmd/subscribers.go, ExportSubscribers).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from campaign.languages import lazy_gettext as _l

OWN = "own"
OTHER = "other"
FORMATS = {
    OWN: _l("our own"),
    "substack": "Substack",
    "mailchimp": "Mailchimp",
    "action-network": "Action Network",
    "listmonk": "listmonk",
    OTHER: _l("another table"),
}

# What a column may fill, in words for those who choose.
FIELDS = {
    "email": _l("e-mail address"),
    "name": _l("name"),
    "first_name": _l("first name"),
    "last_name": _l("last name"),
    "country": _l("country"),
    "city": _l("city"),
    "language": _l("language"),
    "newsletter": _l("newsletter: yes, or left"),
    "agreed_at": _l("when they agreed"),
    "left_at": _l("when they left"),
    "bounced_at": _l("when their address failed"),
    "disabled": _l("wants no mail: true"),
    "tags": _l("tags"),
    "attributes": _l("further facts (JSON)"),
}

# Folded names of columns -> field.
_USUAL = {
    "email": "email", "e mail": "email", "email address": "email", "e mail address": "email",
    "mail": "email", "name": "name", "full name": "name", "first name": "first_name",
    "fname": "first_name", "firstname": "first_name", "given name": "first_name",
    "vorname": "first_name", "last name": "last_name", "lname": "last_name",
    "lastname": "last_name", "surname": "last_name", "family name": "last_name",
    "nachname": "last_name", "country": "country", "country code": "country", "land": "country",
    "pays": "country", "city": "city", "town": "city", "ort": "city", "stadt": "city",
    "ville": "city", "language": "language", "lang": "language", "sprache": "language",
    "newsletter": "newsletter", "tags": "tags", "tag": "tags",
}  # fmt: skip
_OWN = {"email", "name", "country", "city", "language", "newsletter", "tags"}


class _Service(NamedTuple):
    name: str
    # The columns that no other file has together.
    marks: frozenset[str]
    columns: dict[str, str]


_SERVICES = (
    _Service(
        "substack",
        frozenset({"email", "active subscription"}),
        {"email disabled": "disabled", "created at": "agreed_at"},
    ),
    _Service(
        "mailchimp",
        frozenset({"member rating", "leid"}),
        {
            "optin time": "agreed_at", "confirm time": "agreed_at", "cc": "country",
            "unsub time": "left_at", "clean time": "bounced_at", "status": "newsletter",
        },
    ),
    _Service(
        "action-network",
        frozenset({"email", "can2 subscription status"}),
        {
            "can2 user city": "city", "can2 user tags": "tags",
            "can2 subscription status": "newsletter", "can2 subscription date": "agreed_at",
            "languages spoken": "language",
        },
    ),
    _Service(
        "listmonk",
        frozenset({"uuid", "email", "attributes", "status"}),
        {"attributes": "attributes", "status": "newsletter"},
    ),
)  # fmt: skip


def recognised(header: Sequence[str]) -> tuple[str, list[str]]:
    """Tell which service wrote a header, and the field that each of its columns fills, or ""."""
    names = [_folded(name) for name in header]
    service = next((one for one in _SERVICES if one.marks <= set(names)), None)
    known = _USUAL | (service.columns if service else {})
    mapping = [known.get(name, "") for name in names]
    # Of two columns for one thing the first counts; only times may stand in several.
    for at, field in enumerate(mapping):
        if field in mapping[:at] and field != "agreed_at":
            mapping[at] = ""
    if service:
        return service.name, mapping
    # Without a service's word for it, `status` and the like could be anything.
    return (OWN if set(header) <= _OWN else OTHER), mapping


def standing_of(file: str) -> str:
    """Tell what a file's name says of everybody in it, as Mailchimp names its files."""
    found = re.match(r"(un|non)?(sub)scribed_|(cleaned)_", file.lower())
    if not found:
        return ""
    return "bounced" if found[3] else {"un": "left", "non": "known", None: ""}[found[1]]


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()
