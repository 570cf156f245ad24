"""Doors of the summits for visitors."""

from flask import Blueprint, abort, render_template

from campaign import clock
from campaign.summits import queries

bp = Blueprint("summits", __name__, url_prefix="/summits")


@bp.get("")
def summits() -> str:
    """Show the summits so far and to come."""
    today = clock.now().date()
    known = queries.timeline_with_outcomes()
    past = [summit for summit in known if summit.last_possible_day < today]
    texts = [outcome for summit in past for outcome in summit.outcomes]
    return render_template(
        "summits/summits.html",
        ahead=[summit for summit in known if summit.last_possible_day >= today],
        past=past,
        texts=len(texts),
        binding=len([outcome for outcome in texts if outcome.is_binding]),
    )


@bp.get("/<slug>")
def summit(slug: str) -> str:
    """Show one summit: what came of it and who goes."""
    found = queries.summit_by_slug(slug) or abort(404)
    now = clock.now()
    is_ahead = found.is_ahead(now.date())
    return render_template(
        "summits/summit.html",
        summit=found,
        is_ahead=is_ahead,
        following=None if is_ahead else queries.next_summit(now=now),
    )
