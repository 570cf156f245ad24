"""Doors of the pages for visitors."""

from flask import Blueprint

bp = Blueprint("pages", __name__)
