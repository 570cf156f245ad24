"""The codes of what goes to many, under which its links may go out (`attribution.links`)."""


def code_of(base: str, *, half: str = "") -> str:
    """Give the code of a content, or of one half of its A/B test; nothing for one without codes."""
    return f"{base}.{half}" if base and half else base


def codes_of(base: str) -> list[str]:
    """List every code under which a content's links may have gone out."""
    return [code_of(base), code_of(base, half="a"), code_of(base, half="b")] if base else []
