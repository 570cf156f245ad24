"""Templating: strict templates, the words they all know, and addresses of ours for mails."""

import hashlib
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import css_inline
from flask import Flask, current_app, has_request_context, request
from jinja2 import StrictUndefined
from markupsafe import Markup
from werkzeug.routing import MapAdapter

from campaign import colours, languages
from campaign.config import ROOT, SETTINGS


@dataclass(frozen=True)
class OwnLogo:
    """A campaign's own logo: the window onto its drawing, the drawing, and its whole file."""

    view_box: str
    drawing: Markup
    file: str


@dataclass(frozen=True)
class Campaign:
    """What every page and mail may say of the campaign itself."""

    name: str
    base_url: str
    sender: str
    mail_domain: str
    logo: OwnLogo | None
    colours: colours.Palette

    @property
    def version(self) -> str:
        """Give a fingerprint that changes with the face, for the addresses of what shows it."""
        drawn = self.logo.file if self.logo else ""
        return hashlib.sha256(f"{self.colours}{drawn}".encode()).hexdigest()[:10]

    @property
    def has_own_colours(self) -> bool:
        """Tell whether the colours are not the starter's."""
        return self.colours != colours.palette("")

    @property
    def has_own_face(self) -> bool:
        """Tell whether name, logo or colours are not the starter's, so that its pictures lie."""
        own_name = self.name != SETTINGS["NAME"].default
        return bool(self.logo) or own_name or self.has_own_colours


# What stands in the main menu: pages add to it when they are bound (label, path, is current).
Navigation = Callable[[], list[tuple[str, str, bool]]]


def init_app(app: Flask) -> None:
    """Make templates strict and give them their filters and globals."""
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(
        date=languages.short_date,
        long_date=languages.long_date,
        wall_time=languages.wall_time,
        number=languages.number,
        country_name=languages.country_name,
        local=languages.local,
    )
    env.globals.update(
        campaign=Campaign(
            name=app.config["NAME"],
            base_url=app.config["BASE_URL"],
            sender=app.config["MAIL_SENDER"],
            mail_domain=app.config["MAIL_DOMAIN"],
            logo=_own_logo(app.config["INSTANCE"], app.config["MARK"]),
            colours=colours.palette(app.config["SIGNAL_COLOUR"]),
        ),
        static_url=static_url,
        public_url=public_url,
        here=_here,
    )
    app.context_processor(_of_this_language)


def _of_this_language() -> dict[str, str]:
    return {
        "language": languages.current_language(),
        "text_direction": languages.text_direction(),
    }


def our_campaign() -> Campaign:
    """Give what every page and mail may say of the campaign itself."""
    return cast(Campaign, current_app.jinja_env.globals["campaign"])


def _own_logo(instance: str, name: str) -> OwnLogo | None:
    """Read a campaign's own logo; `config` has looked at it before."""
    if not name:
        return None
    file = (Path(instance) / name).read_text("utf-8")
    svg = ElementTree.fromstring(file)  # noqa: S314
    inner = re.sub(r"^.*?<svg\b[^>]*>|</svg>\s*$", "", file, flags=re.DOTALL)
    return OwnLogo(svg.get("viewBox", "0 0 64 64"), Markup(inner), file)  # noqa: S704


def static_url(name: str) -> str:
    """Give the address of a static file, with a fingerprint that changes when its content does."""
    return f"/static/{name}?v={_fingerprint(ROOT / 'static' / name)}"


@cache
def _fingerprint(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


def public_url(endpoint: str, **values: Any) -> str:
    """Give the full address of a view as strangers reach it, from the `BASE_URL` setting.

    Never from the request: its Host header is a stranger's word, and mails would carry it on.
    """
    return absolute(public_path(endpoint, **values))


def public_path(endpoint: str, **values: Any) -> str:
    """Give the address of a view on this site, for who is in no request or must not go by it."""
    return str(_path_adapter(current_app.url_map).build(endpoint, values))


def absolute(path: str) -> str:
    """Give the full address of a path of ours; leave any other address as it is."""
    if path.startswith("/") and not path.startswith("//"):
        return str(current_app.config["BASE_URL"]) + path
    return path


def _path_adapter(url_map: Any) -> MapAdapter:
    adapter: MapAdapter = url_map.bind("localhost", url_scheme="http")
    return adapter


def _here() -> str:
    """Give the path being answered, for canonical links and for marking the menu."""
    return request.path if has_request_context() else "/"


def render_mail(template: str, **words: Any) -> tuple[str, str]:
    """Render the two halves of a mail, `<template>.txt` and `<template>.html`."""
    text = _render(f"{template}.txt", **words)
    html = _render(f"{template}.html", **words)
    return wrapped(text.strip()) + "\n", html


def render_in_mail(template: str, **words: Any) -> tuple[str, str]:
    """Render what is put into mails whose style is inlined already: `<template>.txt` and `.html`.

    So the HTML brings the style of `mail.css` with it, in its elements.
    """
    text = wrapped(_render(f"{template}.txt", **words).strip())
    html = _render(f"{template}.html", **words)
    return text, str(css_inline.inline_fragment(html, _render("mail.css"))).strip()


def _render(template: str, **words: Any) -> str:
    """Render what no visitor is reading: with our words, but no menu and nothing of a request."""
    return current_app.jinja_env.get_template(template).render(_of_this_language(), **words)


# RFC 5322 section 2.1.1 asks for 78 at most; answers add the marks of their quotations.
_WIDTH = 72
_LIST_OR_QUOTATION = re.compile(r"(?:> |- |\d+\. | )*")


def wrapped(text: str) -> str:
    """Break the long lines of a mail's text between words, and leave no gap of many lines.

    What goes on in a list or a quotation stays in it; an address is never broken.
    """
    lines = re.sub(r"\n{3,}", "\n\n", text).split("\n")
    return "\n".join(line if len(line) <= _WIDTH else _broken(line) for line in lines)


def _broken(line: str) -> str:
    found = _LIST_OR_QUOTATION.match(line)
    quote = found[0] if found else ""
    return textwrap.fill(
        line[len(quote) :],
        width=_WIDTH,
        initial_indent=quote,
        subsequent_indent=re.sub(r"[^> ]", " ", quote),
        break_long_words=False,
        break_on_hyphens=False,
    )
