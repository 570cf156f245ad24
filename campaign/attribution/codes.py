"""The codes of an issue, under which its links may go out (`attribution.links`)."""


def code_of(slug: str, *, half: str = "") -> str:
    """Give the code of an issue, or of one half of its A/B test of subjects."""
    return f"{slug}.{half}" if half else slug


def codes_of(slug: str) -> list[str]:
    """List every code under which an issue's links may have gone out."""
    return [code_of(slug), code_of(slug, half="a"), code_of(slug, half="b")]
