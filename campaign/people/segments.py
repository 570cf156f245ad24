"""Segments: rules that tell who is meant, in conditions that any room may offer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, true


def where(rule: Mapping[str, Any], *, now: datetime) -> ColumnElement[bool]:
    """Give the condition on `Person` that a rule stands for; an empty rule is everyone."""
    return true()
