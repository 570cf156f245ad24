"""Validators: what is refused in a field of a form, and how what was typed or pasted is tidied."""

import re
import unicodedata
from typing import Any, ClassVar

from email_validator import EmailNotValidError, validate_email
from wtforms import Form as _WTForm
from wtforms import ValidationError
from wtforms.fields import Field
from wtforms.validators import StopValidation

from campaign.characters import clean_line, clean_text, unfit
from campaign.comments import line_of_unclosed
from campaign.languages import lazy_gettext as _l


def tidy_line(value: str | None) -> str:
    """Normalise one line of text: what was pasted is made into what it means, in single spaces."""
    return clean_line(value or "")


def tidy_text(value: str | None) -> str:
    """Normalise a text of several lines: what was pasted is made into what it means."""
    return clean_text(value or "")


def has_control_characters(text: str, *, allowed: str = "") -> bool:
    """Tell whether text holds characters that steer machines rather than say something."""
    return unfit(text, allowed=allowed) is not None


class one_line:
    """Refuse control characters and line ends in a single line."""

    def __call__(self, form: _WTForm, field: Field) -> None:
        found = unfit(field.data or "")
        if found is None:
            return
        if "\n" in field.data:
            raise ValidationError(_l("Use letters, digits and punctuation on one line only."))
        raise ValidationError(
            _l(
                "Use letters, digits and punctuation on one line only: character %(character)s is "
                "a sign that cannot be shown (%(code)s). Delete it, or write the words around it "
                "again.",
                character=found.character,
                code=found.code,
            )
        )


class plain_text:
    """Refuse control characters other than line feed and tab in a longer text."""

    def __call__(self, form: _WTForm, field: Field) -> None:
        found = unfit(field.data or "", allowed="\n\t")
        if found is not None:
            raise ValidationError(
                _l(
                    "In line %(line)s, character %(character)s is a sign that cannot be shown "
                    "(%(code)s). Delete it, or write the words around it again.",
                    line=found.line,
                    character=found.character,
                    code=found.code,
                )
            )


class closed_comments:
    """Refuse Markdown with a comment that is never closed: the rest of the text would be hidden."""

    def __call__(self, form: _WTForm, field: Field) -> None:
        line = line_of_unclosed(field.data or "")
        if line is not None:
            raise ValidationError(
                _l(
                    "A comment begins in line %(line)s and never ends, so that everything "
                    "after it would be hidden: write --> where it ends.",
                    line=line,
                )
            )


# What sites end with that abbreviations of names do not.
_ENDINGS = (
    "com|net|org|info|biz|xyz|top|site|online|shop|store|app|dev|club|live|life|link|click|win|"
    "vip|pro|space|website|tech|fun|icu|page|blog|news|world|today|cloud|digital|agency|email|"
    "money|bet|casino|loan|gift|party|zone|wiki|mobi|name|asia|buzz|bid|trade|date|review|work"
)
# Titles stand before a dot as the names of sites do: "Dr.Li" is a person.
_TITLES = "dr|st|mr|ms|mrs|mme|prof|ing|mag|dipl|jr|sr|fr|rev|hon|ma|fco|lt|col|gen|sgt|capt"
# IDNA's dots, and those that only look like one: the latter stand in names too ("Gal·la").
_DOT, _LIKE_A_DOT = ".\u3002", ".\u3002\u00b7\u2027\u2219\u22c5\u30fb"
_SITE = re.compile(
    "|".join(
        (
            rf"\w[{_LIKE_A_DOT}](?:{_ENDINGS})\b(?!\.)",
            # Written apart; an abbreviation has no space before its dot.
            rf"\w(?:\s+[{_LIKE_A_DOT}]|\s*[(\[]\s*dot\s*[)\]])\s*(?:{_ENDINGS})\b",
            rf"\w\w[{_DOT}]\s+(?:com|info|biz|xyz)\b",
            # Any two letters may be a country's: "bit.ly". One letter before them is an initial.
            rf"\b(?!(?:{_TITLES})\.)[\w-]{{2,}}[{_DOT}](?:[^\W\d_]{{2}}|xn--[\w-]+)\b(?!\.)",
            # A path makes a site of everything.
            rf"\w[{_DOT}]\w+/",
        )
    ),
    re.IGNORECASE,
)


# Links, addresses, markup, placeholders, encoded words (RFC 2047).
_STEERS = re.compile(r"://|www\.|@|<|>|\{\{|\{%|=\?", re.IGNORECASE)


class persons_name:
    """Refuse what is no name: addresses and sites, with which strangers would make us spam."""

    def __call__(self, form: _WTForm, field: Field) -> None:
        # Other dots, and letters of other widths, read as the plain ones (NFKC).
        plain = unicodedata.normalize("NFKC", field.data or "")
        if _STEERS.search(plain) or _SITE.search(plain):
            raise ValidationError(
                _l("Enter a name, without links, addresses or the signs < > { }.")
            )


class present:
    """Refuse an empty field, saying which one in the sentence given, and nothing else of it."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: _WTForm, field: Field) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            raise StopValidation(self.sentence)


class at_most:
    """Refuse text longer than a number of characters; the page tells the browser too."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, form: _WTForm, field: Field) -> None:
        if field.data and len(field.data) > self.most:
            # Lazy, with its number: the sentence is translated where it is shown.
            raise ValidationError(
                _l(
                    "Use %(most)s characters or fewer (now %(now)s).",
                    most=self.most,
                    now=len(field.data),
                )
            )


class email_address:
    """Refuse what is not exactly one address (RFC 5321 section 4.1.2), and store its plain form."""

    def __call__(self, form: _WTForm, field: Field) -> None:
        try:
            field.data = normal_address(field.data or "")
        except ValueError:
            # Shown again as typed, so that it can be mended.
            raise ValidationError(_l("Enter one e-mail address, like name@example.org.")) from None


def normal_address(typed: str) -> str:
    """Give the one form of an address we keep: ASCII, lower case. Raises ValueError."""
    try:
        found = validate_email(
            typed.strip(),
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            test_environment=True,
        )
    except EmailNotValidError as trouble:
        raise ValueError(str(trouble)) from None
    address = str(found.ascii_email).lower()
    if "=?" in address:
        # The mark of an encoded word (RFC 2047), which some mail programs decode even here.
        raise ValueError("an address holds no encoded word")
    return address
