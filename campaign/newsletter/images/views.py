"""The public door of the pictures: each at an address that never shows another."""

from typing import Any

from flask import Blueprint, Response, abort, request

from campaign.newsletter.images import queries

bp = Blueprint("images", __name__, url_prefix="/newsletter/images")


@bp.get("/<name>")
def picture(name: str) -> Any:
    """Give a picture. Its name is made of its content, so it may be kept for ever."""
    found = queries.with_content(name) or abort(404)
    answer = Response(found.content, mimetype=found.media_type)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    # Mail programs in the browser show it on pages of their own.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.set_etag(found.name)
    return answer.make_conditional(request)
