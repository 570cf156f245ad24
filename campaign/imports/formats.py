"""Formats: which program wrote a file of people, known by its columns, and what each column means.

The columns are those that the programs' own exports have today. Known by sight: our own; Substack's
`email_list.<name>.csv` (TryGhost/migrate, packages/mg-substack); Mailchimp's four files of an
audience, `subscribed_…`, `unsubscribed_…`, `cleaned_…` and `nonsubscribed_….csv`
(mailchimp.com/help/view-export-contacts); Action Network's reports (the statuses:
actionnetwork.org/docs/v2/people); listmonk's `subscribers.csv` (cmd/subscribers.go,
ExportSubscribers); and those of the table below. Whatever program wrote a file, a column whose name
states a status is understood, and one that may state it is asked about (`statuses`).

Long, for the programs and their columns are a table.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from campaign.folding import fold_name
from campaign.imports.statuses import (
    BOUNCED,
    KNOWN,
    LEFT,
    NO_STATUS,
    SEVERAL,
    UNCLEAR,
    meaning_of_name,
)
from campaign.languages import lazy_gettext as _l

OWN = "own"
OTHER = "other"
FORMATS = {
    OWN: _l("our own"),
    "substack": "Substack",
    "mailchimp": "Mailchimp",
    "action-network": "Action Network",
    "listmonk": "listmonk",
    "acymailing": "AcyMailing",
    "brevo": "Brevo",
    "buttondown": "Buttondown",
    "civicrm": "CiviCRM",
    "cleverreach": "CleverReach",
    "constant-contact": "Constant Contact",
    "ghost": "Ghost",
    "hubspot": "HubSpot",
    "keila": "Keila",
    "mailerlite": "MailerLite",
    "mailjet": "Mailjet",
    "mailpoet": "MailPoet",
    "mautic": "Mautic",
    "nationbuilder": "NationBuilder",
    "phplist": "phpList",
    "salesforce": "Salesforce",
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
    "newsletter": _l("newsletter: yes, no, left, bounced …"),
    "subscribed": _l("still subscribed: no, where they left"),
    "disabled": _l("wants no mail: yes"),
    "bounced": _l("their address failed: yes"),
    "complained": _l("complained: yes"),
    "reason": _l("why they are not written to: bounced, complained, never"),
    "agreed_at": _l("when they agreed"),
    "left_at": _l("when they left"),
    "bounced_at": _l("when or why their address failed"),
    "tags": _l("tags"),
    "attributes": _l("further facts (JSON)"),
}

# What is said of columns that fill no field.
LEFT_OUT = {
    "": _l("(left out)"),
    UNCLEAR: _l("(not clear yet)"),
    NO_STATUS: _l("(left out)"),
}

# What a column of addresses is called.
_EMAIL = """email|e mail|mail|email address|e mail address|mail address|emails|email primary|
e mail adresse|emailadresse|mailadresse|e mail addresse|adresse e mail|adresse email|adresse mail|
adresse electronique|adresse de courriel|adresse courriel|courriel|mel|correo|correo electronico|
direccion de correo electronico|direccion de correo|direccion de email|correu electronic|
indirizzo e mail|indirizzo email|indirizzo mail|posta elettronica|endereco de e mail|
endereco de email|endereco eletronico|correio eletronico|e mailadres|emailadres|mailadres|
adres e mail|adres email|adres mailowy|poczta|poczta elektroniczna|e postadress|epostadress|epost|
e post|e postadresse|epostadresse|mejl|mejladress|sahkoposti|sahkopostiosoite|e posta|eposta|
e posta adresi|netfang|tolvupostfang|e mailova adresa|emailova adresa|e mail cim|email cim|
adresa de e mail|adresa de email|adresa e mail|adresa email|e posta adresa|e postni naslov|
e pasts|e pasta adrese|el pastas|el pasto adresas|meil|e posti aadress|alamat email|surel|
thu dien tu|dia chi email|эл почта|электронная почта|адрес электронной почты|эл адрес|почта|имейл|
имеил|е mail|email адрес|е поща|електронна поща|електронна пошта|ел пошта|пошта|е пошта|
адреса електронної пошти|ηλεκτρονικο ταχυδρομειο|διευθυνση email|ηλ ταχυδρομειο|メール|
メールアドレス|eメール|eメールアドレス|電子メール|邮箱|电子邮件|电子邮箱|邮件地址|电子邮件地址|電子郵件|電子信箱|
이메일|이메일 주소|전자우편|البريد الإلكتروني|بريد إلكتروني|الإيميل|אימייל|
דואל|דוא ל|דואר אלקטרוני|ईमेल|อีเมล"""
# Within a longer name, such as "Your e-mail address (private)".
_HOLDS_EMAIL = re.compile(
    r"\b(e ?mail|courriel|correo electronico|sahkoposti|epost)|почт|メール|邮箱|메일"
)

# Folded names of columns -> field.
_USUAL = {fold_name(name): "email" for name in _EMAIL.replace("\n", "").split("|")} | {
    "name": "name", "full name": "name", "first name": "first_name",
    "fname": "first_name", "firstname": "first_name", "given name": "first_name",
    "vorname": "first_name", "last name": "last_name", "lname": "last_name",
    "lastname": "last_name", "surname": "last_name", "family name": "last_name",
    "nachname": "last_name", "country": "country", "country code": "country", "land": "country",
    "pays": "country", "city": "city", "town": "city", "ort": "city", "stadt": "city",
    "ville": "city", "language": "language", "lang": "language", "sprache": "language",
    "newsletter": "newsletter", "tags": "tags", "tag": "tags",
}  # fmt: skip
_OWN = {"email", "name", "country", "city", "language", "newsletter", "tags", "reason"}


class _Service(NamedTuple):
    name: str
    # The columns that no other file has together.
    marks: frozenset[str]
    columns: dict[str, str]


_SERVICES = (
    _Service(
        "substack",
        frozenset({"email", "active subscription"}),
        {
            "email disabled": "disabled", "created at": "agreed_at",
            # Whether they pay.
            "active subscription": NO_STATUS,
        },
    ),
    _Service(
        "mailchimp",
        frozenset({"member rating", "leid"}),
        {
            "optin time": "agreed_at", "confirm time": "agreed_at", "cc": "country",
            "unsub time": "left_at", "clean time": "bounced_at", "status": "newsletter",
            **dict.fromkeys(
                [
                    "unsub campaign title", "unsub campaign id", "unsub reason",
                    "unsub reason other", "clean campaign title", "clean campaign id",
                ],
                NO_STATUS,
            ),
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
    _Service(
        "acymailing",
        frozenset({"email", "active", "confirmed", "cms id"}),
        {"active": "subscribed", "confirmed": "newsletter"},
    ),
    _Service(
        "brevo",
        frozenset({"email", "email blacklisted"}),
        {"firstname": "first_name", "lastname": "last_name", "added time": "agreed_at"},
    ),
    _Service(
        "buttondown",
        frozenset({"email", "subscriber type"}),
        {"subscriber type": "newsletter", "creation date": "agreed_at"},
    ),
    # Its "mail" is what the post brings.
    _Service("civicrm", frozenset({"email", "is opt out"}), {"do not mail": NO_STATUS}),
    _Service(
        "civicrm",
        frozenset({"email", "no bulk emails user opt out"}),
        {"do not mail": NO_STATUS},
    ),
    _Service(
        "cleverreach",
        frozenset({"email", "registered", "activated", "deactivated"}),
        {"activated": "newsletter", "deactivated": "left_at", "registered": "agreed_at"},
    ),
    _Service(
        "cleverreach",
        frozenset({"registriert", "aktiviert", "deaktiviert"}),
        {"aktiviert": "newsletter", "deaktiviert": "left_at", "registriert": "agreed_at"},
    ),
    _Service(
        "constant-contact",
        frozenset({"email address", "email permission status"}),
        {"email permission status": "newsletter"},
    ),
    _Service(
        "ghost",
        frozenset({"email", "subscribed to emails"}),
        {"created at": "agreed_at", "deleted at": "left_at", "labels": "tags"},
    ),
    _Service("hubspot", frozenset({"email", "unsubscribed from all email"}), {}),
    _Service(
        "keila",
        frozenset({"email", "external id", "status", "data"}),
        {"status": "newsletter", "data": "attributes"},
    ),
    _Service(
        "mailerlite",
        frozenset({"subscriber", "sent", "opens", "clicks"}),
        {"subscriber": "email", "unsubscribed": "left_at"},
    ),
    _Service("mailjet", frozenset({"email", "isexcludedfromcampaigns"}), {}),
    _Service(
        "mailpoet",
        frozenset({"email", "global status"}),
        {"global status": "newsletter", "list status": "newsletter"},
    ),
    _Service("mautic", frozenset({"email", "donotcontact"}), {}),
    _Service(
        "nationbuilder",
        frozenset({"email", "nationbuilder id"}),
        {
            "email opt in": "subscribed", "tag list": "tags", "primary city": "city",
            "primary country code": "country",
        },
    ),
    _Service(
        "phplist",
        frozenset({"email", "confirmed", "blacklisted"}),
        {
            "confirmed": "newsletter", "bouncecount": NO_STATUS, "bounce count": NO_STATUS,
            "optedin": NO_STATUS,
        },
    ),
    _Service("salesforce", frozenset({"email", "hasoptedoutofemail"}), {}),
)  # fmt: skip


def recognised(header: Sequence[str]) -> tuple[str, list[str]]:
    """Tell which program wrote a header, and the field that each of its columns fills, or ""."""
    names = [fold_name(name) for name in header]
    service = next((one for one in _SERVICES if one.marks <= set(names)), None)
    is_own = service is None and set(names) <= _OWN
    known = dict(_USUAL)
    if service:
        known |= service.columns
    elif is_own:
        known["reason"] = "reason"
    mapping = [known[name] if name in known else meaning_of_name(name) for name in names]
    if "email" not in mapping:
        _find_addresses(names, mapping)
    # Of two columns for one thing the first counts; only of when and whether all do.
    for at, field in enumerate(mapping):
        if field in mapping[:at] and field not in SEVERAL | {UNCLEAR, NO_STATUS}:
            mapping[at] = ""
    if service:
        return service.name, mapping
    return (OWN if is_own else OTHER), mapping


def certainty(header: Sequence[str]) -> int:
    """Tell how surely a line names a column of addresses: 2 by its usual name, 1 perhaps, 0 not."""
    names = [fold_name(name) for name in header]
    if any(_USUAL.get(name) == "email" for name in names):
        return 2
    return int("email" in recognised(header)[1])


def _find_addresses(names: Sequence[str], mapping: list[str]) -> None:
    """Take the one column whose longer name speaks of mail and of nothing else for addresses."""
    found = [at for at, name in enumerate(names) if not mapping[at] and _HOLDS_EMAIL.search(name)]
    if len(found) == 1:
        mapping[found[0]] = "email"


def in_words(field: str) -> Any:
    """Say what a column is taken for."""
    return LEFT_OUT[field] if field in LEFT_OUT else FIELDS[field]


_FILE_SAYS = re.compile(
    r"\b(un|non|not) ?(sub|abonn)|\bcleaned\b|bounce|suppress|blacklist|blocklist|complain|"
    r"\bopt(ed)? ?outs?\b|do ?not ?((e ?)?mail|contact|send)|\bdnc\b|undeliver|invalid|inactive|"
    r"deleted|removed|pending|unconfirm|spam|abgemeldet|abmeld|abbestell|inaktiv|gesperrt|unzustell|unbestatigt|desabonn|"
    r"desinscri|disiscri|uitgeschreven|afgemeld|afmeld|wypisan|avregist|отпис|退订"
)
# Mailchimp's own names, whatever a computer has put before them.
_MAILCHIMP = re.compile(r"(?<![a-z])(un|non)?(sub)scribed_|(?<![a-z])(cleaned)_")


def status_of(file: str, *, service: str = "mailchimp") -> str:
    """Tell what a file's name says of everybody in it: a status, `UNCLEAR`, or "" for nothing."""
    found = _MAILCHIMP.search(file.lower()) if service == "mailchimp" else None
    if found:
        return BOUNCED if found[3] else {"un": LEFT, "non": KNOWN, None: ""}[found[1]]
    return UNCLEAR if _FILE_SAYS.search(fold_name(file.rpartition(".")[0] or file)) else ""
