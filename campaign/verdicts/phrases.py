"""Folding: small letters without accents, the one form in which phrases are looked for."""

import re
import unicodedata

from campaign.folding import fold


def folded(text: str) -> str:
    """Give text in small letters and without accents."""
    return unicodedata.normalize("NFC", fold(text)).replace("`", "'")


def any_of(*patterns: str) -> re.Pattern[str]:
    """Make one pattern of many, folded as the text is in which it is looked for.

    So they are written without capitals, and gaps in them are bounded: no text is expensive to
    search. "…" stands for a name that was cut (`verdicts.plain`), so it is left as it is.
    """
    return re.compile("…".join(folded(part) for part in "|".join(patterns).split("…")))


# What servers call the one a mail is for.
USER = (
    r"(?:user|recipient|rcpt(?: ?to)?|mail ?box|mail ?drop|account|(?:mail-?)?address(?:ee)?|alias|"
    r"inbox|mail-?id|subscriber|customer|person|user ?name|local ?part|destination|e-?mail|"
    r"logon name)"
)
