"""Doors of the events for visitors."""

from flask import Blueprint

bp = Blueprint("events", __name__)
