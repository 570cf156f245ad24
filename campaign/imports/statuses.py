"""Statuses: what a column of a file says of whether somebody may be written to.

Every program writes this in a way of its own, and to read it as nothing would subscribe those who
left. So a column that may say it is either understood or asked about, never passed over.
Long, for half of it is those words: a table.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from campaign.folding import fold_name
from campaign.languages import lazy_gettext as _l
from campaign.refusals import Refusal

# How a person stands to the newsletter, from the least that may be sent to the most.
NEVER = "never"
COMPLAINED = "complained"
BOUNCED = "bounced"
LEFT = "left"
# Not subscribed: said no, or has not confirmed.
KNOWN = "known"
SUBSCRIBED = "subscribed"
STRICTEST = (NEVER, COMPLAINED, BOUNCED, LEFT, KNOWN, SUBSCRIBED)

# What stands in a mapping for a column that somebody has to say the meaning of, and for one of
# which they have said that it is no status.
UNCLEAR = "?"
NO_STATUS = "no_status"

# What `yes` and `no` say in a column of each kind; "" is nothing.
_KINDS = {
    "newsletter": (SUBSCRIBED, KNOWN),
    "subscribed": (SUBSCRIBED, LEFT),
    "disabled": (LEFT, ""),
    "bounced": (BOUNCED, ""),
    "complained": (COMPLAINED, ""),
    "reason": (NEVER, ""),
}
# A moment, or a reason in words: whatever stands there says that it happened.
_MOMENTS = {"left_at": LEFT, "bounced_at": BOUNCED}
FIELDS = frozenset({*_KINDS, *_MOMENTS})
# Several columns may fill these: the more careful one wins.
SEVERAL = FIELDS | {"agreed_at"}


_YES = """yes|y|true|t|1|x|on|ja|j|wahr|oui|o|vrai|si|s|verdadero|vero|sim|verdadeiro|tak|prawda|
waar|sant|sand|tosi|kylla|igaz|igen|ano|да|истина|так|да|правда|evet|dogru|はい|是|真|예|ναι|
نعم|כן|✓|✔"""
_NO = """no|n|false|f|0|off|none|null|nil|nan|n a|na|nein|falsch|unwahr|non|faux|falso|nao|nie|
falsz|nee|onwaar|nej|falskt|falsk|usant|nei|epatosi|ei|nem|hamis|ne|nepravda|нет|ложь|ні|
хибність|не|hayir|yanlis|いいえ|否|假|아니오|οχι|لا|לא|0000 00 00|0000 00 00 00 00 00|not on hold"""
_WORDS = {
    SUBSCRIBED: """subscribed|subscriber|active|enabled|confirmed|activated|opted in|opt in|optin|
regular|premium|express|implied|confirmed opt in|single opt in|double opt in|abonniert|angemeldet|
bestatigt|aktiv|aktiviert|abonne|abonnee|inscrit|inscrite|actif|suscrito|suscrita|activo|iscritto|
iscritta|attivo|ingeschreven|geabonneerd|actief|zapisany|aktywny|inscrito|ativo|prenumererar|
подписан|активен""",
    KNOWN: """pending|unconfirmed|not confirmed|nonsubscribed|non subscribed|not subscribed|
never subscribed|transactional|known|registered|unactivated|requires verification|
awaiting confirmation|soft bounce|soft bounced|unbestatigt|ausstehend|en attente|pendiente|
in attesa|no email|no mail|no e mail|nomail|nicht abonniert|nicht angemeldet|nicht bestatigt|
non abonne|non inscrit|non inscrite|non iscritto|non iscritta|no suscrito|no suscrita|
niet ingeschreven|niet geabonneerd|nao inscrito""",
    LEFT: """left|unsubscribed|unsubscribe|unsub|opted out|opt out|optout|opt out pending|inactive|
deactivated|disabled|archived|removed|deleted|cancelled|canceled|previous bounce|on hold opt out|
do not contact|do not email|do not mail|dnc|blacklisted|blocked|suppressed|globally unsubscribed|
abgemeldet|abbestellt|ausgetragen|deaktiviert|gekundigt|gesperrt|desabonne|desabonnee|
desinscrit|desinscrite|inactif|dado de baja|dada de baja|desuscrito|cancelado|disiscritto|
disiscritta|cancellato|uitgeschreven|afgemeld|wypisany|wypisana|avregistrerad|avmeldt|afmeldt|отписан|
отписался|отписалась|неактивен|配信停止|退订|by user|by moderator|widerrufen|inactivo|inactiva|
desactivado|desactivada|baja|inattivo|inattiva|disattivato|disattivo|inactief|nieaktywny|
nieaktywna|inativo|desativado|desactive|desactivee|inaktivni|inaktiv""",
    BOUNCED: """cleaned|bounced|bouncing|bounce|hard bounce|hard bounced|hardbounce|invalid|
invalid email|undeliverable|unreachable|undelivered|unzustellbar|on hold bounce|rebote|rebotado|
by bounces""",
    COMPLAINED: """complained|complaint|spam complaint|previous spam complaint|marked as spam|
reported spam|spam|junk|abuse|abused|blocklisted""",
    NEVER: "never",
}
# Of words that stand in other columns for other things, the name of the column has to tell.
_ALSO_ORDINARY = {
    "never", "disabled", "spam", "junk", "blocked", "known", "registered", "transactional",
}  # fmt: skip


def _listed(words: str) -> list[str]:
    return [fold_name(word) or word.strip() for word in words.replace("\n", "").split("|")]


_STATUS_OF = {word: status for status, words in _WORDS.items() for word in _listed(words)}
# Values that say how somebody stands, whatever their column is called, as programs write them.
TELLING = frozenset(
    word.replace(" ", between)
    for word, status in _STATUS_OF.items()
    if status != SUBSCRIBED and word not in _ALSO_ORDINARY
    for between in " _-"
)


def _table(yes: str, no: str) -> dict[str, str]:
    # Where `yes` is the bad news, good news is none.
    words = {
        word: "" if status == SUBSCRIBED and yes != SUBSCRIBED else status
        for word, status in _STATUS_OF.items()
        # "Unsubscribed: never" is no word of somebody who wants no mail ever.
        if status != NEVER or yes == NEVER
    }
    words |= dict.fromkeys(_listed(_YES), yes) | dict.fromkeys(_listed(_NO), no)
    return words | {"": "" if yes != SUBSCRIBED else KNOWN}


# For each kind of column: what a word says.
TABLES: Mapping[str, Mapping[str, str]] = {kind: _table(*both) for kind, both in _KINDS.items()}
_NO_WORDS = frozenset(_listed(_NO)) | {""}
# What begins so tells it, whatever follows: by whom, when, from what.
_LEAVING = re.compile(
    r"(?:global(?:ly)? )?(?:unsub|opted out|opt out|optout|abgemeldet|abbestellt|ausgetragen|"
    r"desabonn|desinscri|disiscri|uitgeschreven|afgemeld|wypisan|отпис|退订)"
)
# No day of ours: what programs write where there is none.
_NO_DAY = re.compile(r"(?:0|19[0-7])\d+-\d\d-\d\d.*|0?1([./])0?1\1(?:0001|19[0-7]\d).*", re.DOTALL)
_NOT_SO = {"never", "no value", "not unsubscribed", "not bounced", "unknown"}
# A day, or a number of seconds since 1970: that day it happened.
_DAY = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*|1\d{8,12}", re.DOTALL)


@lru_cache(maxsize=4096)
def read(field: str, typed: str) -> str | None:
    """Tell what a cell of a status column says: a status, "" for nothing, None if not known."""
    word = fold_name(typed)
    if field in _MOMENTS:
        return _read_moment(field, word, typed.strip())
    # Of signs alone a tick says something; a dash is an empty cell.
    found = TABLES[field].get(word or typed.strip(), None if word else TABLES[field][""])
    if found is not None:
        return found
    yes, no = _KINDS[field]
    if _DAY.fullmatch(typed.strip()):
        return no if _NO_DAY.fullmatch(typed.strip()) else yes
    return LEFT if _LEAVING.match(word) else None


def _read_moment(field: str, word: str, typed: str) -> str | None:
    if word in _NO_WORDS | _NOT_SO or _NO_DAY.fullmatch(typed):
        return ""
    if field == "bounced_at" or re.search("[1-9]", word):
        return _MOMENTS[field]
    return read("disabled", typed)


def tells(value: str) -> bool:
    """Tell whether a value says by itself that somebody left, or may not be written to."""
    if not value.isascii():
        value = fold_name(value)
        return value in TELLING or bool(_LEAVING.match(value))
    # Asked of every cell that is left out: nearly all are plain.
    plain = value.strip().lower()
    if plain[:3] not in _BEGINNINGS:
        return False
    return plain in TELLING or bool(_LEAVING.match(fold_name(plain)))


_BEGINNINGS = {word[:3] for word in TELLING} | {
    "uns", "glo", "opt", "abg", "abb", "aus", "des", "dis", "uit", "afg", "wyp",
}  # fmt: skip
# Of tags only those that speak of mail: an inactive volunteer may well read the newsletter.
_TELLING_TAGS = set(
    """do not contact|do not email|do not e mail|do not mail|dnc|dne|no email|no emails|bounced|
hard bounce|hard bounced|bad email|invalid email|cleaned|complained|spam complaint|
marked as spam|blacklisted|blocklisted|suppressed""".replace("\n", "").split("|")
)


@lru_cache(maxsize=4096)
def tag_tells(tag: str) -> bool:
    """Tell whether a tag says that somebody left, or may not be written to."""
    word = fold_name(tag)
    return word in _TELLING_TAGS or bool(_LEAVING.match(word))


_SPEAKS_OF_MAIL = re.compile(r"mail(?!ing)|courriel|correo|メール|邮件")
_COUNTS = re.compile(r"html|format|sent|open|click|count|number|total|id$|direct|postal")
_ANSWERS = frozenset(_listed(_YES)) | frozenset(_listed(_NO)) - {"none", "null", "nil", "nan"}


def asks_of_mail(name: str) -> bool:
    """Tell whether a yes or no beneath a column's name may be about who is written to."""
    key = fold_name(name).replace(" ", "")
    return bool(_SPEAKS_OF_MAIL.search(key)) and not _COUNTS.search(key)


def is_answer(value: str) -> bool:
    """Tell whether a value is yes or no."""
    return fold_name(value) in _ANSWERS


# Names that say one thing in whatever program's file: without signs between the words -> field.
_STATED = {
    **dict.fromkeys(
        [
            "emailblacklisted", "blacklisted", "emailblocklisted", "isblacklisted", "isoptout",
            "optout", "optedout", "isoptedout", "emailoptout", "emailoptedout", "optoutemail",
            "hasoptedoutofemail", "optedoutofemail", "unsubscribed", "isunsubscribed",
            "emailunsubscribed", "unsubscribe", "unsubscribedfromallemail", "globalunsubscribe",
            "portalunsubscribe", "globallyunsubscribed", "donotemail", "donotcontact",
            "donotbulkemail", "donotallowemails", "donotallowbulkemails", "nobulkemail",
            "nobulkemails", "nobulkemailsuseroptout", "emaildisabled", "isexcludedfromcampaigns",
            "suppressed", "issuppressed", "abgemeldet", "abbestellt", "desabonne", "desinscrit",
            "disiscritto", "uitgeschreven", "afgemeld",
        ],
        "disabled",
    ),
    **dict.fromkeys(
        [
            "unsubscribedat", "unsubscribedate", "unsubscribeddate", "unsubscribedon",
            "dateunsubscribed", "unsubtime", "unsubscribetime", "unsubscribetimestamp",
            "optoutdate", "optouttime", "optoutat", "optedoutat", "emailoptoutdate", "leftat",
            "abgemeldetam", "abmeldedatum",
        ],
        "left_at",
    ),
    **dict.fromkeys(
        [
            "bounced", "isbounced", "emailbounced", "isemailbounced", "hardbounced", "hardbounce",
            "emailhardbounced", "onhold", "emailonhold", "email1isbad", "emailisbad",
            "portalbounce", "globalbounce", "invalidemail", "emailinvalid",
        ],
        "bounced",
    ),
    **dict.fromkeys(
        [
            "bouncedat", "bouncedate", "cleantime", "bouncereason", "emailhardbouncereason",
            "emailbounceddate", "emailbouncedreason",
        ],
        "bounced_at",
    ),
    **dict.fromkeys(
        ["complained", "spamcomplaint", "portalspamreport", "markedasspam", "complainedat"],
        "complained",
    ),
    **dict.fromkeys(
        [
            "subscribedtoemails", "issubscribed", "subscribed", "emailsubscribed",
            "isemailsubscribed", "subscribedtonewsletter", "abonniert", "abonne", "suscrito",
            "iscritto", "ingeschreven",
        ],
        "subscribed",
    ),
    **dict.fromkeys(
        [
            "optin", "emailoptin", "optedin", "newsletteroptin", "marketingoptin",
            "emailconfirmed", "isconfirmed", "acceptsmarketing", "acceptsemailmarketing",
            "subscriptionstatus", "subscriberstatus", "newsletterstatus", "subscribertype",
        ],
        "newsletter",
    ),
}  # fmt: skip

# Parts of names under which, in some program, it stands who may be written to.
_MAY_SAY = re.compile(
    r"unsub|opt(ed|s)?out|opt(ed|s)?in|subscri|bounc|clean|suppress|blacklist|blocklist|blocked|donot|"
    r"dontmail|dontemail|dontcontact|onhold|invalid|isbad|complain|spam|junk|consent|permission|gdpr|dsgvo|rgpd|"
    r"marketing|newsletter|mailable|deliver|status|status|confirm|verified|disabled|deleted|"
    r"deactiv|inactiv|activated|noemail|nomail|receive|wantsmail|wantsemail|contactable|maycontact|"
    r"maymail|abonn|abgemeld|abmeld|angemeld|anmeld|abbestell|gesperrt|sperre|bestatig|einwillig|"
    r"zustimm|inscri|iscri|suscri|iscrizion|baja|subskry|wypis|uitgeschr|ingeschr|afgemeld|afmeld|"
    r"avmeld|avregist|prenumer|statut|consentement|подпис|отпис|рассыл|статус|соглас|購読|配信|订阅|"
    r"退订|구독|수신|deaktiv|inaktiv|aktiviert|ausgetrag|austrag|austrit|ausgetret|widerruf|widerspr|"
    r"werbung|rundbrief|infomail|verteiler|einverstand|datenschutz|unzustell|rucklauf|verstorb|"
    r"deceased|mailinglist|mailpref|mailsett|contactpref|communicationpref|quarant|agree|accept|"
    r"privacy|hearfrom|keepme|okto|maywe|updates|cancel|exclu|nieuwsbrief|nyhetsbrev|uutiskirje|"
    r"hirlevel|boletin|bulletin|infolettre|lettredinfo|notiziario|informiert|tenezmoi|correono|"
    r"noquiere|desactiv|disattiv|cancellaz|rebote"
)
_SHORT = frozenset(
    [
        "active",
        "isactive",
        "aktiv",
        "actif",
        "activo",
        "attivo",
        "actief",
        "dnc",
        "dne",
        "enabled",
        "banned",
        "left",
        "lefton",
        "leftdate",
        "dateleft",
        "quit",
        "stop",
        "removed",
        "removedat",
        "removedon",
        "valid",
        "mailing",
        "mailings",
    ]
)
# When, whence and under which number somebody came says nothing of how they stand; that nobody
# knows when they confirmed does.
_CAME = re.compile(r"subscri|optin|optedin|abonn|inscri|iscri|suscri|anmeld|angemeld|prenumer")
_WENT = re.compile(r"unsub|optout|optedout|desabonn|desinscri|disiscri|status|bounc|complain")
_WHEN = frozenset(
    {"at", "on", "date", "datum", "time", "timestamp", "since", "fecha", "data", "am"}
)
_WHENCE = frozenset({"ip", "id", "uuid", "source", "url", "form", "count"})
# What goes other ways than by mail.
_ELSEWHERE = re.compile(r"sms|phone|whatsapp|fax|postal|push|texting|mobile|donotcall|donottrade")


def meaning_of_name(name: str) -> str:
    """Tell which status a column's name states: a field, `UNCLEAR`, `NO_STATUS`, or "" if none."""
    words = fold_name(name).split()
    key = "".join(words)
    if key in _STATED:
        return _STATED[key]
    if _ELSEWHERE.search(key) and "mail" not in re.sub("(?:direct|postal)mail", "", key):
        return NO_STATUS if _MAY_SAY.search(key) else ""
    if key in _SHORT:
        return UNCLEAR
    if not _MAY_SAY.search(key):
        return ""
    is_of_coming = (words[-1] in _WHEN and _CAME.search(key)) or words[-1] in _WHENCE
    return "" if is_of_coming and not _WENT.search(key) else UNCLEAR


class UnclearColumn(Refusal):
    """A column that may say who has left, and of which nobody has said what it means."""

    status = 422

    def __init__(self, at: int, name: str, value: str = "") -> None:
        self.at, self.name = at, name
        self.sentence = (
            _l(
                "The column “%(name)s” seems to tell who has left or must not be written to: it "
                "says “%(value)s”. Say what it means, or that it tells nothing of the kind.",
                name=name[:60],
                value=value[:40],
            )
            if value
            else _l(
                "The column “%(name)s” seems to tell who has left or must not be written to. Say "
                "what it means, or that it tells nothing of the kind.",
                name=name[:60],
            )
        )
        super().__init__()


class UnclearName(Refusal):
    """A file whose name says that those in it are no subscribers."""

    status = 422
    sentence = _l(
        "The name of this file says that the people in it are not subscribed. Say what they are."
    )
