"""Doors of the summits for visitors."""

from flask import Blueprint, abort, render_template

from campaign import clock
from campaign.summits import queries

bp = Blueprint("summits", __name__, url_prefix="/summits")


@bp.get("")
def summits() -> str:
    """Show the summits so far and to come."""
    today = clock.now().date()
    known = queries.timeline()
    return render_template(
        "summits/summits.html",
        ahead=[summit for summit in known if summit.last_possible_day >= today],
        past=[summit for summit in reversed(known) if summit.last_possible_day < today],
    )


@bp.get("/<slug>")
def summit(slug: str) -> str:
    """Show one summit: what came of it and who goes."""
    found = queries.summit_by_slug(slug) or abort(404)
    today = clock.now().date()
    return render_template("summits/summit.html", summit=found, is_ahead=found.is_ahead(today))
