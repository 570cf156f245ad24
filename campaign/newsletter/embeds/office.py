"""Doors for organisers: the form that subscribes, to be put on any site."""

from typing import Any

from flask import Blueprint, render_template

from campaign.templating import public_url

bp = Blueprint("embed", __name__, url_prefix="/embed")


@bp.get("")
def index() -> Any:
    """Show what to paste into another site: a plain form, or a frame with ours."""
    return render_template(
        "newsletter/office/embed.html",
        form_url=public_url("newsletter.show_snippet"),
        frame_url=public_url("newsletter.embed"),
    )
