"""The office's front door: the guard, the desk, and the rooms' doors nested behind it."""

from flask import Blueprint

bp = Blueprint("office", __name__, url_prefix="/office")
