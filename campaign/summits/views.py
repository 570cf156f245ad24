"""Doors of the summits for visitors."""

from flask import Blueprint

bp = Blueprint("summits", __name__)
