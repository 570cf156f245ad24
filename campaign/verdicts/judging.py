"""What a mail server's words mean for the one they are about: at SMTP time and in reports alike.

A person is given up only where the words, or a code that nothing contradicts, say that this very
user is unknown or gone (RFC 3463 section 3.2). Words veto codes, for many servers write 5.1.1
under whatever they refuse, and a bare 550 is "not found, no access, or policy" (RFC 5321 section
4.2.3). Of several codes the last counts: it is nearest to the recipient's own server.
"""

import re
from enum import StrEnum

from campaign.verdicts import about_us, gone, passing
from campaign.verdicts.phrases import folded as fold

# What decides stands at both ends: who passes words on writes before them, the cause comes last.
_HEAD = 1000
_TAIL = 2000


class Verdict(StrEnum):
    """What a reply, or a report on a recipient, means for that recipient."""

    # That user is unknown or gone: a hard bounce.
    GONE = "gone"
    # Mostly, no such user; so it must be said again, some days later.
    MAYBE_GONE = "maybe gone"
    # It did not arrive this time, such as in a full mailbox: a soft bounce.
    SOFT = "soft"
    # A limit of theirs for an hour or a day was reached: wait, it is nobody's fault.
    LIMITED = "limited"
    # About us, our servers or what we wrote; the address itself is sound.
    REFUSED = "refused"
    # It arrived, or is still on its way.
    NOTED = "noted"


# RFC 3463 and RFC 7505; what 5.1.0 and 5.2.1 mean, only words tell.
_GONE = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
# Exchange Online: the sender's limits for a day, the mailbox's for an hour.
_LIMITED = {"5.1.90", "5.2.120", "5.2.121", "5.2.122"}
# The sender's address, and what is too large.
_REFUSED = {"5.1.7", "5.1.8", "5.1.9", "5.2.3", "5.3.4"}
_FULL = {"5.2.2", "5.2.4"}

_ENHANCED = re.compile(r"(?<![\d.])([45])\.([0-7])\.(\d{1,3})(?![\d.]*\d)")
_BASIC = re.compile(
    r"(?:^|[;:(<>\[\"'#]\s?|\b(?:code|error|reply|response|status|smtp|esmtp|rcpt|says|said)\s)"
    r"(4[2-7]\d|5[0-7]\d)(?=[ \-:;,#)\"']|$)"
)
# What names a place or a person is no word about it: `full@quota.example` is not full.
_NAMES = re.compile(
    r"(?:https?://|www\.)\S{0,500}"
    r"|<?[^\s<>@:;,()]{0,80}@[^\s<>@,;:)]{0,255}>?"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
    r"|(?<![\w.-])(?!resolver\.|storedrv\.|smtpsend\.|routing\.|agent)"
    r"(?:[\w-]{1,63}\.){1,8}(?:[\w-]{1,63}\.[a-z][a-z-]{1,23}|com|net|org|edu|gov|mil|int|info|biz"
    r"|example|test|invalid|local|localdomain|lan|arpa|de|fr|uk|ru|jp|cn|pl|nl|be|ch|at|br|eu)"
    r"(?![\w-])"
)
_LISTS = re.compile(
    r"spamhaus|spamcop|sorbs|barracudacentral|senderbase|senderscore|uceprotect|surbl|uribl|rbl\b|"
    r"dnsbl|abuseat|mailspike|trendmicro|proofpoint|cloudmark|talosintelligence|blocked|/bl\b|"
    r"blacklist|blocklist|backscatter|invaluement|spamrats|junkemail"
)
# What a program says of the command that was answered, or quotes, is not the answer.
_COMMANDS = re.compile(
    r"\b(?:mail from|rcpt to):\s?…?(?:\s(?:size|body|auth|ret|envid|orcpt|notify)=\S{0,80})*"
    r"|\b(?:dns|smtp|rfc822|x-[\w-]{1,20})\s?;"
    r"|in reply to (?:the )?(?:rcpt to|end of data|data|ehlo|helo)(?: command)?"
    r"|(?:return(?:ed|ing)?|back) to (?:the )?sender"
    # Amazon and IronPort write this before whatever the other server said.
    r"|5\.1\.0 - unknown address error"
)
# Whose name is a word of a server's, such as abuse, is not said to be it.
_CALLED = re.compile(
    r"\b((?:unknown|no such|invalid) (?:user|recipient|mailbox|account|local.?part):? )"
    r"[<\"'][^\s<>\"']{1,64}[>\"']"
    r"|\b((?:user|recipient|mailbox|account):? )[<\"'][^\s<>\"']{1,64}[>\"']"
    r"(?= (?:is |was )?(?:unknown|not (?:found|known)|does|doesn't|invalid))"
)
# What a scanner on the way to us writes under every mail that it lets through.
_SCANNED = re.compile(
    r"this (?:e-?mail|message) (?:has been|was) scanned for (?:spam|viruses)\b"
    r"(?![^.\n]{0,150}(?:reject|refus|block|found|contain|infect))[^.\n]{0,150}"
    r"|(?:visit|follow|click|use) [^.:\n]{0,60}\breport this (?:e-?mail|message) as spam"
    r"(?::?\s{0,3}blocklist)?"
)
_QUOTED = re.compile(
    r"-{2,20}\s?(?:below this line is a copy|(?:this is a copy of the )?original message"
    r"|the (?:header|body) of the original)"
)


def judge(words: str, *, status: str = "", code: int | None = None) -> Verdict:
    """Tell what was said of a recipient.

    `words` are all that was said, with codes, as far as they are known; `status` is the code of a
    report (RFC 3464 section 2.3.4), `code` that of an SMTP reply. Both yield to the words.
    """
    text = plain(words)
    kind, enhanced = _nearest(text, status, code)
    if kind == "2":
        return Verdict.NOTED
    said = _by_words(text)
    if said in (Verdict.GONE, Verdict.MAYBE_GONE) or said is None:
        # Words do not make lasting what the report itself calls passing.
        if kind == "4" or status.startswith("4"):
            return Verdict.SOFT
        return _by_code(enhanced, said, is_exchange="access denied" in text)
    if said is Verdict.REFUSED and kind == "4":
        # They may think better of it.
        return Verdict.SOFT
    return said


def says_why(words: str) -> bool:
    """Tell whether a line speaks of the recipient, of a full mailbox, or of us."""
    return _by_words(plain(words)) is not None


def plain(words: str) -> str:
    """Give words in small letters without accents, addresses, names of hosts and commands."""
    short = words if len(words) <= _HEAD + _TAIL else f"{words[:_HEAD]} {words[-_TAIL:]}"
    # Some letters are many when they are taken apart.
    folded = " ".join(fold(short)[: 2 * (_HEAD + _TAIL)].split())
    quoted = _QUOTED.search(folded)
    unquoted = folded[: quoted.start()] if quoted else folded
    # Some write their reasons as programs do: BAD_RECIPIENT.
    named = _NAMES.sub(_named, unquoted).replace("_", " ")
    called = _CALLED.sub(lambda found: f"{found[1] or found[2]}…", named)
    # A code is known by where it stands, so no gap may be left before it.
    return " ".join(_COMMANDS.sub(" ", _SCANNED.sub(" ", called)).split())


def _named(found: re.Match[str]) -> str:
    # But a list that a mail server asks tells for itself; a link that was wrapped asks none.
    is_list = "@" not in found[0] and "urldefense" not in found[0] and _LISTS.search(found[0])
    return " blocklist " if is_list else "…"


def _nearest(text: str, status: str, code: int | None) -> tuple[str, str]:
    """Give the class, 2, 4 or 5, and the enhanced code that is nearest to the recipient."""
    enhanced = list(_ENHANCED.finditer(text))
    bare = list(_BASIC.finditer(text))
    last = enhanced[-1] if enhanced else None
    if bare and (last is None or bare[-1].start(1) > last.start()):
        kind = bare[-1][1][0]
        if last is not None and last[1] == kind and not _says_nothing(last[0]):
            return kind, last[0]
        return kind, status if status.startswith(kind) and last is None else ""
    if last is not None:
        # A code that says nothing leaves the report's own status.
        if _says_nothing(last[0]) and status.startswith(last[1]):
            return last[1], status
        return last[1], last[0]
    if status[:1] in ("2", "4", "5"):
        return status[0], status
    return str(code)[:1] if code else "5", ""


def _says_nothing(enhanced: str) -> bool:
    return enhanced.endswith(".0.0")


def _by_words(text: str) -> Verdict | None:
    """Tell what the words say; the veto comes before what it forbids."""
    if passing.LIMITED.search(text):
        return Verdict.LIMITED
    if about_us.OUR_QUOTA.search(text):
        return Verdict.REFUSED
    # What names no way to a domain at all is more than late.
    if passing.FULL.search(text) or (passing.LATE.search(text) and not gone.NO_WAY.search(text)):
        return Verdict.SOFT
    if about_us.ABOUT_US.search(text):
        return Verdict.REFUSED
    if passing.PASSING.search(text):
        return Verdict.SOFT
    if gone.GONE.search(text):
        return Verdict.GONE
    return Verdict.MAYBE_GONE if gone.NO_WAY.search(text) else None


def _by_code(enhanced: str, said: Verdict | None, *, is_exchange: bool) -> Verdict:
    """Tell what a lasting failure means of which the words say nothing that forbids it."""
    if enhanced in _LIMITED:
        return Verdict.LIMITED
    if enhanced in _FULL:
        return Verdict.SOFT
    if enhanced in _REFUSED:
        return Verdict.REFUSED
    if said is Verdict.GONE or enhanced in _GONE:
        return Verdict.GONE
    if said is Verdict.MAYBE_GONE or (enhanced == "5.4.1" and is_exchange):
        return Verdict.MAYBE_GONE
    if enhanced.startswith(("5.6.", "5.7.")):
        return Verdict.REFUSED
    return Verdict.SOFT
