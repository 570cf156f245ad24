"""The craft of saying to whom a page belongs without telling it to others."""

import re


def masked(address: str) -> str:
    """Give an address as its owner knows it again and nobody else learns it: a…@e….org."""
    local, _at, domain = address.partition("@")
    name, _dot, ending = domain.rpartition(".")
    # What has no ending of letters is a machine's own name, and tells as much as any.
    ending = f".{ending}" if name and re.fullmatch(r"[a-z-]{2,}", ending) else ""
    return f"{local[:1]}…@{domain[:1]}…{ending}"
