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
    """
    return re.compile("|".join(folded(one) for one in patterns))


_USER = (
    r"(?:user|recipient|rcpt|mail ?box|mail ?drop|account|address(?:ee)?|alias|inbox|mail-?id|"
    r"subscriber|customer|person|user ?name|local ?part|destination|e-?mail|logon name)"
)
_GAP = r"[^.!;\n]{0,60}?"


# What servers call the one a mail is for.
USER = (
    r"(?:user|recipient|rcpt|mail ?box|mail ?drop|account|address(?:ee)?|alias|inbox|mail-?id|"
    r"subscriber|customer|person|user ?name|local ?part|destination|e-?mail|logon name)"
)
