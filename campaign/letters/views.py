"""Doors of the letters for visitors."""

from flask import Blueprint

bp = Blueprint("letters", __name__)
