"""Templating: strict templates, the words they all know, and addresses of ours for mails."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, has_request_context, render_template, request
from jinja2 import StrictUndefined
from werkzeug.routing import MapAdapter

from campaign import languages
from campaign.config import ROOT


@dataclass(frozen=True)
class Campaign:
    """What every page and mail may say of the campaign itself."""

    name: str
    base_url: str
    sender: str
    mark: Any = None


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
        campaign=Campaign(app.config["NAME"], app.config["BASE_URL"], app.config["MAIL_SENDER"]),
        static_url=static_url,
        public_url=public_url,
        here=_here,
    )
    app.context_processor(
        lambda: {
            "language": languages.current_language(),
            "text_direction": languages.text_direction(),
        }
    )


def static_url(name: str) -> str:
    """Give the address of a static file, with a mark that changes when its content does."""
    return f"/static/{name}?v={_mark(ROOT / 'static' / name)}"


@cache
def _mark(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


def public_url(endpoint: str, **values: Any) -> str:
    """Give the full address of a view as strangers reach it, from the `BASE_URL` setting.

    Never from the request: its Host header is a stranger's word, and mails would carry it on.
    """
    base = str(current_app.config["BASE_URL"])
    return base + _path_adapter(current_app.url_map).build(endpoint, values)


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
    text = render_template(f"{template}.txt", **words)
    html = render_template(f"{template}.html", **words)
    return text.strip() + "\n", html
