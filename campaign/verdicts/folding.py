"""Folding: small letters without accents, the one form in which phrases are looked for."""

import re
import unicodedata

# Letters that Unicode does not take apart.
_WHOLE = str.maketrans("łøđıæ’‘`´", "lodia''''")


def folded(text: str) -> str:
    """Give text in small letters and without accents."""
    apart = unicodedata.normalize("NFKD", text.lower())
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare).translate(_WHOLE)


def any_of(*patterns: str) -> re.Pattern[str]:
    """Make one pattern of many, folded as the text is in which it is looked for.

    So they are written without capitals, and gaps in them are bounded: no text is dear to search.
    "…" stands for a name that was cut (`verdicts.plain`), so it is left as it is.
    """
    return re.compile("…".join(folded(part) for part in "|".join(patterns).split("…")))


# What servers call the one a mail is for.
USER = (
    r"(?:user|recipient|rcpt(?: ?to)?|mail ?box|mail ?drop|account|(?:mail-?)?address(?:ee)?|alias|"
    r"inbox|mail-?id|subscriber|customer|person|user ?name|local ?part|destination|e-?mail|"
    r"logon name)"
)
