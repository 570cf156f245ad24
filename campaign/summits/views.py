"""Doors of the summits for visitors."""

from datetime import date

from flask import Blueprint, abort, render_template
from flask_babel import format_date

from campaign import clock
from campaign.languages import short_date
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
        moved_from=_in_words(found.moved_from),
        announced_on=_in_words(found.announced_on),
        is_ahead=is_ahead,
        following=None if is_ahead else queries.next_summit(now=now),
    )


def _in_words(when: str) -> str:
    """Write a year, a month or a day as exactly as it is known: April 2024."""
    known = when.split("-")
    if len(known) == 3:
        return short_date(date.fromisoformat(when))
    if len(known) == 2:
        return str(format_date(date.fromisoformat(f"{when}-01"), "MMMM y", rebase=False))
    return when
