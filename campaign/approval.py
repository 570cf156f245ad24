"""Approval: whether what goes to many waits until a colleague has found it good."""

from flask import current_app


def is_asked_for() -> bool:
    """Tell whether the settings ask for a colleague's approval."""
    return bool(current_app.config["NEWSLETTER_APPROVAL"])
