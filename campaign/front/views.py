"""Doors before any room: the home page, health, and what machines look for."""

from flask import Blueprint, Response
from sqlalchemy import text

from campaign.db import db

bp = Blueprint("front", __name__)


@bp.get("/health/live")
def live() -> Response:
    """Tell a supervisor that this process answers."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@bp.get("/health/ready")
def ready() -> Response:
    """Tell a load balancer that the database answers and is migrated."""
    db.session.execute(text("SELECT 1 FROM alembic_version"))
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})
