"""The local mailbox: what the campaign would have mailed, read on this machine only."""

from flask import Blueprint

bp = Blueprint("outbox", __name__, url_prefix="/mailbox")
