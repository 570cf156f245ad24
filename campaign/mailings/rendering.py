"""The craft of a text to many: Markdown as the two halves of a mail, and the fields in it."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from campaign import markup
from campaign.attribution.links import in_html, in_text
from campaign.languages import force_locale
from campaign.outbox.fields import FIELD, Recipient, known
from campaign.outbox.filling import fill
from campaign.outbox.models import Text
from campaign.plain_text import plain
from campaign.templating import absolute, wrapped


@dataclass(frozen=True)
class Written:
    """The body of a text as it is mailed: plain text, and HTML whose links are whole."""

    text: str
    html: str


def write(source: str, *, absolute: Callable[[str], str]) -> Written:
    """Make both halves of a mail's body from Markdown; `absolute` completes our own paths.

    A field that stands alone in a paragraph gets a box of its own, for it may be a whole card.
    """
    rendered = _FIELD_ALONE.sub(r'<div class="field">\1</div>', markup.render(source).html)
    return Written(
        text=plain(source, absolute=absolute),
        html=markup.complete_links(sized(rendered), absolute=absolute),
    )


_FIELD_ALONE = re.compile(rf"<p>\s*({FIELD.pattern})\s*</p>")

# How wide a picture is shown in a mail at most, in CSS pixels (`templates/mail.html`).
SHOWN = 560
# The address of a picture of ours tells how large it is.
_OURS = re.compile(r'<img (src="[^"]*/newsletter/images/[0-9a-f]{24}-(\d+)x(\d+)\.(?:png|jpg)")')


def sized(html: str) -> str:
    """Give the pictures in rendered HTML their width: Outlook on Windows knows no widest.

    No height: where pictures are off, their words would stand in a gap as tall as the picture.
    """
    return _OURS.sub(lambda found: f'<img width="{min(int(found[2]), SHOWN)}" {found[1]}', html)


# Fields. They are looked for in what is mailed, not in the source: Markdown has many ways to write
# two braces, and some that part them.

_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_NEAR = 3
# What is longer is no slip of a name: no need to look for one like it, nor to say all of it.
_LONGEST_NAME = 60


def offered() -> list[str]:
    """Name the fields a writer may use, in the order of their names."""
    return sorted(name for name, field in known().items() if not field.is_hidden)


def unknown_field(*texts: str) -> tuple[str, list[str]] | None:
    """Find the first name in braces that is no field, with the names nearest to it."""
    names = offered()
    for text in texts:
        for found in _BRACES.finditer(text):
            name = found[1].partition("|")[0].strip()[:_LONGEST_NAME]
            if name and name not in names:
                return name, get_close_matches(name.lower(), names, n=_NEAR, cutoff=0.5)
    return None


def has_stray_braces(*texts: str) -> bool:
    """Tell whether braces stand in a text that are no field, and would be mailed as they are."""
    return any(re.search(r"\{\{|\}\}", FIELD.sub("", text)) for text in texts)


def has_field_in_tag(html: str) -> bool:
    """Tell whether a field stands within a tag: in an address, a picture's words, a title."""
    tags = "".join(re.findall(r"<[a-z][^>]*>", html))
    return bool(re.search(r"\{\{|%7B%7B", tags, re.IGNORECASE))


def kept_whole(text: str) -> str:
    """Give a text in which no line may end within a field."""
    return FIELD.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)


def as_placeholders(text: str, *, is_html: bool) -> str:
    """Write the fields of a text as the sender knows them, who himself escapes what he puts in."""

    def placeholder(found: re.Match[str]) -> str:
        default = (found[2] or "").replace("\N{NO-BREAK SPACE}", " ")
        default = html.unescape(default) if is_html else default
        return f"{{{{ {found[1]} | {default} }}}}" if default else f"{{{{ {found[1]} }}}}"

    return FIELD.sub(placeholder, text)


def seen(variant: Text, reader: Recipient, *, now: datetime) -> Text:
    """Give a text as one reader gets it, all fields filled in."""
    with force_locale(reader.language):
        return Text(
            key=variant.key,
            language=variant.language,
            about_id=variant.about_id,
            subject=" ".join(fill(variant.subject, reader, now=now).split()),
            text=fill(variant.text, reader, now=now),
            html=fill(variant.html, reader, is_html=True, now=now),
        )


def for_strangers(rendered: str, *, language: str, now: datetime) -> str:
    """Fill the fields of rendered HTML for the archive, where nobody knows who reads.

    The writer's own default comes first: it is what they meant for a stranger.
    """
    nobody = Recipient(None, "", language, "", None)

    def value(found: re.Match[str]) -> str:
        return found[2] or _as_on_a_page(fill(found[0], nobody, is_html=True, now=now))

    boxed = _FIELD_ALONE.sub(r'<div class="field">\1</div>', rendered)
    return FIELD.sub(value, boxed)


def _as_on_a_page(card: str) -> str:
    """Take from a card what only mails need: its own style, its table, the leaf beside its day."""
    bare = re.sub(r'<td class="leaf".*?</td>', "", card, flags=re.DOTALL)
    bare = re.sub(r"</?(?:table|tbody|tr|td)\b[^>]*>", "", bare)
    return markup.clean(bare).replace('<div class="card">', '<div class="panel">')


def with_code(variant: Text, code: str) -> Text:
    """Put a code into the links of a text, its own and those of its fields; none is no change."""
    if not code:
        return variant
    text = in_text(variant.text, code, absolute=absolute)
    # The addresses have grown; no line may end within a field.
    variant.text = as_placeholders(wrapped(kept_whole(text)), is_html=False)
    variant.html = in_html(variant.html, code, absolute=absolute)
    # Cards are made at sending, each with links of its own.
    variant.code = code
    return variant
