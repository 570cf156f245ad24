"""The codes that links carry (`attribution.links`): those of what goes to many, and what is one."""

import re

from campaign.attribution.models import LONGEST_CODE

_CODE = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


def code_of(base: str, *, half: str = "") -> str:
    """Give the code of a content, or of one half of its A/B test; nothing for one without codes."""
    return f"{base}.{half}" if base and half else base


def codes_of(base: str) -> list[str]:
    """List every code under which a content's links may have gone out."""
    return [code_of(base), code_of(base, half="a"), code_of(base, half="b")] if base else []


def code_in(said: str) -> str:
    """Give a code as an address carries it, or nothing where it cannot be one of ours."""
    return said if len(said) <= LONGEST_CODE and _CODE.fullmatch(said) else ""
