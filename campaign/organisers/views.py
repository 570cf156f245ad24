"""Doors through which organisers come in and go out."""

from flask import Blueprint

bp = Blueprint("organisers", __name__, url_prefix="/office/sign-in")
