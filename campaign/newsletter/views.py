"""Doors of the newsletter for visitors."""

from flask import Blueprint

bp = Blueprint("newsletter", __name__)
